"""Checks of names in a document, and suggestions for misspelt ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LONGEST = 200  # characters: names become parts of file names, which may have 255 bytes
_NAMED = 6  # names in a line of text
_TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PIPELINE = re.compile(r"[a-z0-9][a-z0-9.-]*")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def bad_task(name: str) -> str | None:
    """The problem of a task's name; None if it is valid."""
    if not _TASK.fullmatch(name):
        return f"{name!r} cannot name a task: use letters, digits, '-' and '_', beginning with a letter or digit"
    return _long(name)


def bad_pipeline(name: str) -> str | None:
    """The problem of a pipeline's name, by KFP's rule; None if it is valid."""
    if not _PIPELINE.fullmatch(name):
        return f"{name!r} cannot name a pipeline: use lower-case letters, digits, '-' and '.', beginning with a letter or digit"
    return _long(name)


def bad_key(name: str) -> str | None:
    """The problem of an input's, output's, component's or executor's name, which may become a file name; None if it is valid."""
    if not name or name.strip() != name:
        return f"{name!r} cannot be a name: it is empty, or begins or ends with a space"
    if name in (".", "..") or any(c in "/\\" or not c.isprintable() for c in name):
        return f"{name!r} cannot be a name: leave out '/', '\\', line breaks and control characters, and '.' and '..'"
    return _long(name)


def bad_title(text: str) -> str | None:
    """The problem of a run's or experiment's name; None if it is valid."""
    return _long(text) if text.isprintable() else f"{text!r}: leave out line breaks and control characters"


def _long(name: str) -> str | None:
    long = len(name) > LONGEST or len(name.encode(errors="replace")) > LONGEST
    return f"{name[:40]!r}… is {len(name)} characters long: the limit is {LONGEST}" if long else None


def child_path(path: str, key: str) -> str:
    """The path of `key` in the mapping at `path`."""
    if _PLAIN.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{key!r}]"


def suggestion(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that suggests the names closest to `name`, else a few of the known names."""
    from difflib import get_close_matches

    names = sorted(known)
    if not names:
        return "there is none"
    close = get_close_matches(name, names[:10_000], n=3)
    shown = close or names[:8]
    more = ", …" if not close and len(names) > len(shown) else ""
    return ("did you mean " if close else "there is ") + ", ".join(map(repr, shown)) + more + ("?" if close else "")


def some_of(names: Sequence[str]) -> str:
    """A list of names for a line of text, in which only the first of many are named."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
