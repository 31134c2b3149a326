"""Calls that run: after `init()`, a component or pipeline that is called outside a pipeline runs to its end at once.

For scripts that were written for `kfp.local`. `kflite.run` needs no `init()`, and tells more of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from os.path import abspath
from typing import TYPE_CHECKING, ClassVar, cast

from kflite.client import Run, run
from kflite.core.frozen import dataclass
from kflite.dsl import trace
from kflite.errors import KfliteError

if TYPE_CHECKING:
    from kflite.core.value import Value
    from kflite.dsl.component import Component
    from kflite.dsl.task import PipelineTask
    from kflite.runs.artifact import RunArtifact

__all__ = ["DockerRunner", "EndedCall", "SubprocessRunner", "init"]


@dataclass(frozen=True, slots=True)
class SubprocessRunner:
    """Tasks are processes of this machine. use_venv: packages have an environment of their own in any case."""

    use_venv: bool = True
    on: ClassVar[str] = "process"


@dataclass(frozen=True, slots=True)
class DockerRunner:
    """Tasks are containers."""

    on: ClassVar[str] = "docker"


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A component or pipeline that has run. outputs: values, and artifacts with `path`, `uri` and `metadata`, by name."""

    run: Run

    @property
    def outputs(self) -> Mapping[str, Value | RunArtifact | list[RunArtifact]]:
        return self.run.outputs

    @property
    def output(self) -> Value | RunArtifact | list[RunArtifact]:
        """The only output. Raises KfliteError where there are none, or several."""
        if len(self.outputs) != 1:
            raise KfliteError(
                f"{self.run.name} has {len(self.outputs) or 'no'} outputs: use .outputs, which has {list(self.outputs)}"
            )
        return next(iter(self.outputs.values()))


def init(
    runner: SubprocessRunner | DockerRunner | None = None,
    pipeline_root: str = "",
    raise_on_error: bool = True,
    enable_caching: bool = False,
) -> None:
    """From now on a call outside a pipeline runs, and returns what it gave as an `EndedCall`.

    runner: where, by default wherever the settings say; pipeline_root: where artifacts go, by default as for `kflite.run`;
    raise_on_error: a run that does not succeed is a KfliteError; enable_caching: earlier results are taken.
    """

    def call(component: Component, arguments: Mapping[str, object]) -> PipelineTask:
        parameters = {name: value for name, value in arguments.items() if value is not None}
        on, root = (runner.on if runner else ""), (abspath(pipeline_root) if pipeline_root else "")
        ended = run(component, parameters, on=on, artifacts=root, cache=enable_caching)  # type: ignore[arg-type]
        if raise_on_error and ended.state != "SUCCEEDED":
            raise KfliteError(f"{ended.name} ended as {ended.state}: {ended.reason}; see kflite show {ended.id}")
        return cast("PipelineTask", EndedCall(ended))

    trace.set_outside_handler(call)
