"""kflite itself, Python and SQLite."""

from __future__ import annotations

import platform
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kflite import __version__
from kflite.doctor.finding import Finding

if TYPE_CHECKING:
    from kflite.config import Settings


def installation(_: Settings) -> Iterator[Finding]:
    yield Finding("kflite", True, f"{__version__} in {Path(__file__).resolve().parents[1]}")
    yield Finding("python", True, f"{platform.python_version()} at {sys.executable}")
    yield Finding("sqlite", True, sqlite3.sqlite_version)
