"""Removing a run: what the store holds of it, its logs, its artifacts, and pages that compare it with others."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.paths import RunPaths
from kflite.errors import InputError
from kflite.store.base import RunRow, Store

if TYPE_CHECKING:
    from kflite.config import Settings


def delete(store: Store, run: RunRow, settings: Settings) -> None:
    """Remove a run that has ended. The store forgets it first, so that a crash leaves files and never a run without files.

    Artifacts that other runs hold too, by a cache hit, stay until the last of those runs is removed. Raises InputError for a run
    that goes on.
    """
    from kflite.store.blobs.artifacts import delete as remove

    if not run.state.ended:
        raise InputError(f"run {run.run} is {run.state}: stop it first, kflite cancel {run.run}")
    place = RunPaths(settings.home, settings.artifacts, run.pipeline, run.run)
    shared = store.shared(run.run)
    # A task may say that its output lies elsewhere: what is not below the root is the user's own.
    inherited = {uri for uri in store.inherited(run.run) if uri.startswith(f"{settings.artifacts}/")}
    store.delete_run(run.run)
    shutil.rmtree(place.runs, ignore_errors=True)
    _forget(run.run, settings.home / "comparisons")
    remove(place.root, shared)
    for uri in inherited:
        remove(uri)
    for uri in (place.root, *inherited):
        _tidy(Path(uri).parent, Path(settings.artifacts))


def _forget(run: str, pages: Path) -> None:
    for page in pages.glob("*.html"):
        if run.encode() in page.read_bytes():
            page.unlink(missing_ok=True)


def _tidy(folder: Path, root: Path) -> None:
    """Remove folders below the root that are empty now; a store of objects has none."""
    with suppress(OSError):  # it is not empty
        while folder.is_relative_to(root) and folder != root:
            folder.rmdir()
            folder = folder.parent
