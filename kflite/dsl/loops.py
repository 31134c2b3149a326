"""ParallelFor: runs tasks for each item of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from kflite.dsl import trace
from kflite.dsl.channels import Channel, LoopItem
from kflite.dsl.groups import Group
from kflite.dsl.types import LIST, ArtifactType, Parameter, common_type, type_of
from kflite.errors import CompileError


class ParallelFor(Group):
    """Runs its tasks once for each item, in parallel; `with` gives the item.

    items: a list of constants, or a list-typed input or output (of artifacts too). name: shown in place of `for-loop-N`.
    parallelism: most iterations at a time; None or 0 for no limit.
    """

    kind = "for-loop"

    def __init__(self, items: Sequence[object] | Channel, name: str | None = None, parallelism: int | None = None) -> None:
        super().__init__(name)
        self.items = items
        self.parallelism = parallelism or 0
        if self.parallelism < 0:
            self._refuse(f"has parallelism {parallelism}: give a positive number, or 0 for no limit")
        self.item = self._over_channel(items) if isinstance(items, Channel) else self._over_constants(items)

    def __enter__(self) -> LoopItem:  # type: ignore[override]
        super().__enter__()
        return self.item

    def _over_channel(self, items: Channel) -> LoopItem:
        kind, key = items.type, f"{items.key}-loop-item"
        if isinstance(kind, ArtifactType) and kind.is_list:
            return LoopItem(self, ArtifactType(kind.title, kind.version), key)
        if kind is None:
            return LoopItem(self, None, key)
        if not isinstance(kind, Parameter) or kind.ir != LIST:
            self._refuse(f"cannot loop over the {items.title}, which is {kind}: give it a list")
        return LoopItem(self, kind.items, key)

    def _over_constants(self, items: Sequence[object]) -> LoopItem:
        if not isinstance(items, list | tuple):
            self._refuse(f"takes a list, not {items!r}")
        for item in items:
            if type_of(item) is None:
                self._refuse(f"has the item {item!r}: use constants that JSON can hold")
        kind = common_type(items)
        number = trace.current("dsl.ParallelFor stands").group_name("loop-item-param")
        return LoopItem(self, kind, f"pipelinechannel--{number}", items or None)

    def _refuse(self, why: str) -> NoReturn:
        raise CompileError(f"{self.location}: dsl.ParallelFor {why}")
