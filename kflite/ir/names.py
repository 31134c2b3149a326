"""Names that a document may give to things, and the names that a reader may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 200  # characters: a name becomes part of a file's name, and file systems allow 255 bytes
_TASK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PIPELINE = re.compile(r"[a-z0-9][a-z0-9.-]*")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def bad_task(name: str) -> str | None:
    """What is wrong with a task's name, None when nothing is."""
    if not _TASK.fullmatch(name):
        return f"{name!r} cannot name a task: use letters, digits, '-' and '_', beginning with a letter or digit"
    return _long(name)


def bad_pipeline(name: str) -> str | None:
    """What is wrong with a pipeline's name, None when nothing is (KFP's rule)."""
    if not _PIPELINE.fullmatch(name):
        return f"{name!r} cannot name a pipeline: use lower-case letters, digits, '-' and '.', beginning with a letter or digit"
    return _long(name)


def bad_key(name: str) -> str | None:
    """What is wrong with the name of an input, output, component or executor; outputs become files of that name."""
    if not name or name.strip() != name:
        return f"{name!r} cannot be a name: it is empty, or begins or ends with a space"
    if name in (".", "..") or any(c in "/\\" or not c.isprintable() for c in name):
        return f"{name!r} cannot be a name: leave out '/', '\\', line breaks and control characters, and '.' and '..'"
    return _long(name)


def bad_title(text: str) -> str | None:
    """What is wrong with a text that people give to runs and experiments, None when nothing is."""
    return _long(text) if text.isprintable() else f"{text!r}: leave out line breaks and control characters"


def _long(name: str) -> str | None:
    long = len(name) > LONGEST or len(name.encode(errors="replace")) > LONGEST
    return f"{name[:40]!r}… is {len(name)} characters long: the limit is {LONGEST}" if long else None


def below(path: str, key: str) -> str:
    """The path of `key` in the mapping at `path`."""
    if _PLAIN.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{key!r}]"


def near(name: str, known: Iterable[str]) -> str:
    """A sentence's end that says which names there are: the nearest ones, else all where they are few."""
    from difflib import get_close_matches

    names = sorted(known)
    if not names:
        return "there is none"
    close = get_close_matches(name, names[:10_000], n=3)
    shown = close or names[:8]
    more = ", …" if not close and len(names) > len(shown) else ""
    return ("did you mean " if close else "there is ") + ", ".join(map(repr, shown)) + more + ("?" if close else "")
