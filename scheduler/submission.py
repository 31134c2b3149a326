"""A run as it was submitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from hashlib import sha256

from kflite.core.event import Event
from kflite.core.frozen import dataclass
from kflite.core.run_event import RunSubmitted, SubmittedOptions
from kflite.core.value import Artifact, Value


@dataclass(frozen=True, slots=True)
class Submission:
    """What to run. document: the plan's text, of this `kind` ("pipeline", "tuning"); pipeline: its name, for folders and cache.

    artifacts: the run's input artifacts, by name; parallel: tasks at once, 0 for as many as the executor has room for;
    timeout_s: the time limit of the whole run.
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
    profile: str = ""

    @property
    def digest(self) -> str:
        """The key of the document in the store."""
        return sha256(self.document.encode()).hexdigest()

    @property
    def inputs(self) -> dict[str, Value]:
        """Parameters and artifacts (lists) in one mapping, as a plan takes them."""
        return {**self.parameters, **{name: [a.as_json() for a in group] for name, group in self.artifacts.items()}}

    def event(self, at: float) -> Event:
        """The run's first event."""
        data = RunSubmitted(
            self.name,
            self.kind,
            self.pipeline,
            self.digest,
            self.parameters,
            self.artifacts,
            self.on,
            SubmittedOptions(self.cache, self.fail_fast, self.parallel, self.timeout_s, self.labels),
            self.experiment,
            self.profile,
        )
        return Event(self.run, data, at)


def submission_of(event: Event, document: str) -> Submission:
    """The submission of a run's first event. document: the plan's text, from the store."""
    data = event.data
    assert isinstance(data, RunSubmitted), f"run {event.run} begins with {event.kind}"
    options = data.options
    return Submission(
        event.run,
        data.name,
        data.kind,
        data.pipeline,
        document,
        data.parameters,
        data.on,
        data.experiment,
        options.cache,
        options.fail_fast,
        options.parallel,
        options.timeout_s,
        options.labels,
        data.artifacts,
        data.profile,
    )
