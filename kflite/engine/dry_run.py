"""Runs on a cluster before they run: what they would create there, and what the cluster says to that."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from kflite.core.paths import RunPaths
from kflite.core.plan import Origin, Ready
from kflite.plans.kinds import plan

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.job import Job
    from kflite.core.value import Value
    from kflite.executors.kubernetes import KubernetesOptions
    from kflite.scheduler.submission import Submission

WORD = "kubernetes"


def chosen(settings: Settings, where: str) -> KubernetesOptions:
    """The executor's settings. where: CONTEXT/NAMESPACE, "" for those of the settings."""
    from kflite.executors.images import ImageMap
    from kflite.executors.kubernetes import KubernetesOptions
    from kflite.executors.kubernetes.access import split

    context, namespace = split(where)
    options = KubernetesOptions.of(settings.kubernetes, ImageMap(settings.images), settings.profile, str(settings.home))
    return replace(options, context=context or options.context, namespace=namespace or options.namespace)


def first(settings: Settings, submission: Submission) -> list[tuple[str, Job]]:
    """The jobs that a run begins with, with their tasks."""
    place = RunPaths(settings.home, settings.artifacts, submission.pipeline, submission.run)
    origin = Origin(submission.run, submission.name, time.time(), place.root, str(place.workspace))
    steps = plan(submission.kind, submission.document, submission.inputs, origin).begin()
    return [(step.task, step.work.job(place, step.task, 1)) for step in steps if isinstance(step, Ready)]


def manifests(settings: Settings, submission: Submission) -> list[dict[str, Value]]:
    """What the run would create first."""
    from kflite.executors.kubernetes.dry_run import manifests

    jobs = [job for _, job in first(settings, submission)]
    return list(manifests(jobs, chosen(settings, submission.on.partition(":")[2])))


def refusals(settings: Settings, submission: Submission) -> list[str]:
    """What the cluster would refuse of it. Blocks. Raises ExecutorError where there is no cluster."""
    from kflite.executors.kubernetes.dry_run import refusals

    jobs = [job for _, job in first(settings, submission)]
    return refusals(jobs, chosen(settings, submission.on.partition(":")[2]))
