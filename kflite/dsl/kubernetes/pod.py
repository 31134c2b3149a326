"""A task's pod: labels, annotations, image pulls, security context and timeout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kflite.dsl import trace
from kflite.dsl.kubernetes.platform import Tree, add, constant, name_fields, non_empty, put, tree

if TYPE_CHECKING:
    from kflite.dsl.channels import Channel
    from kflite.dsl.task import PipelineTask

_POLICIES = ("Always", "Never", "IfNotPresent")


def add_pod_label(task: PipelineTask, label_key: str, label_value: str) -> PipelineTask:
    """Labels the task's pod."""
    call = "add_pod_label"
    label: Tree = {non_empty(label_key, call, "label_key"): constant(label_value, call, "label_value")}
    return put(task, call, "podMetadata", "labels", entry=label)


def add_pod_annotation(task: PipelineTask, annotation_key: str, annotation_value: str) -> PipelineTask:
    """Annotates the task's pod."""
    call = "add_pod_annotation"
    settings: Tree = {non_empty(annotation_key, call, "annotation_key"): constant(annotation_value, call, "annotation_value")}
    return put(task, call, "podMetadata", "annotations", entry=settings)


def set_image_pull_secrets(task: PipelineTask, secret_names: Sequence[str | Channel]) -> PipelineTask:
    """The image is pulled with these secrets' credentials."""
    call = "set_image_pull_secrets"
    if not isinstance(secret_names, Sequence) or isinstance(secret_names, str):
        raise trace.refused(f"kubernetes.{call}() takes a list of names, not {secret_names!r}")
    for name in secret_names:
        add(task, call, "imagePullSecret", name_fields("secretName", name, call))
    return task


def set_image_pull_policy(task: PipelineTask, policy: str) -> PipelineTask:
    """When the image is pulled. policy: "Always", "Never", "IfNotPresent"."""
    if policy not in _POLICIES:
        raise trace.refused(f"kubernetes.set_image_pull_policy() takes one of {', '.join(_POLICIES)}, not {policy!r}")
    tree(task, "set_image_pull_policy")["imagePullPolicy"] = policy
    return task


def set_timeout(task: PipelineTask, seconds: int) -> PipelineTask:
    """Fails an attempt that runs longer than this, in seconds; 0 takes a limit that was set back."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
        raise trace.refused(f"kubernetes.set_timeout() takes a whole number of seconds, 0 or more, not {seconds!r}")
    settings = tree(task, "set_timeout")
    settings["activeDeadlineSeconds"] = str(seconds)
    if not seconds:
        del settings["activeDeadlineSeconds"]
    return task


def set_security_context(
    task: PipelineTask, run_as_user: int | None = None, run_as_group: int | None = None, run_as_non_root: bool | None = None
) -> PipelineTask:
    """The user and group ids that the task's process has; run_as_non_root: refuse an image that would run as root."""
    call = "set_security_context"
    ids = {"runAsUser": run_as_user, "runAsGroup": run_as_group}
    for number in ids.values():
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
            raise trace.refused(f"kubernetes.{call}() takes the ids of a user and a group, 0 or more, not {number!r}")
    if not isinstance(run_as_non_root, bool | None):
        raise trace.refused(f"kubernetes.{call}() takes run_as_non_root as True or False, not {run_as_non_root!r}")
    settings: Tree = {key: str(number) for key, number in ids.items() if number is not None}
    if run_as_non_root is not None:
        settings["runAsNonRoot"] = run_as_non_root
    if not settings:
        raise trace.refused(f"kubernetes.{call}() was given nothing: give run_as_user, run_as_group or run_as_non_root")
    return put(task, call, "securityContext", entry=settings)
