"""Deleting a run: its records, logs and artifacts, and pages that compare it with other runs."""

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
    """Delete an ended run. The store comes first, so that a crash may leave files but never a run without files.

    Artifacts that other runs took from the cache stay until the last of those runs is deleted. Raises InputError for an unended
    run.
    """
    from kflite.store.blobs.artifacts import delete as remove

    if not run.state.ended:
        raise InputError(f"run {run.run} is {run.state}: stop it first, kflite cancel {run.run}")
    paths = RunPaths(settings.home, settings.artifacts, run.pipeline, run.run)
    shared = store.shared(run.run)
    # Outputs that a task wrote elsewhere, not below the root, belong to the user.
    inherited = {uri for uri in store.inherited(run.run) if uri.startswith(f"{settings.artifacts}/")}
    store.delete_run(run.run)
    shutil.rmtree(paths.runs, ignore_errors=True)
    _forget(run.run, settings.home / "comparisons")
    remove(paths.root, shared)
    for uri in inherited:
        remove(uri)
    for uri in (paths.root, *inherited):
        _tidy(Path(uri).parent, Path(settings.artifacts))


def _forget(run: str, pages: Path) -> None:
    for page in pages.glob("*.html"):
        if run.encode() in page.read_bytes():
            page.unlink(missing_ok=True)


def _tidy(folder: Path, root: Path) -> None:
    """Remove folders below the root that are empty now; object stores have no folders."""
    with suppress(OSError):  # it is not empty
        while folder.is_relative_to(root) and folder != root:
            folder.rmdir()
            folder = folder.parent
