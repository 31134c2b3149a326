"""Python environments for components that name packages: built once by content, reused by every task and scheduler."""

from __future__ import annotations

import sys
from pathlib import Path

from kflite.job import Python


class Environments:
    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self._folder, self._python = folder, python

    async def python(self, needs: Python) -> str:
        return self._python


def activation(python: str) -> dict[str, str]:
    return {}
