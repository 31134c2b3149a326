"""The first steps of a submission, before anything runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.core.plan import Ready, Step
from kflite.plans.kinds import plan
from kflite.scheduler.assembly import assemble

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.job import Job
    from kflite.scheduler.submission import Submission


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """A run's first steps. jobs: (task, job)."""

    steps: Sequence[Step]
    jobs: Sequence[tuple[str, Job]]


def first_steps(settings: Settings, submission: Submission) -> FirstSteps:
    """The run's first steps. Raises InputError."""
    begun, paths = assemble(submission, plan, settings.home, settings.artifacts, time.time())
    steps = begun.begin()
    jobs = [(step.task, step.work.job(paths, step.task, 1)) for step in steps if isinstance(step, Ready)]
    return FirstSteps(steps, jobs)
