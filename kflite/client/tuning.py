"""The result of a tuning: its trials, and the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from kflite.client.run_handle import Run
from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.errors import InputError, NotFound
from kflite.plans.kinds import kind_of
from kflite.plans.tuning import TuningSpec, loads


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial. trial: its name; value: of the metric, None while there is none."""

    trial: str
    parameters: Mapping[str, Value]
    value: float | None
    state: State
    reason: str = ""


class Tuning:
    """A run of a tuning."""

    def __init__(self, run: Run, spec: TuningSpec) -> None:
        self.run, self.spec = run, spec

    def __repr__(self) -> str:
        return f"<kflite.Tuning {self.run.id} {self.run.state}, {len(self.trials)} trials>"

    @classmethod
    async def load(cls, run: Run) -> Self:
        """The tuning of a run, with its trials as they are now. Raises InputError for a run of another kind."""
        kind, document = await run.document()
        if not kind_of(kind).HAS_TRIALS:
            raise InputError(f"run {run.id} is a {kind_of(kind).NOUN}, and has no trials")
        return cls(await run.load(), loads(document))

    @property
    def state(self) -> State:
        return self.run.state

    @property
    def trials(self) -> list[Trial]:
        """All trials, in the order of starting."""
        trials = (task for task in self.run.tasks.values() if "/" not in task.name and task.row.title == "trial")
        return [
            Trial(task.name, task.parameters, _number(task.outputs.get(self.spec.metric)), task.state, task.reason)
            for task in trials
        ]

    @property
    def best(self) -> Trial:
        """The trial with the best value. Raises NotFound where none has one."""
        sign = -1.0 if self.spec.goal == "maximize" else 1.0
        ranked = [
            (sign * trial.value, trial) for trial in self.trials if trial.value is not None and trial.state is State.SUCCEEDED
        ]
        if not ranked:
            raise NotFound(f"run {self.run.id}: no trial has a value of {self.spec.metric!r} ({self.run.state})")
        return min(ranked, key=lambda pair: pair[0])[1]


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
