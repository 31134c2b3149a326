"""Copies of what lies outside: fetched once, and again only where the driver tells that it has changed. All of it blocks."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from kflite.store.blobs.artifacts import delete, fetch
from kflite.store.blobs.remote import version

_NOTES = ".notes"  # the folder, in that of all copies, which tells what each copy is of


def bring(uri: str, path: Path, staging: Path, token: str = "") -> None:
    """Have at `path` what is at the URI now; processes that want the same wait for one of them.

    since: a word that a copy must have been fetched with, "" for any. Raises KfliteError, NotFound, OSError.
    """
    with _alone(staging / _NOTES, path) as note:
        found_version, known_version, known_token = version(uri)[0], *f"{note.read()}\n".split("\n")[:2]
        if path.exists() and known_version == found_version and token in ("", known_token):
            return
        new = path.with_name(f".{uuid4().hex}.new")
        fetch(uri, new)
        _forget(note)
        _replace(path, new)
        note.write(f"{found_version}\n{token or known_token}")


@contextmanager
def _alone(folder: Path, path: Path) -> Iterator[TextIO]:
    """The open note on a path, while nobody else has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / sha256(str(path).encode()).hexdigest()[:40], "a+", encoding="utf-8") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        yield note


def _forget(note: TextIO) -> None:
    note.seek(0)
    note.truncate()
    note.flush()


def _replace(path: Path, new: Path) -> None:
    """Whoever has the old file or folder open goes on with it."""
    old = path.with_name(f".{uuid4().hex}.old")
    if path.exists():
        os.rename(path, old)
    os.rename(new, path)
    delete(str(old))
