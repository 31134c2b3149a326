"""Finding the task that a user means."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.errors import NotFound
from kflite.store.base import TaskRow


def one_task(tasks: Sequence[TaskRow], name: str, run: str) -> TaskRow:
    """The task with this path, or with this unique end of a path: `fit` for `train/fit`. Raises NotFound, naming near ones."""
    exact = [task for task in tasks if task.task == name]
    ends = exact or [task for task in tasks if task.task.endswith(f"/{name}")]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise NotFound(f"run {run} has {len(ends)} tasks {name}: name one by its path, as {ends[0].task}")
    raise NotFound(f"run {run} has no task {name}: {_near(tasks, name)}")


def _near(tasks: Sequence[TaskRow], name: str) -> str:
    from difflib import get_close_matches

    paths = [task.task for task in tasks]
    near = get_close_matches(name, paths, 3, 0.5) or paths[:5]
    return f"it has {', '.join(near)}" if near else "it has no tasks yet"
