"""Reads the annotations of a component's parameters without kfp.

The text of this file travels in a component's command (see this package). Source: how kfp 2.17 reads annotations at run time.
"""

from __future__ import annotations

from kflite.runtime.artifacts import ARTIFACTS, TYPE_CHECKING, Artifact

if TYPE_CHECKING:
    from types import FunctionType
    from typing import Any, TypeAlias

    from kflite.runtime.artifacts import Json

    Hint: TypeAlias = Any  # a class, a form of typing's, a text, an object of kfp's

# As text in annotations, in small letters; those of version 1 among them.
_KINDS = {
    "int": ("int", "integer"),
    "float": ("float", "double"),
    "str": ("str", "string", "text"),
    "bool": ("bool", "boolean"),
    "list": ("list", "jsonarray"),
    "dict": ("dict", "jsonobject"),
}


def plain(hint: Hint) -> Hint:
    """The annotation without Optional."""
    some = [kind for kind in getattr(hint, "__args__", ()) if kind is not type(None)]
    is_union = type(hint).__name__ in ("Union", "UnionType") or str(getattr(hint, "__origin__", "")) == "typing.Union"
    return some[0] if is_union and len(some) == 1 else hint


def marker(hint: Hint) -> str:
    """The name of the marker class of `Input[T]`, `Output[T]` and `EmbeddedInput[T]`; "" for others."""
    return str(getattr(hint, "__metadata__", [type("", (), {})])[0].__name__)


def kind(hint: Hint) -> Hint:
    """The artifact class in an annotation, also inside Input, Output and List; None if there is none."""
    inner = plain(hint)
    for _ in range(3):
        if isinstance(inner, type) and hasattr(inner, "schema_title"):
            return inner
        inner = getattr(inner, "__args__", (None,))[0]
    return None


def is_list(hint: Hint) -> bool:
    """Whether an annotation is a list of artifacts."""
    inner = plain(hint)
    if marker(inner):
        inner = inner.__args__[0]
    return getattr(inner, "__origin__", None) is list and kind(inner) is not None


def parameter(hint: Hint) -> str:
    """The name of a parameter's type: int, float, str, bool, list or dict; "" for others."""
    bare = plain(hint)
    bare = getattr(bare, "__origin__", None) or bare
    name = (bare if isinstance(bare, str) else getattr(bare, "__name__", "")).split("[")[0].lower()
    return next((ours for ours, theirs in _KINDS.items() if name in theirs), "")


def artifact(entry: Json, hint: Hint) -> Artifact:
    """An artifact object: of the standard class with its title, else of the annotation's class."""
    title = entry.get("type", {}).get("schemaTitle")
    artifact_class = next((c for c in ARTIFACTS if c.schema_title == title), None) or kind(hint) or Artifact
    make = getattr(artifact_class, "_from_executor_fields", artifact_class)
    item: Artifact = make(name=entry.get("name", ""), uri=entry.get("uri", ""), metadata=entry.get("metadata") or {})
    if entry.get("customPath"):
        item.custom_path = entry["customPath"]
    return item


def declared(function: FunctionType) -> Json:
    """The annotations of a function's outputs, by output name."""
    hint = function.__annotations__.get("return")
    if hint is None:
        return {}
    return dict(hint.__annotations__) if hasattr(hint, "_fields") else {"Output": hint}
