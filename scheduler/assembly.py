"""From a submission to its plan: the one place that decides which folders a plan knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kflite.core.paths import RunPaths
from kflite.core.plan import Origin, Plan
from kflite.core.value import Value
from kflite.scheduler.submission import Submission

Plans = Callable[[str, str, Mapping[str, Value], Origin], Plan]


def assemble(submission: Submission, plans: Plans, home: Path, artifacts: str, created: float) -> tuple[Plan, RunPaths]:
    """The plan, not begun, and the run's paths. created: Unix seconds. Raises InputError."""
    paths = RunPaths(home, artifacts, submission.pipeline, submission.run)
    origin = Origin(submission.run, submission.name, created, paths.root, str(paths.workspace))
    return plans(submission.kind, submission.document, submission.inputs, origin), paths
