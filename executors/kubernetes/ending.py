"""The exit of a pod with its reason, and what a pod waits for."""

from __future__ import annotations

import math
from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.core.job import Exit
from kflite.executors.exit_status import exited, lost
from kflite.executors.kubernetes.objects import Pod, Terminated
from kflite.executors.kubernetes.options import KubernetesOptions

_NEVER = frozenset({"ErrImageNeverPull", "InvalidImageName"})
_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"})
_BUILD = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CreatePodSandboxError"})
_START = {
    "executable file not found": (127, "CommandNotFound"),
    "no such file or directory": (127, "CommandNotFound"),
    "permission denied": (126, "NotExecutable"),
    "exec format error": (126, "NotExecutable"),
    "argument list too long": (1, "ArgumentTooLong"),
}
_CLAIM = ("PersistentVolumeClaims", "persistentvolumeclaim", "persistent volumes to bind")  # what a scheduler says of one
_ALONE, _LATE = 75, 76  # statuses of `fetch`: other replicas did not start; the scheduler sent nothing


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a pod waits for. patience_s: how long to wait, in seconds; claim: whether it waits for a claim's volume."""

    reason: str
    message: str
    patience_s: float
    claim: bool = False


def trouble(pod: Pod, settings: KubernetesOptions) -> Trouble | None:
    """What the pod waits for, beyond what every pod waits for."""
    for name, state in pod.states.items():
        waiting = state.get("waiting", {})
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        if reason in _NEVER:
            return Trouble(reason, f"{name}: {message}", 0.0)
        if reason in _IMAGE | _BUILD:
            return Trouble(reason, f"{name}: {message}", settings.pull_s)
    scheduled = pod.conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return _unscheduled(scheduled.get("reason", "Unschedulable"), scheduled.get("message", ""), settings)
    if pod.warning[0] and not any("waiting" not in state for state in pod.states.values()):
        elsewhere = "Multi-Attach" in pod.warning[1]  # the volume is another pod's, which will end
        return Trouble(*pod.warning, settings.pending_s if elsewhere else settings.pull_s)
    return None


def _unscheduled(reason: str, message: str, settings: KubernetesOptions) -> Trouble:
    if reason == "SchedulingGated" and settings.queue:  # a queue may be as long as it likes
        return Trouble(reason, f"waiting for admission in the queue {settings.queue}", math.inf)
    if any(word in message for word in _CLAIM):
        return Trouble(reason, message, settings.pull_s, claim=True)
    return Trouble(reason, message, settings.pending_s)


def judge(pod: Pod, log: Path, memory: int, asked: bool = False, note: str = "") -> Exit:
    """The exit of a pod that has ended. memory: its limit in bytes; asked: whether we deleted it; note: our line in its log."""
    main = pod.terminated("main")
    if main and main.get("exitCode") == 0:
        return Exit(0)
    if disrupted := _disruption(pod):
        return disrupted
    if main:
        return _main(pod, main, log, memory, asked, note)
    if pod.reason == "DeadlineExceeded":
        return Exit(-15, "Timeout", "the pod ran for longer than it may")
    fetch = pod.terminated("fetch")
    if fetch and not (pod.gone or pod.deleting):
        if fetch.get("exitCode") == _ALONE:
            return Exit(-1, "GangIncomplete", fetch.get("message", ""), lost=True)
        if fetch.get("exitCode"):
            late = fetch.get("exitCode") == _LATE
            return Exit(-1 if late else 1, "StagingFailed", f"the inputs did not reach the pod: {_said(fetch)}", lost=late)
    return lost("its pod is gone: somebody deleted it" if pod.gone or pod.deleting else pod.message or "its pod failed")


def undelivered(pod: Pod) -> Exit:
    """The exit of a pod whose main container succeeded, but whose outputs are missing."""
    if disrupted := _disruption(pod):
        return disrupted
    push = pod.terminated("push")
    why = _said(push) if push and push.get("exitCode") else "its pod is gone"
    return Exit(-1, "OutputsLost", f"the task succeeded, and its outputs could not be fetched: {why}", lost=True)


def _main(pod: Pod, main: Terminated, log: Path, memory: int, asked: bool, note: str) -> Exit:
    code, reason, message = main.get("exitCode", -1), main.get("reason", ""), main.get("message", "")
    if reason == "OOMKilled":
        return Exit(-9, "OutOfMemory", f"memory ran out; the limit is {memory >> 20} MiB" if memory else "memory ran out")
    if reason in ("StartError", "ContainerCannotRun"):
        known = next((each for text, each in _START.items() if text in message), (code, "StartFailed"))
        return Exit(*known, message)
    if pod.reason == "DeadlineExceeded":
        return Exit(-15, "Timeout", "the pod ran for longer than it may")
    if code in (137, 143) and (pod.gone or pod.deleting) and not asked:
        return lost("its pod was deleted while it ran")
    if reason == "ContainerStatusUnknown":
        return lost("the node lost track of its container")
    return exited(code, log, note)


def _disruption(pod: Pod) -> Exit | None:
    """What the cluster did to the pod: evicted, preempted, its node drained or lost."""
    target = pod.conditions.get("DisruptionTarget", {})
    if target.get("status") == "True":
        return Exit(-1, target.get("reason", "Disrupted"), target.get("message", ""), lost=True)
    if pod.reason and pod.reason != "DeadlineExceeded":
        return Exit(-1, pod.reason, pod.message, lost=True)
    return None


def _said(ended: Terminated) -> str:
    return ended.get("message") or ended.get("reason") or f"exit status {ended.get('exitCode')}"
