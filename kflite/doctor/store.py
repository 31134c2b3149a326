"""The store: whether it opens, how much it holds, and how fast it answers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.errors import KfliteError
from kflite.format import size

if TYPE_CHECKING:
    from kflite.config import Settings


def store_state(settings: Settings) -> Iterator[Finding]:
    from kflite import store

    try:
        start = time.perf_counter()
        opened = store.open(settings.store)
        newest, runs = opened.last_seq(), len(opened.runs(1000))
        opened.close()
    except KfliteError as error:
        yield Finding("store", False, str(error))
        return
    took = (time.perf_counter() - start) * 1000
    count = "1000 or more" if runs == 1000 else str(runs)
    yield Finding("store", True, f"{newest} events, {count} runs{_file_size(settings.store)}, {took:.0f} ms")


def _file_size(url: str) -> str:
    path = Path(url.removeprefix("sqlite://"))
    return f", {size(path.stat().st_size)}" if url.startswith("sqlite:///") and path.exists() else ""
