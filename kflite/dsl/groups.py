"""Groups of tasks, opened by a `with` statement; each becomes a sub-DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from kflite.dsl import trace
from kflite.dsl.conditions import All, Condition, Not
from kflite.errors import CompileError

if TYPE_CHECKING:
    from kflite.dsl.task import PipelineTask


class Group:
    """A group of tasks. kind: the prefix of its name in IR; label: its display name; members: in order."""

    kind = "pipeline"

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self.members: list[PipelineTask | Group] = []
        self.parent: Group | None = None
        self.name = ""
        self.location = trace.caller()

    def open(self, parent: Group | None) -> None:
        """Make this the current group, as a member of `parent`."""
        pipeline = trace.current(f"{self.title} stands")
        self.parent = parent
        if parent:
            self.name = self.name or pipeline.group_name(self.kind)
            parent.members.append(self)
        pipeline.groups.append(self)

    def __enter__(self) -> Self:
        groups = trace.current(f"{self.title} stands").groups
        self.open(groups[-1] if groups else None)
        return self

    def __exit__(self, error: object, *_: object) -> None:
        trace.current("a group ends").groups.pop()
        if error is None and self.parent and not self.members:
            raise CompileError(f"{self.location}: {self.title} has no tasks: put one into it, or remove it")

    @property
    def title(self) -> str:
        """The name for users."""
        return f"dsl.{type(self).__name__}"

    @property
    def path(self) -> list[Group]:
        """The groups from the pipeline's root to this one."""
        return [*self.parent.path, self] if self.parent else [self]


class Branches(Group):
    """An If with its Elif and Else; at most one member runs."""

    kind = "condition-branches"

    def __init__(self, first: If, parent: Group) -> None:
        super().__init__()
        self.joined = 0
        self.name = trace.current("dsl.Else stands").group_name(self.kind)
        self.parent, first.parent = parent, self
        self.members.append(first)
        parent.members[-1] = self


class If(Group):
    """Runs its tasks only if the condition is true. name: shown instead of `condition-N`."""

    kind = "condition"

    def __init__(self, condition: Condition, name: str | None = None) -> None:
        super().__init__(name)
        if not isinstance(condition, Condition):
            raise CompileError(f"{self.location}: {self.title} takes a condition, as in `x == 1`, not {condition!r}")
        self.own_condition: Condition | None = condition
        self.condition = condition


class Elif(If):
    """Runs its tasks if no earlier condition was true and this one is. It must follow an If or Elif directly."""

    def __enter__(self) -> Self:
        branches = self._branches()
        earlier = [
            Not(member.own_condition)
            for member in branches.members
            if isinstance(member, If) and member.own_condition is not None
        ]
        self.condition = All(*earlier, *([self.own_condition] if self.own_condition is not None else []))
        self.open(branches)
        return self

    def _branches(self) -> Branches:
        parent = trace.current(f"{self.title} stands").groups[-1]
        last = parent.members[-1] if parent.members else None
        if type(last) is If:
            return Branches(last, parent)
        if not isinstance(last, Branches) or isinstance(last.members[-1], Else):
            raise CompileError(f"{self.location}: {self.title} must stand right after a dsl.If or dsl.Elif")
        return last


class Else(Elif):
    """Runs its tasks if no earlier condition was true. It must follow an If or Elif directly."""

    def __init__(self, name: str | None = None) -> None:
        Group.__init__(self, name)
        self.own_condition = None


class ExitHandler(Group):
    """Runs `exit_task` when the tasks inside have ended, in any state. name: shown instead of `exit-handler-N`."""

    kind = "exit-handler"

    def __init__(self, exit_task: PipelineTask, name: str | None = None) -> None:
        from kflite.dsl.task import PipelineTask

        super().__init__(name)
        if not isinstance(exit_task, PipelineTask):
            raise CompileError(f"{self.location}: dsl.ExitHandler takes a task, not {exit_task!r}: call the component first")
        if exit_task.exits:
            raise CompileError(
                f"{self.location}: the task {exit_task.name!r} is the exit task of two handlers: make another task"
            )
        self.exit_task = exit_task
        exit_task.exits = self

    def __enter__(self) -> Self:
        groups = trace.current("dsl.ExitHandler stands").groups
        if self.exit_task.group is not groups[-1]:
            raise CompileError(f"{self.location}: the exit task {self.exit_task.name!r} must be in the same group as its handler")
        return super().__enter__()
