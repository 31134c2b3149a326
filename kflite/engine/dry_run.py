"""Runs on a cluster before they run: what they would create there, and what the cluster says to that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kflite.engine.destination import cluster_of
from kflite.engine.plan_of import first_steps

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.value import Value
    from kflite.executors.kubernetes import KubernetesOptions
    from kflite.scheduler.submission import Submission


def chosen(settings: Settings, where: str) -> KubernetesOptions:
    """The executor's settings. where: CONTEXT/NAMESPACE, "" for those of the settings."""
    from kflite.executors.images import ImageMap
    from kflite.executors.kubernetes import KubernetesOptions
    from kflite.executors.kubernetes.access import split

    context, namespace = split(where)
    options = KubernetesOptions.of(settings.kubernetes, ImageMap(settings.images), settings.profile, str(settings.home))
    return replace(options, context=context or options.context, namespace=namespace or options.namespace)


def manifests(settings: Settings, submission: Submission) -> list[dict[str, Value]]:
    """What the run would create first."""
    from kflite.executors.kubernetes.dry_run import manifests

    jobs = [job for _, job in first_steps(settings, submission).jobs]
    return list(manifests(jobs, chosen(settings, cluster_of(submission.on) or "")))


def refusals(settings: Settings, submission: Submission) -> list[str]:
    """What the cluster would refuse of it. Blocks. Raises ExecutorError where there is no cluster."""
    from kflite.executors.kubernetes.dry_run import refusals

    jobs = [job for _, job in first_steps(settings, submission).jobs]
    return refusals(jobs, chosen(settings, cluster_of(submission.on) or ""))
