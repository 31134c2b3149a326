"""Builds HTML from elements; anything that is no element is text, and escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from kflite.format import clean

_VOID = frozenset({"meta", "br", "hr"})


class Markup(str):
    """Trusted HTML."""

    __slots__ = ()


def tag(name: str, /, *children: str | Iterable[Markup], **attributes: str | None) -> Markup:
    """An element. `class_` becomes the attribute `class`, `aria_label` becomes `aria-label`; None is left out."""
    attributes_text = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(clean(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return (
        Markup(f"<{name}{attributes_text}>") if name in _VOID else Markup(f"<{name}{attributes_text}>{joined(children)}</{name}>")
    )


def joined(children: Iterable[str | Iterable[Markup]]) -> Markup:
    """The concatenation of elements and texts."""
    return Markup("".join(_one(child) for child in children))


def _one(child: str | Iterable[Markup]) -> str:
    if isinstance(child, Markup):
        return child
    return html.escape(clean(child)) if isinstance(child, str) else "".join(child)
