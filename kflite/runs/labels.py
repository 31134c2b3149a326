"""Labels and archiving, which users may change at any time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from kflite.core.event import Event
from kflite.core.run_event import RunArchived, RunLabelled, RunUnarchived
from kflite.errors import InputError
from kflite.ir.names import bad_title

if TYPE_CHECKING:
    from kflite.store.base import RunRow, Store

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?")


def archive(store: Store, runs: Iterable[RunRow]) -> None:
    """Hide ended runs from listings. Raises InputError for an unended one, and then archives none."""
    rows = list(runs)
    for row in rows:
        if not row.state.ended:
            raise InputError(f"run {row.run} is {row.state}: only a run that has ended can be archived")
    store.append([Event(row.run, RunArchived(), time.time()) for row in rows])


def unarchive(store: Store, runs: Iterable[RunRow]) -> None:
    """Show runs in listings again."""
    store.append([Event(row.run, RunUnarchived(), time.time()) for row in runs])


def label(store: Store, run: RunRow, labels: Mapping[str, str | None]) -> None:
    """Set labels of a run, and remove those that are None. Raises InputError for an invalid label."""
    check_labels({name: text or "" for name, text in labels.items()})
    if labels:
        store.append([Event(run.run, RunLabelled(labels), time.time())])


def check_labels(labels: Mapping[str, str]) -> None:
    """Raises InputError for invalid labels: a name has letters, digits, `-`, `_`, `.` and `/`, a value is one line."""
    for name, text in labels.items():
        if wrong := bad_title(name) or bad_title(text):
            raise InputError(f"label {name}: {wrong}")
        if not _NAME.fullmatch(name):
            raise InputError(f"label {name!r}: use letters, digits, '-', '_', '.' and '/', the first and last a letter or digit")
