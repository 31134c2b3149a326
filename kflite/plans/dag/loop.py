"""A running loop: its items, its limit of concurrent iterations, and the fan-in of their outputs."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.core.event_kind import State
from kflite.core.plan import Outcome
from kflite.core.value import Artifact, Outputs, Value
from kflite.plans.dag.resolve import Inputs
from kflite.plans.dag.scope import DagScope
from kflite.plans.dag.shape import ComponentSpec, Dag, LoopSpec


class Loop:
    """A running ParallelFor: iterations begin in order, at most `shape.limit` at a time."""

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
        component: ComponentSpec,
        dag: Dag,
        inputs: Inputs,
        items: Sequence[Value] | Sequence[Artifact],
        shape: LoopSpec,
        parent: DagScope,
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

    def begin_next(self, halted: bool) -> int | None:
        """Count the next iteration as running and return its index; None if none may begin now."""
        if halted and not self.always_run:
            self._next = len(self._items)
        if self._next >= len(self._items) or (self._shape.limit and self._running >= self._shape.limit):
            return None
        self._next += 1
        self._running += 1
        return self._next - 1

    def iteration_ended(self, index: int, outcome: Outcome) -> None:
        """Record the outcome of an iteration."""
        self._outcomes[index] = outcome
        self._running -= 1

    def is_over(self) -> bool:
        """True once, when no iteration is running or left."""
        over = not self._over and not self._running and self._next >= len(self._items)
        self._over = self._over or over
        return over

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of the iterations that ended, in order."""
        return [o for o in self._outcomes if o]

    @property
    def state(self) -> State:
        """The worst state of any iteration; cancelled if some never began."""
        states = {o.state for o in self.outcomes}
        if State.FAILED in states:
            return State.FAILED
        return State.CANCELLED if State.CANCELLED in states or None in self._outcomes else State.SUCCEEDED

    @property
    def seq(self) -> int:
        """The sequence number of the last iteration's end."""
        return max([self.after_seq, *(o.seq for o in self.outcomes)])

    @property
    def reason(self) -> str:
        """Why it failed, in a few words; "" if it did not."""
        failed = sum(o.state is State.FAILED for o in self.outcomes)
        return f"{failed} of {len(self._items)} iterations failed" if failed else ""

    @property
    def message(self) -> str:
        """The message of the first failed iteration."""
        return next((f"[{i}] {o.message}" for i, o in enumerate(self._outcomes) if o and o.state is State.FAILED), "")

    def inputs_of(self, index: int) -> Inputs:
        """The inputs of an iteration: the loop's inputs and the iteration's item."""
        item = self._items[index]
        if isinstance(item, Artifact):
            return Inputs(self.inputs.parameters, {**self.inputs.artifacts, self._shape.item: (item,)})
        return Inputs({**self.inputs.parameters, self._shape.item: item}, self.inputs.artifacts)


def collected_outputs(loop: Loop) -> Outputs:
    """The outputs of all iterations in order: lists of parameters, flat lists of artifacts. A skipped producer adds none."""
    outputs = [o.outputs for o in loop.outcomes]
    parameters: dict[str, Value] = {
        name: [o.parameters[name] for o in outputs if name in o.parameters] for name in loop.dag.parameters
    }
    artifacts = {name: tuple(a for o in outputs for a in o.artifacts.get(name, ())) for name in loop.dag.artifacts}
    return Outputs(parameters, artifacts)
