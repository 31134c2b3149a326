"""A loop that runs: its items, how many iterations may run at once, and the fan-in of what they gave."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.core.event import State
from kflite.core.plan import Outcome
from kflite.core.value import Artifact, Outputs, Value
from kflite.plans.dag.resolve import Inputs
from kflite.plans.dag.scope import Scope
from kflite.plans.dag.shape import Component, Dag
from kflite.plans.dag.shape import Loop as LoopShape


class Loop:
    """A ParallelFor: iterations are begun in order, at most `shape.limit` at once."""

    __slots__ = (
        "_items",
        "_next",
        "_outcomes",
        "_over",
        "_running",
        "_shape",
        "after_seq",
        "always_run",
        "component",
        "dag",
        "index",
        "inputs",
        "parent",
        "path",
    )

    def __init__(
        self,
        path: str,
        component: Component,
        dag: Dag,
        inputs: Inputs,
        items: Sequence[Value] | Sequence[Artifact],
        shape: LoopShape,
        parent: Scope,
        index: int,
        always_run: bool = False,
    ) -> None:
        self.path, self.component, self.dag, self.inputs = path, component, dag, inputs
        self.parent, self.index, self.always_run = parent, index, always_run
        self._items, self._shape = items, shape
        self.after_seq = parent.after_seq_of(index)
        self._next = self._running = 0
        self._over = False
        self._outcomes: list[Outcome | None] = [None] * len(items)

    def take(self, halted: bool) -> int | None:
        """The next iteration to begin, None when none may begin now."""
        if halted and not self.always_run:
            self._next = len(self._items)
        if self._next >= len(self._items) or (self._shape.limit and self._running >= self._shape.limit):
            return None
        self._next += 1
        self._running += 1
        return self._next - 1

    def give(self, index: int, outcome: Outcome) -> None:
        """An iteration ended."""
        self._outcomes[index] = outcome
        self._running -= 1

    def finish(self) -> bool:
        """Whether no iteration runs or is to begin; said once."""
        over = not self._over and not self._running and self._next >= len(self._items)
        self._over = self._over or over
        return over

    @property
    def outcomes(self) -> list[Outcome]:
        """How the iterations that ran ended, in order."""
        return [o for o in self._outcomes if o]

    @property
    def state(self) -> State:
        """The worst of the iterations' states; cancelled where not all have begun."""
        states = {o.state for o in self.outcomes}
        if State.FAILED in states:
            return State.FAILED
        return State.CANCELLED if State.CANCELLED in states or None in self._outcomes else State.SUCCEEDED

    @property
    def seq(self) -> int:
        """When the last iteration ended."""
        return max([self.after_seq, *(o.seq for o in self.outcomes)])

    @property
    def reason(self) -> str:
        """In one word or few, why it did not succeed."""
        failed = sum(o.state is State.FAILED for o in self.outcomes)
        return f"{failed} of {len(self._items)} iterations failed" if failed else ""

    @property
    def message(self) -> str:
        """The first failed iteration's message."""
        return next((f"[{i}] {o.message}" for i, o in enumerate(self._outcomes) if o and o.state is State.FAILED), "")

    def inputs_of(self, index: int) -> Inputs:
        """What an iteration is given: the loop's inputs and its item."""
        item = self._items[index]
        if isinstance(item, Artifact):
            return Inputs(self.inputs.parameters, {**self.inputs.artifacts, self._shape.item: (item,)})
        return Inputs({**self.inputs.parameters, self._shape.item: item}, self.inputs.artifacts)


def collected(loop: Loop) -> Outputs:
    """What all iterations gave, in order: parameters as lists, artifacts as one flat list. A skipped producer gives nothing."""
    outputs = [o.outputs for o in loop.outcomes]
    parameters: dict[str, Value] = {
        name: [o.parameters[name] for o in outputs if name in o.parameters] for name in loop.dag.parameters
    }
    artifacts = {name: tuple(a for o in outputs for a in o.artifacts.get(name, ())) for name in loop.dag.artifacts}
    return Outputs(parameters, artifacts)
