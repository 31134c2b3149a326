"""Copies between this machine and where artifacts are kept, for the jobs that need them. All of it blocks."""

from __future__ import annotations

from kflite.job import Job
from kflite.store import artifacts


def fetch(job: Job) -> None:
    """Bring the inputs that lie elsewhere; what is there already is not fetched again."""
    for uri, path in job.fetch:
        if not path.exists():
            artifacts.fetch(uri, path)


def push(job: Job) -> None:
    """Keep the outputs where they belong; an output that was not written is left out."""
    for uri, path in job.push:
        if path.exists():
            artifacts.push(path, uri)
