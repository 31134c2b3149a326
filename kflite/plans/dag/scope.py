"""A running DAG: its tasks' outcomes, and the number of unfinished parents of each task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.core.event_kind import State
from kflite.core.plan import Outcome, RetryPolicy
from kflite.core.value import Artifact, Outputs, Value
from kflite.plans.dag.resolve import Inputs
from kflite.plans.dag.shape import ComponentSpec, Dag, FromTask, TaskSpec

if TYPE_CHECKING:
    from kflite.plans.dag.loop import Loop

# The first of these that any task has is the state of the whole.
_WORST = (State.FAILED, State.CANCELLED)


class DagScope:
    """One running instance of a DAG: the root, a nested pipeline, a branch, or (with `loop`) an iteration.

    index: its task's index in the parent, or the iteration's number.
    always_run: it is, or is inside, an exit task, and runs even if the run is stopped.
    after_seq: the greatest sequence number among the ends of what it waited for.
    """

    __slots__ = (
        "_index",
        "_outcomes",
        "_waiting",
        "after_seq",
        "always_run",
        "component",
        "dag",
        "index",
        "inputs",
        "loop",
        "open",
        "parent",
        "path",
    )

    def __init__(
        self,
        path: str,
        component: ComponentSpec,
        dag: Dag,
        inputs: Inputs,
        parent: DagScope | None = None,
        index: int = -1,
        loop: Loop | None = None,
        always_run: bool = False,
    ) -> None:
        self.path, self.component, self.dag, self.inputs = path, component, dag, inputs
        self.parent, self.index, self.loop, self.always_run = parent, index, loop, always_run
        self.after_seq = loop.after_seq if loop else parent.after_seq_of(index) if parent else 0
        self.open = len(dag.tasks)
        self._waiting = [len(task.parents) for task in dag.tasks]
        self._outcomes: list[Outcome | None] = [None] * len(dag.tasks)
        self._index = dag.index

    @property
    def retry(self) -> RetryPolicy:
        """The default of its tasks: the retry policy of the nearest enclosing group that has one."""
        parent, task = self._parent_task
        if parent is None or task is None:
            return RetryPolicy()
        return task.retry if task.retry.most else parent.retry

    @property
    def time_limits(self) -> tuple[tuple[str, float], ...]:
        """The time limits of its tasks: (path of an enclosing group, its seconds). Exit tasks have none, as after a halt."""
        parent, task = self._parent_task
        if parent is None or task is None:
            return ()
        outer = () if task.always else parent.time_limits
        return (*outer, (self.loop.path if self.loop else self.path, task.timeout_s)) if task.timeout_s else outer

    @property
    def _parent_task(self) -> tuple[DagScope | None, TaskSpec | None]:
        """The enclosing scope and the task there that this scope runs; None for the root."""
        parent, index = (self.loop.parent, self.loop.index) if self.loop else (self.parent, self.index)
        return parent, parent.dag.tasks[index] if parent else None

    def roots(self) -> Iterator[int]:
        """The tasks without parents."""
        return (i for i, parents in enumerate(self._waiting) if not parents)

    def path_of(self, task: str) -> str:
        """A task's path in the run."""
        return f"{self.path}/{task}" if self.path else task

    def outcome(self, task: str) -> Outcome:
        """The outcome of a task that has ended."""
        return self.outcome_at(self._index[task])

    def outcome_at(self, index: int) -> Outcome:
        """The outcome of a task that has ended, by its index."""
        outcome = self._outcomes[index]
        assert outcome, f"{self.path_of(self.dag.tasks[index].name)} has not ended"
        return outcome

    def after_seq_of(self, index: int) -> int:
        """The greatest sequence number among the ends of what the task waited for."""
        return max([self.after_seq, *(self.outcome_at(parent).seq for parent in self.dag.tasks[index].parents)])

    def settle(self, index: int, outcome: Outcome) -> list[int]:
        """Record a task's outcome; return the tasks that waited for it only."""
        assert self._outcomes[index] is None, f"{self.path_of(self.dag.tasks[index].name)} ended twice"
        self._outcomes[index] = outcome
        self.open -= 1
        free = []
        for child in self.dag.children[index]:
            self._waiting[child] -= 1
            if not self._waiting[child]:
                free.append(child)
        return free

    def close(self) -> Outcome:
        """The outcome of the DAG, once all its tasks have ended."""
        outcomes = [o for o in self._outcomes if o]
        state = next((s for s in _WORST if any(o.state is s for o in outcomes)), State.SUCCEEDED)
        outputs = Outputs(dict(self._parameters()), dict(self._artifacts()))
        seq = max([self.after_seq, *(o.seq for o in outcomes)])
        if state is State.SUCCEEDED:
            return Outcome(state, outputs, seq=seq)
        return Outcome(state, outputs, f"task {state.value.lower()}", self._failed_tasks(state), seq)

    def _failed_tasks(self, state: State) -> str:
        named = ((t.name, o) for t, o in zip(self.dag.tasks, self._outcomes, strict=True) if o and o.state is state)
        texts = [f"{name}: {o.message or o.reason}".removesuffix(": ") for name, o in named]
        return "; ".join(texts[:3]) + (f"; and {len(texts) - 3} more" if len(texts) > 3 else "")

    def _parameters(self) -> Iterator[tuple[str, Value]]:
        for name, sources in self.dag.parameters.items():
            for source in sources:
                outputs = self._outputs(source)
                if source.output in outputs.parameters:
                    yield name, outputs.parameters[source.output]
                    break

    def _artifacts(self) -> Iterator[tuple[str, tuple[Artifact, ...]]]:
        for name, sources in self.dag.artifacts.items():
            for source in sources:
                outputs = self._outputs(source)
                if source.output in outputs.artifacts:
                    yield name, outputs.artifacts[source.output]
                    break

    def _outputs(self, source: FromTask) -> Outputs:
        return self.outcome(source.task).outputs
