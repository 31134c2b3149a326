"""Dry runs on a cluster: the manifests that a run would create, and whether the cluster accepts them."""

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


def cluster_options(settings: Settings, where: str) -> KubernetesOptions:
    """The executor's options. where: CONTEXT/NAMESPACE, "" for the configured ones."""
    from kflite.executors.images import ImageMap
    from kflite.executors.kubernetes import KubernetesOptions
    from kflite.executors.kubernetes.access import split

    context, namespace = split(where)
    options = KubernetesOptions.of(settings.kubernetes, ImageMap(settings.images), settings.profile, str(settings.home))
    return replace(options, context=context or options.context, namespace=namespace or options.namespace)


def manifests(settings: Settings, submission: Submission) -> list[dict[str, Value]]:
    """The manifests that the run would create first."""
    from kflite.executors.kubernetes.dry_run import manifests

    jobs = [job for _, job in first_steps(settings, submission).jobs]
    return list(manifests(jobs, cluster_options(settings, cluster_of(submission.on) or "")))


def refusals(settings: Settings, submission: Submission) -> list[str]:
    """The cluster's objections to these manifests. Blocks. Raises ExecutorError where there is no cluster."""
    from kflite.executors.kubernetes.dry_run import refusals

    jobs = [job for _, job in first_steps(settings, submission).jobs]
    return refusals(jobs, cluster_options(settings, cluster_of(submission.on) or ""))
