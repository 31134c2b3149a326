"""A pipeline's configuration: its shared workspace, its timeout, and how long a cluster keeps a finished run."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.dsl import trace
from kflite.errors import InputError
from kflite.ir.quantity import memory

_MOST = 2**31 - 1  # the fields are int32


@dataclass(frozen=True, slots=True)
class KubernetesWorkspaceConfig:
    """How a cluster makes the workspace's volume. pvcSpecPatch: fields of the claim's spec, such as storageClassName."""

    pvcSpecPatch: Mapping[str, Value] | None = None  # noqa: N815 - KFP's name


@dataclass(frozen=True, slots=True)
class WorkspaceConfig:
    """A folder that all tasks of a run share, at dsl.WORKSPACE_PATH_PLACEHOLDER. size: such as "10Gi".

    Raises CompileError for an invalid size.
    """

    size: str
    kubernetes: KubernetesWorkspaceConfig = KubernetesWorkspaceConfig()

    def __post_init__(self) -> None:
        try:
            valid = isinstance(self.size, str) and memory(self.size.strip()) > 0
        except InputError:
            valid = False
        if not valid:
            raise trace.refused(f"dsl.WorkspaceConfig: {self.size!r} is no size: give one such as '10Gi'")

    @property
    def document(self) -> dict[str, Value]:
        """The workspace in IR."""
        return {"size": self.size.strip(), "kubernetes": {"pvcSpecPatch": dict(self.kubernetes.pvcSpecPatch or {})}}


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """The argument of `@dsl.pipeline(pipeline_config=...)`; times in seconds, None or 0 for no limit.

    active_deadline_seconds: a run that takes longer is stopped and has failed; ttl_seconds_after_finished, _success, _failure:
    how long a cluster keeps a finished run. Raises CompileError for an invalid time.
    """

    workspace: WorkspaceConfig | None = None
    ttl_seconds_after_finished: int | None = None
    ttl_seconds_after_success: int | None = None
    ttl_seconds_after_failure: int | None = None
    active_deadline_seconds: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.workspace, WorkspaceConfig | None):
            raise trace.refused(f"dsl.PipelineConfig: workspace is {self.workspace!r}: give dsl.WorkspaceConfig(size='10Gi')")
        for name, seconds in self._times.items():
            is_integer = isinstance(seconds, int) and not isinstance(seconds, bool)
            if seconds is not None and not (is_integer and 0 <= seconds <= _MOST):
                raise trace.refused(f"dsl.PipelineConfig: {name} is {seconds!r}: give whole seconds, at most {_MOST}")

    @property
    def document(self) -> dict[str, Value]:
        """The configuration in IR; {} if nothing is set."""
        fields = ("resourceTtlOnCompletion", "resourceTtlOnSuccess", "resourceTtlOnFailure", "activeDeadlineSeconds")
        times: dict[str, Value] = {key: seconds for key, seconds in zip(fields, self._times.values(), strict=True) if seconds}
        return times | ({"workspace": self.workspace.document} if self.workspace else {})

    @property
    def _times(self) -> dict[str, int | None]:
        return {name: getattr(self, name) for name in PipelineConfig.__slots__ if name != "workspace"}
