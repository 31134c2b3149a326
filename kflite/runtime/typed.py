"""Converts dataclasses and pydantic models, and the values in them, to and from JSON.

The text of this file travels inside every component's command (see `bootstrap`): standard library only, and little of that.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Hint: TypeAlias = Any  # a class, a form of typing's, or [a class] for a list of its objects

_PLAIN = (str, int, float, bool, list, dict)


def is_model(kind: Hint) -> bool:
    """Whether a class is a dataclass or a pydantic model."""
    return isinstance(kind, type) and (hasattr(kind, "__dataclass_fields__") or hasattr(kind, "model_validate"))


def build(kind: Hint, value: object) -> object:
    """The object of a type from its JSON value. Raises ValueError, TypeError, and whatever the class itself raises."""
    if isinstance(kind, list):
        return [build(kind[0], item) for item in _checked_plain(list, value)]
    if not is_model(kind):
        return _build_plain(kind, value)
    if isinstance(value, kind):
        return value
    if hasattr(kind, "model_validate"):
        return kind.model_validate(value)
    import typing

    hints = typing.get_type_hints(kind)
    return kind(**{name: _field(name, hints.get(name), item) for name, item in _checked_plain(dict, value).items()})


def as_json(value: Hint) -> Hint:
    """The value with models as mappings, and members of enumerations as their values."""
    if is_model(type(value)):
        if hasattr(value, "model_dump"):
            return value.model_dump(mode="json")
        return {name: as_json(getattr(value, name)) for name in value.__dataclass_fields__}
    if type(value) in (list, tuple):
        return [as_json(item) for item in value]
    if type(value) is dict:
        return {key: as_json(item) for key, item in value.items()}
    return value.value if hasattr(type(value), "__members__") else value


def alternatives(kind: Hint) -> list[Hint]:
    """The types in a union or Optional; the type itself for others."""
    is_union = type(kind).__name__ == "UnionType" or str(getattr(kind, "__origin__", "")) == "typing.Union"
    return list(kind.__args__) if is_union else [kind]


def _field(name: str, kind: Hint, value: object) -> object:
    try:
        return build(kind, value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: {error}") from None


def _build_plain(kind: Hint, value: object) -> object:
    """The value of a field: a plain value, a list or mapping of typed values, a literal, or a member of an enumeration."""
    if len(alternatives(kind)) > 1:
        return _one_of(alternatives(kind), value)
    origin: Hint = getattr(kind, "__origin__", kind)
    inner = getattr(kind, "__args__", ())
    if origin in (list, set, frozenset) and inner:
        return origin(build(inner[0], item) for item in _checked_plain(list, value))
    if origin is tuple and inner:
        kinds = inner[:1] * len(_checked_plain(list, value)) if inner[-1] is ... else inner
        return tuple(build(each, item) for each, item in zip(kinds, _checked_plain(list, value)))  # noqa: B905 - images may have Python 3.9
    if origin is dict and inner:
        return {key: build(inner[1], item) for key, item in _checked_plain(dict, value).items()}
    if str(origin) == "typing.Literal" and value not in inner:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, inner))}")
    if hasattr(origin, "__members__"):
        return origin(value)
    return _checked_plain(origin, value) if origin in _PLAIN else value


def _one_of(kinds: list[Hint], value: object) -> object:
    errors = []
    for kind in kinds:
        try:
            return None if value is None and kind is type(None) else build(kind, value)
        except (TypeError, ValueError) as error:
            errors.append(str(error))
    raise ValueError(errors[0])


def _checked_plain(kind: Hint, value: Hint) -> Hint:
    """The value, if it has the plain type; 3.0 and 3 are converted, as JSON does not distinguish them."""
    if kind in (int, float) and type(value) in (int, float) and kind(value) == value:
        return kind(value)
    if not isinstance(value, kind) or (type(value) is bool and kind is not bool):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
