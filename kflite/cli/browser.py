"""Opening pages in a browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kflite.cli.common import out


def show_page(path: Path, wanted: bool) -> None:
    """Print the page's path, and open it in a browser if there is a display."""
    import webbrowser

    out().line(str(path))
    if wanted and not (has_display() and webbrowser.open(path.as_uri())):
        out().line(("no browser can be opened here: open this file in one, or copy it to where there is one", "dim"))


def has_display() -> bool:
    """Whether a browser's window can be seen. Setting $BROWSER forces opening one."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
