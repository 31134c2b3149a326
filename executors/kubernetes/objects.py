"""What we read of the API's objects. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TypeAlias, TypedDict

from kflite.core.frozen import dataclass
from kflite.core.value import Value

Object: TypeAlias = Mapping[str, Value]  # as the API gives it


class Metadata(TypedDict, total=False):
    name: str
    uid: str
    labels: dict[str, str]
    annotations: dict[str, str]
    resourceVersion: str
    creationTimestamp: str
    deletionTimestamp: str


class WaitingState(TypedDict, total=False):
    reason: str
    message: str


class Terminated(TypedDict, total=False):
    containerID: str
    exitCode: int
    reason: str
    message: str
    finishedAt: str


class PodContainerState(TypedDict, total=False):
    waiting: WaitingState
    running: dict[str, str]
    terminated: Terminated


class ContainerStatus(TypedDict, total=False):
    name: str
    state: PodContainerState


class PodCondition(TypedDict, total=False):
    type: str
    status: str
    reason: str
    message: str
    lastTransitionTime: str


class Status(TypedDict, total=False):
    phase: str
    reason: str
    message: str
    conditions: list[PodCondition]
    initContainerStatuses: list[ContainerStatus]
    containerStatuses: list[ContainerStatus]


class ClaimSource(TypedDict):
    claimName: str


class Volume(TypedDict, total=False):
    name: str
    persistentVolumeClaim: ClaimSource
    ephemeral: dict[str, Value]


class Spec(TypedDict, total=False):
    volumes: list[Volume]


class PodObject(TypedDict, total=False):
    metadata: Metadata
    spec: Spec
    status: Status


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as it was seen last. gone: it is no longer there, and the rest is what was seen before; states: by container.

    claims: the names of those that it mounts; warning: reason and message of what its state does not tell.
    """

    name: str
    uid: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    deleting: bool = False
    gone: bool = False
    states: Mapping[str, PodContainerState] = field(default_factory=dict)
    conditions: Mapping[str, PodCondition] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    created: str = ""
    warning: tuple[str, str] = ("", "")

    @classmethod
    def read(cls, found: PodObject, gone: bool = False) -> Pod:
        """The pod that the API describes so."""
        about, status = found["metadata"], found.get("status", {})
        statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
        return cls(
            about["name"],
            about.get("uid", ""),
            about.get("labels") or {},
            about.get("annotations") or {},
            status.get("phase", "Pending"),
            status.get("reason", ""),
            status.get("message", ""),
            "deletionTimestamp" in about,
            gone,
            {each["name"]: each.get("state", {}) for each in statuses},
            {each["type"]: each for each in status.get("conditions") or ()},
            tuple(_claims(about["name"], found.get("spec", {}).get("volumes") or ())),
            about.get("creationTimestamp", ""),
        )

    @property
    def changed(self) -> str:
        """The time of its last change (creation, or a container's start or end), as the API writes it."""
        ends = (state.get("terminated", {}).get("finishedAt") for state in self.states.values())
        changes = (condition.get("lastTransitionTime") for condition in self.conditions.values())
        return max(filter(None, (self.created, *ends, *changes)), default="")

    @property
    def ended(self) -> bool:
        """Whether none of its containers runs any more."""
        return self.gone or self.phase in ("Succeeded", "Failed")

    def runs(self, container: str) -> bool:
        """Whether the container runs now."""
        return "running" in self.states.get(container, {})

    def began(self, container: str) -> bool:
        """Whether the container has run at all."""
        return self.runs(container) or self.terminated(container) is not None

    def terminated(self, container: str) -> Terminated | None:
        """How the container ended; None while it has not."""
        return self.states.get(container, {}).get("terminated")

    def as_gone(self) -> Pod:
        """The same pod after it is gone."""
        return replace(self, gone=True)


def _claims(pod: str, volumes: Iterable[Volume]) -> Iterator[str]:
    for volume in volumes:
        if claim := volume.get("persistentVolumeClaim"):
            yield claim["claimName"]
        if "ephemeral" in volume:
            yield f"{pod}-{volume['name']}"
