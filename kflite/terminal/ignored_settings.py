"""Telling what a run asks for in vain."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kflite.format import clean
from kflite.terminal.out import Out
from kflite.terminal.style import Line

if TYPE_CHECKING:
    from kflite.ir.ignored_settings import Unheeded


def lines(found: Iterable[Unheeded]) -> list[Line]:
    """As people are told."""
    return [((clean(str(one)), "yellow"),) for one in found]


def tell(found: Iterable[Unheeded]) -> None:
    """Say it at standard error."""
    Out(sys.stderr).lines(lines(found))
