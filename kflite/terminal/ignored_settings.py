"""Reports the settings of a run that are ignored."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from kflite.format import clean
from kflite.terminal.out import Out
from kflite.terminal.style import Line

if TYPE_CHECKING:
    from kflite.ir.ignored_settings import IgnoredSetting


def lines(settings: Iterable[IgnoredSetting]) -> list[Line]:
    """A line for each ignored setting."""
    return [((clean(str(setting)), "yellow"),) for setting in settings]


def report(settings: Iterable[IgnoredSetting]) -> None:
    """Print them to standard error."""
    Out(sys.stderr).lines(lines(settings))
