"""Lookup of the task, and its output, that a user names."""

from __future__ import annotations

from collections.abc import Sequence

from kflite.errors import NotFound
from kflite.store.base import TaskRow


def one_task(tasks: Sequence[TaskRow], name: str, run: str) -> TaskRow:
    """The task with this path or unique end of a path: `fit` for `train/fit`. Raises NotFound with similar names."""
    matching = _matching(tasks, name)
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise NotFound(f"run {run} has {len(matching)} tasks {name}: name one by its path, as {matching[0].task}")
    raise NotFound(f"run {run} has no task {name}: {_near(tasks, name)}")


def task_and_output(tasks: Sequence[TaskRow], words: Sequence[str], run: str) -> tuple[TaskRow, str]:
    """The task and output ("" for none) of `TASK`, `TASK OUTPUT` or `TASK/OUTPUT`. Raises NotFound."""
    name, *output = words
    task, _, last = name.rpartition("/")
    if output or not task or _matching(tasks, name) or not _matching(tasks, task):
        return one_task(tasks, name, run), "".join(output)
    return one_task(tasks, task, run), last


def below(tasks: Sequence[TaskRow], group: TaskRow) -> list[TaskRow]:
    """All tasks in a group, at any depth."""
    return [task for task in tasks if task.task.startswith((f"{group.task}/", f"{group.task}["))]


def _matching(tasks: Sequence[TaskRow], name: str) -> list[TaskRow]:
    exact = [task for task in tasks if task.task == name]
    return exact or [task for task in tasks if task.task.endswith(f"/{name}")]


def _near(tasks: Sequence[TaskRow], name: str) -> str:
    from difflib import get_close_matches

    paths = [task.task for task in tasks]
    near = get_close_matches(name, paths, 3, 0.5) or paths[:5]
    return f"it has {', '.join(near)}" if near else "it has no tasks yet"
