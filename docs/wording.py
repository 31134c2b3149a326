"""Docstrings and tables as Markdown, for the pages that are made from the code."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable


def doc(of: object) -> str:
    """The docstring, "" for none."""
    return inspect.getdoc(of) or ""


def about(cls: type) -> str:
    """What the module that a class is in says first of itself, without the title before its colon."""
    text = re.sub(r"^\w+: ", "", prose(doc(sys.modules[cls.__module__]).split("\n\n")[0]))
    return text[:1].upper() + text[1:]


def prose(text: str) -> str:
    """A docstring as Markdown: what reads like a tag is text."""
    return re.sub(r"<(?=\w)", "&lt;", inspect.cleandoc(text.replace("\b", "")))


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    cells = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in row) + " |" for row in cells)


def _cell(text: str) -> str:
    """On one line; a bar outside of code would end the cell."""
    parts = " ".join(text.split()).split("`")
    return "`".join(part if number % 2 else part.replace("|", "\\|") for number, part in enumerate(parts))
