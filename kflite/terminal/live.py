"""The view for a terminal: the run's tree, redrawn while the run goes on, and printed at its end."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kflite.core.event import Event
from kflite.runs.progress import RunProgress
from kflite.terminal import tree
from kflite.terminal.out import Out

if TYPE_CHECKING:
    from rich.live import Live as Display

EVERY_S = 0.1
_SHARE = 20  # after a drawing of t seconds nothing is drawn for 20 t, so that the run keeps the processor
_LEFT = 2  # unused lines of the terminal: the cursor's, and one for the prompt above


class Live:
    """Draws the board at most ten times a second, less often if drawing is slow.

    Nothing is drawn at first: a very short run is printed once, without the cost of a display.
    """

    def __init__(self, out: Out, board: RunProgress) -> None:
        self._out, self._board = out, board
        self._display: Display | None = None
        self.every_s: float | None = EVERY_S

    def show(self, events: Iterable[Event]) -> None:
        """Apply the events, and draw."""
        for event in events:
            self._board.apply(event)
        if self._board.state.ended:
            return
        began = time.perf_counter()
        self._draw()
        self.every_s = max(EVERY_S, (time.perf_counter() - began) * _SHARE)

    def _draw(self) -> None:
        from rich.text import Text

        height = max(self._out.height - _LEFT, 3)
        drawn = tree.lines(self._board, time.time(), self._out.signs, self._out.width - 1, height)
        text = Text("\n", no_wrap=True, overflow="crop").join(Text.assemble(*line) for line in drawn)
        self._screen().update(text, refresh=True)

    def _screen(self) -> Display:
        if self._display is None:
            from rich.console import Console
            from rich.live import Live as Display

            console = Console(file=self._out.stream, highlight=False, no_color=not self._out.coloured)
            self._display = Display(console=console, auto_refresh=False, transient=True, redirect_stdout=False)
            self._display.start()
        return self._display

    def say(self, text: str) -> None:
        """Show a message above the tree."""
        if self._display:
            self._display.console.print(text, style="yellow", markup=False)
        else:
            self._out.line((text, "yellow"))

    def close(self) -> None:
        """Remove the display, and print the tree."""
        if self._display:
            self._display.stop()
            self._display = None
        if self._board.tasks:
            height = max(self._out.height * 2, 40)
            self._out.lines(tree.lines(self._board, time.time(), self._out.signs, self._out.width, height))
