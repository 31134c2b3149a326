"""A run as it was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from kflite.core.event import Event, Kind
from kflite.core.value import Artifact, Outputs, Value


@dataclass(frozen=True, slots=True)
class Submission:
    """What to run. document: the plan's text, by `kind` ("pipeline", "experiment"); pipeline: its name, for folders and cache.

    artifacts: the run's input artifacts, by name. parallel: tasks at once, 0 for as many as the executor has room for;
    timeout_s: longest time of the whole run.
    """

    run: str
    name: str
    kind: str
    pipeline: str
    document: str
    parameters: Mapping[str, Value]
    on: str = "local"
    experiment: str = ""
    cache: bool = True
    fail_fast: bool = False
    parallel: int = 0
    timeout_s: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The document's name in the store."""
        return sha256(self.document.encode()).hexdigest()

    @property
    def inputs(self) -> dict[str, Value]:
        """Parameters and artifacts (a list each) in one mapping, as a plan takes them."""
        return {**self.parameters, **{name: [a.as_json() for a in group] for name, group in self.artifacts.items()}}

    def event(self, at: float) -> Event:
        """The event that makes the run."""
        options: dict[str, Value] = {
            "cache": self.cache,
            "fail_fast": self.fail_fast,
            "parallel": self.parallel,
            "timeout_s": self.timeout_s,
            "labels": dict(self.labels),
        }
        data: dict[str, Value] = {
            "name": self.name,
            "kind": self.kind,
            "pipeline": self.pipeline,
            "plan": self.digest,
            "parameters": dict(self.parameters),
            "on": self.on,
            "options": options,
        }
        data |= {"experiment": self.experiment} if self.experiment else {}
        return Event(self.run, Kind.RUN_SUBMITTED, at, data=data | Outputs({}, self.artifacts).as_json())


def submission(event: Event, document: str) -> Submission:
    """The submission that `event` was made from, with the document as the store keeps it."""
    data = event.data
    options, parameters = data["options"], data["parameters"]
    assert isinstance(options, dict)
    assert isinstance(parameters, dict)
    texts = {k: str(data.get(k, "")) for k in ("name", "kind", "pipeline", "on", "experiment")}
    given = Outputs.from_json({"artifacts": data.get("artifacts")}).artifacts
    held = {**texts, **options, "parameters": parameters, "artifacts": given}
    return Submission(run=event.run, document=document, **held)  # type: ignore[arg-type]
