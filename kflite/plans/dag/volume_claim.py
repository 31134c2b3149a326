"""Tasks that create and delete volumes: kfp.kubernetes' CreatePVC and DeletePVC, which have no command.

Unlike in KFP they are never cached: a volume named in the cache may have been deleted since.
"""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.frozen import dataclass
from kflite.core.job import Exit, Job, Resources, VolumeClaim
from kflite.core.paths import RunPaths
from kflite.core.plan import Origin, Policy, RetryPolicy
from kflite.core.value import NOTHING, Artifact, Outputs, Value
from kflite.plans.dag.placeholders import text
from kflite.plans.dag.recipe import digest
from kflite.plans.dag.resolve import Inputs, Unresolved
from kflite.plans.dag.shape import ComponentSpec, Container, TaskSpec

CREATE, DELETE = "argostub/createpvc", "argostub/deletepvc"
_OPTIONS = {
    "access_modes": "accessModes",
    "size": "size",
    "storage_class_name": "storageClassName",
    "volume_name": "volumeName",
    "annotations": "annotations",
    "data_source": "dataSource",
}


@dataclass(frozen=True, slots=True)
class ClaimWork:
    """A task that creates or deletes a volume."""

    claim: VolumeClaim
    title: str
    parameters: Mapping[str, Value]
    retry: RetryPolicy
    timeout_s: float | None
    time_limits: tuple[tuple[str, float], ...] = ()

    @property
    def policy(self) -> Policy:
        return Policy(self.retry, self.timeout_s, self.time_limits)

    @property
    def image(self) -> str:
        return ""

    @property
    def artifacts(self) -> Mapping[str, tuple[Artifact, ...]]:
        return {}

    @property
    def request(self) -> Resources:
        return Resources()

    @property
    def key_parts(self) -> Mapping[str, str] | None:
        return None

    @property
    def definition(self) -> str:
        return digest([self.claim.name, self.claim.delete, dict(self.claim.options)])

    @property
    def unhashed(self) -> frozenset[str]:
        return frozenset()

    def with_digests(self, contents: Mapping[str, str]) -> ClaimWork:
        return self

    def job(self, paths: RunPaths, task: str, attempt: int) -> Job:
        labels = {"kflite.dev/run": paths.run, "kflite.dev/task": task, "kflite.dev/attempt": str(attempt)}
        folder = paths.attempt(task, attempt)
        return Job(f"{paths.run}/{task}", attempt, (), folder, timeout_s=self.timeout_s, labels=labels, claim=self.claim)

    def collect(self, paths: RunPaths, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
        if exit.code or self.claim.delete:
            return exit, NOTHING
        return exit, Outputs({"name": self.claim.name})


def work(task: TaskSpec, component: ComponentSpec, container: Container, inputs: Inputs, origin: Origin) -> ClaimWork:
    """The work of a task whose image is CREATE or DELETE. Raises Unresolved if the volume has no name."""
    delete = container.image == DELETE
    present = {key: value for key, value in inputs.parameters.items() if value is not None}
    options = {ours: present[key] for key, ours in _OPTIONS.items() if key in present and not delete}
    claim = VolumeClaim(_name(present, origin), delete, options)
    return ClaimWork(claim, component.name, inputs.parameters, task.retry, container.timeout_s)


def _name(parameters: Mapping[str, Value], origin: Origin) -> str:
    """The given name, or the run's name with a suffix."""
    if name := text(parameters.get("pvc_name")):
        return name
    suffix = text(parameters.get("pvc_name_suffix"))
    if not suffix:
        raise Unresolved("the volume has no name: give pvc_name, or pvc_name_suffix to have the run's name before it")
    return f"{origin.run}-{suffix.removeprefix('-')}"
