"""Showing a page to whoever sits before this machine, if anybody does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kflite.cli.common import out


def show_page(path: Path, wanted: bool) -> None:
    """Print where a page is, and open it in a browser where there is a display."""
    import webbrowser

    out().line(str(path))
    if wanted and not (has_display() and webbrowser.open(path.as_uri())):
        out().line(("no browser can be opened here: open this file in one, or copy it to where there is one", "dim"))


def has_display() -> bool:
    """Whether a browser's window would be seen; $BROWSER says that one is meant to be opened all the same."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
