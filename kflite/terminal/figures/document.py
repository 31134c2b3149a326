"""Markdown and HTML as lines of text in a terminal. Nothing of it is obeyed: no control character, no link, no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from io import StringIO
from typing import TYPE_CHECKING

from kflite.format import clean
from kflite.terminal.style import Line

if TYPE_CHECKING:
    from rich.segment import Segment

_WIDEST = 100  # columns that are read with ease
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
_PARTS = frozenset({"article", "blockquote", "div", "footer", "header", "hr", "p", "pre", "section", "table", "title"})
_BLOCKS = _HEADINGS | _PARTS | {"br", "dd", "dt", "li", "ol", "tr", "ul"}
_UNSEEN = frozenset({"noscript", "script", "style", "svg", "template"})
_CELLS = frozenset({"td", "th"})
_COLOURS = frozenset({"red", "green", "yellow", "blue", "magenta", "cyan"})
_SPACE = re.compile(r"\s+")


def markdown(text: str, width: int) -> Iterator[Line]:
    """Markdown, laid out by rich; links are shown with their addresses."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(
        file=StringIO(), width=min(width, _WIDEST), force_terminal=True, color_system="standard", legacy_windows=False
    )
    source = "\n".join(clean(line) for line in text.expandtabs(4).splitlines())
    for segments in console.render_lines(Markdown(source, hyperlinks=False, code_theme="ansi_dark"), pad=False):
        yield tuple(_spans(segments))


def _spans(segments: Iterable[Segment]) -> Iterator[tuple[str, str]]:
    for segment in segments:
        style = segment.style
        words = [word for word in ("bold", "dim", "italic", "underline") if style and getattr(style, word)]
        colour = style.color.name if style and style.color else ""
        yield segment.text, " ".join([*words, colour] if colour in _COLOURS else words)


def html(text: str, width: int) -> Iterator[Line]:
    """The words of a page, without its looks."""
    import textwrap

    reader = _Words()
    reader.feed(text)
    reader.close()
    for line in reader.lines():
        for piece in textwrap.wrap(clean(line), min(width, _WIDEST)):
            yield ((piece, ""),)


class _Words(HTMLParser):
    """Gathers the text between tags, in a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        self._parts += ["\n"] if tag in _BLOCKS else ["  "] if tag in _CELLS else []

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._parts += ["\n"] if tag in _BLOCKS else []

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._parts.append(_SPACE.sub(" ", data))

    def lines(self) -> list[str]:
        """What was gathered; empty lines are left out."""
        return [line.strip() for line in "".join(self._parts).split("\n") if line.strip()]
