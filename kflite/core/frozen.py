"""Frozen dataclasses that are cheap to define: a process that runs one task defines more than a hundred.

`dataclasses.dataclass(frozen=True, slots=True)` compiles seven methods for each class, in 0.35 ms; here it is `__init__` alone,
and all classes share the others. Both are the same to a type checker, which alone keeps the instances frozen.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
    from typing import TypeVar

    T = TypeVar("T")
else:

    def dataclass(*, frozen: bool, slots: bool) -> Callable[[type[T]], type[T]]:
        """A dataclass that compares, hashes and prints itself by its fields."""

        def define(cls: type[T]) -> type[T]:
            own = cls.__dict__
            defined = dataclasses.dataclass(slots=slots, repr=False, eq=False)(cls)
            for name, method in _SHARED.items():
                if name not in own:
                    setattr(defined, name, method)
            return defined

        if not frozen:
            raise TypeError("a dataclass that changes is made by dataclasses.dataclass")
        return define


__all__ = ["dataclass"]


def _compared(self: object) -> tuple[object, ...]:
    parts = dataclasses.fields(self)  # type: ignore[arg-type]
    return tuple(getattr(self, part.name) for part in parts if part.compare)


def _eq(self: object, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_compared(self))


def _repr(self: object) -> str:
    parts = (f"{part.name}={getattr(self, part.name)!r}" for part in dataclasses.fields(self) if part.repr)  # type: ignore[arg-type]
    return f"{type(self).__qualname__}({', '.join(parts)})"


_SHARED = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash}
