"""Names and labels of a job's objects. Pure."""

from __future__ import annotations

import re
from hashlib import sha256

from kflite.core.job import Job

MANAGED = "app.kubernetes.io/managed-by"
MANAGER = "kflite"
RUN, TASK, ATTEMPT, PROFILE, GROUP = (f"kflite.dev/{word}" for word in ("run", "task", "attempt", "profile", "group"))
JOB, REPLICA, MEMO = "kflite.dev/job", "kflite.dev/replica", "kflite.dev/memo"  # annotations: they hold any text
_LONGEST = 63  # characters of a label's value, and of a host's name


def run(job: Job) -> str:
    """The run that a job belongs to."""
    return job.id.partition("/")[0]


def owner(run: str) -> str:
    """The name of the config map that owns all objects of a run."""
    word = re.sub(r"[^a-z0-9]+", "-", run.lower()).strip("-")
    if word != run or len(word) > 50:
        word = f"{word[:37].strip('-')}-{sha256(run.encode()).hexdigest()[:12]}".strip("-")
    return f"kflite-{word}"


def run_labels(run: str, profile: str) -> dict[str, str]:
    """The labels of all objects of a run."""
    named = {PROFILE: label(profile)} if profile else {}
    return {MANAGED: MANAGER, RUN: label(run), **named}


def labels(job: Job, group: str, profile: str) -> dict[str, str]:
    """The labels of all objects of an attempt."""
    task = job.id.partition("/")[2]
    own = {TASK: label(task), ATTEMPT: str(job.attempt), GROUP: group}
    return {**run_labels(run(job), profile), **own}


def label(text: str) -> str:
    """The text as the value of a label: `for-loop-1[0]/fit` is `for-loop-1.0.fit`; a long one keeps its end."""
    return re.sub(r"[^A-Za-z0-9_-]+", ".", text)[-_LONGEST:].strip("._-")
