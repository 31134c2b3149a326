"""Groups that had ended before a retry, and stay so unless something in them is done again."""

from __future__ import annotations

from collections.abc import Iterator

from kflite.plan import Opened


class Shut:
    """Such groups by their path, in the order in which the plan opened them: outer ones first."""

    def __init__(self) -> None:
        self._groups: dict[str, Opened] = {}

    def add(self, step: Opened) -> None:
        """The plan opens a group whose end counts."""
        self._groups[step.task] = step

    def around(self, task: str) -> Iterator[Opened]:
        """Take out those that hold the task, or are it."""
        for path in _around(task) if self._groups else ():
            if path in self._groups:
                yield self._groups.pop(path)


def _around(task: str) -> Iterator[str]:
    """`a`, `a/loop`, `a/loop[0]` and `a/loop[0]/b` for the last."""
    path = ""
    for part in task.split("/"):
        path = f"{path}/{part}" if path else part
        if part.endswith("]"):
            yield path.rpartition("[")[0]
        yield path
