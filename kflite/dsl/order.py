"""Checks that a DAG has no cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.errors import CompileError

if TYPE_CHECKING:
    from kflite.dsl.scope import Scope


def refuse_cycles(scope: Scope) -> None:
    """Raise CompileError if tasks wait for each other."""
    waits = {name: set(task.dependent_tasks) for name, task in scope.spec.dag.tasks.items()}
    free = [name for name, before in waits.items() if not before]
    after: dict[str, list[str]] = {}
    for name, before in waits.items():
        for other in before:
            after.setdefault(other, []).append(name)
    while free:
        done = free.pop()
        for name in after.get(done, ()):
            waits[name].discard(done)
            if not waits[name]:
                free.append(name)
    stuck = sorted(name for name, before in waits.items() if before)
    if stuck:
        location = next(member.location for member in scope.group.members if member.name in stuck)
        what = ", ".join(repr(name) for name in stuck)
        raise CompileError(f"{location}: the tasks {what} wait for each other: remove one of the .after() calls between them")
