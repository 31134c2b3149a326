"""HTML that is put together from elements: whatever is no element already is text, and escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

from kflite.format import clean

_VOID = frozenset({"meta", "br", "hr"})


class Markup(str):
    """Text that is HTML, and trusted."""

    __slots__ = ()


def tag(name: str, /, *children: str | Iterable[Markup], **attributes: str | None) -> Markup:
    """An element. `class_` is the attribute `class`, `aria_label` is `aria-label`; an attribute that is None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(clean(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{given}>") if name in _VOID else Markup(f"<{name}{given}>{joined(children)}</{name}>")


def joined(children: Iterable[str | Iterable[Markup]]) -> Markup:
    """Elements and texts, one after the other."""
    return Markup("".join(_one(child) for child in children))


def _one(child: str | Iterable[Markup]) -> str:
    if isinstance(child, Markup):
        return child
    return html.escape(clean(child)) if isinstance(child, str) else "".join(child)
