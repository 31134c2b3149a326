"""Runs in the foreground: start or resume one, show it to its end, and report the result."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import redirect_stdout

from kflite.client.client import Client
from kflite.client.foreground import Interrupts, show_until_end
from kflite.client.run_handle import Run
from kflite.config import Settings
from kflite.core.event_kind import State
from kflite.engine.executors import Executors
from kflite.runs.as_json import run_json
from kflite.runs.follow import View
from kflite.runs.log_files import log_files
from kflite.runs.stored import RunRow, TaskRow
from kflite.terminal import report
from kflite.terminal.choose import for_command
from kflite.terminal.out import Out
from kflite.terminal.style import Line

_FAILURES = 3  # failed tasks whose logs are quoted


def foreground(
    settings: Settings,
    executors: Executors | None,
    begin: Callable[[Client], Awaitable[Run]],
    json_: bool = False,
    more: Callable[[Run], None] = lambda _: None,
    adopt: bool = True,
) -> int:
    """Begin a run, show it to its end, call `more`, and report; returns the exit status."""
    return asyncio.run(_foreground(Client(settings=settings, executors=executors, adopt=adopt), begin, json_, more))


async def _foreground(client: Client, begin: Callable[[Client], Awaitable[Run]], json_: bool, more: Callable[[Run], None]) -> int:
    interrupts = Interrupts()
    with interrupts.signals():
        async with client:
            with redirect_stdout(sys.stderr if json_ else sys.stdout):  # tasks that run inline print as they like
                run = await begin(client)
                await show_until_end(client.session, run.id, view_of(run, json_), interrupts)
            await run.load()
            more(run)
            return finish(run, json_, interrupts.count > 0)


def view_of(run: Run, json_: bool) -> View:
    """With `--json`, standard output is for the JSON only, and a tree goes to standard error, if that is a terminal."""
    if json_:
        return for_command(sys.stderr, run.record.run, run.paths, Out(sys.stderr).live)
    view = for_command(sys.stdout, run.record.run, run.paths)
    if not Out(sys.stdout).live:
        view.say(f"run {run.id}")
    return view


def finish(run: Run, json_: bool, interrupted: bool = False) -> int:
    """Report how a loaded run ended; returns the exit status."""
    row, tasks = run.row, run.task_rows
    out = Out(sys.stdout)
    if json_:
        out.document(run_json(row, tasks))
    else:
        out.lines(_failures(run, tasks))
        out.lines(report.outputs(row))
        if row.state is State.SUCCEEDED and not out.live:
            out.line(report.verdict(row))
    if row.state is not State.SUCCEEDED:
        Out(sys.stderr).line(f"kflite: {report.verdict(row)}{_first(row, tasks)}")
    return 130 if interrupted else int(row.state is not State.SUCCEEDED)


def _failed(tasks: list[TaskRow]) -> list[TaskRow]:
    return [task for task in tasks if task.state is State.FAILED and not task.group]


def _failures(run: Run, tasks: list[TaskRow]) -> list[Line]:
    failed = _failed(tasks)
    lines: list[Line] = []
    for task in failed[:_FAILURES]:
        logs = log_files(run.paths, task.task, task.attempts) if task.attempts else []
        lines += report.failure(task.task, task.reason, task.message, logs)
    if len(failed) > _FAILURES:
        lines.append(((f"and {len(failed) - _FAILURES} more failed: kflite show {run.id}", "dim"),))
    return lines


def _first(row: RunRow, tasks: list[TaskRow]) -> str:
    """The first failed task, if the run has no reason of its own."""
    failed = _failed(tasks)
    return f": {failed[0].task}: {failed[0].reason}" if failed and not row.reason else ""
