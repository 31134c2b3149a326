"""`kflite show`: a run's tree and outputs, or one task with its inputs, outputs, attempts and logs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, find_run, optional_run, out

if TYPE_CHECKING:
    from kflite.core.paths import RunPaths
    from kflite.core.value import Value
    from kflite.figures.data import Visualization
    from kflite.runs.stored import AttemptRow, RunRow, TaskRow
    from kflite.terminal.style import Line, Span

_DETAILED = 25  # with more tasks, details are shown only on request
_PAGE_LINES = 40  # the most lines shown of a task's document


@click.command()
@optional_run
@click.argument("task", required=False, default="")
@click.option("--details/--no-details", default=None, help="Show inputs, outputs and logs of each task.")
@as_json
@click.pass_obj
def show(context: CliContext, run: str, task: str, details: bool | None, json_: bool) -> None:
    """Show RUN: its tree of tasks, parameters and outputs; or one TASK of it, as `RUN TASK` or `RUN/TASK`."""
    run, _, path = run.partition("/")
    task = task or path
    from kflite.runs.artifact import by_output
    from kflite.runs.ignored_settings import of_run
    from kflite.terminal.ignored_settings import lines

    with context.store() as store:
        row = find_run(store, run)
        tasks = store.tasks(row.run)
        if task:
            from kflite.runs.lookup import one_task

            chosen = one_task(tasks, task, row.run)
            return _show_task(chosen, store.attempts(row.run, chosen.task), context.paths(row), json_)
        settings, inputs = ([], {}) if json_ else (of_run(store, row), by_output(store.input_artifacts(row.run)))
    if json_:
        from kflite.runs.as_json import run_json

        return out().document(run_json(row, tasks))
    out().lines(_run(row, tasks, inputs, context.paths(row), len(tasks) <= _DETAILED if details is None else details))
    return out().lines(lines(settings))


def _run(row: RunRow, tasks: list[TaskRow], inputs: Mapping[str, Value], paths: RunPaths, details: bool) -> Iterator[Line]:
    from kflite.format import clock
    from kflite.runs.progress import RunProgress
    from kflite.terminal import report, tree

    yield from tree.lines(RunProgress.of(row, tasks), time.time(), out().signs, out().width)
    yield (("created ", "dim"), (clock(row.created), ""), ("  on ", "dim"), (row.on, ""), *_grouped(row))
    yield from _values("with ", row.parameters)
    yield from ((("with ", "dim"), *line) for line in report.artifact_lines(inputs))
    yield from report.outputs(row)
    for task in tasks if details else ():
        facts = [] if task.group else list(_facts(task, paths, True))
        if facts:
            yield from ((), ((task.task, "bold"),), *facts)


def _grouped(row: RunRow) -> Iterator[Span]:
    """The run's experiment and labels, and whether it is archived."""
    from kflite.format import clean

    if row.experiment:
        yield from (("  experiment ", "dim"), (clean(row.experiment), ""))
    for name, text in row.labels.items():
        yield from (("  ", ""), (clean(f"{name}={text}"), "cyan"))
    if row.archived:
        yield ("  archived", "yellow")


def _facts(task: TaskRow, paths: RunPaths, figures: bool) -> Iterator[Line]:
    from kflite.figures.read import read_task
    from kflite.format import clean
    from kflite.runs.log_files import log_files
    from kflite.terminal import report

    if task.reason:
        yield (("  reason ", "dim"), (clean(f"{task.reason}: {task.message}" if task.message else task.reason), ""))
    if task.source:
        yield (("  from run ", "dim"), (task.source, ""))
    yield from _values("  in ", task.parameters)
    yield from ((("  in ", "dim"), *line) for line in report.artifact_lines(task.inputs))
    yield from _values("  out ", task.outputs)
    for visualization in read_task(task):
        yield from _made(visualization, figures)
    for log in log_files(paths, task.task, task.attempts) if task.attempts else ():
        yield (("  log ", "dim"), (str(log), ""))


def _made(visualization: Visualization, figures: bool) -> Iterator[Line]:
    """An artifact's location and summary; of metrics without a file only the summary."""
    from kflite.format import clean
    from kflite.terminal import report
    from kflite.terminal.figures.lines import summary, warnings
    from kflite.terminal.style import clip

    title, text = ("  out ", "dim"), summary(visualization) if figures else ""
    if text and not visualization.artifact.digest:
        line = (title, (clean(visualization.output), "bold"), (" = ", "dim"), (text, "cyan"))
        yield clip(line, out().width, out().signs.more)
    else:
        yield from ((title, *line) for line in report.artifact_lines({visualization.output: [visualization.artifact.as_json()]}))
        yield from [((f"      {text}", "cyan"),)] if text else []
    yield from ((("      ", ""), *line) for line in (warnings(visualization) if figures else ()))


def _values(title: str, values: Mapping[str, Value]) -> Iterator[Line]:
    from kflite.format import clean, value

    for name, each in values.items():
        yield ((title, "dim"), (clean(name), ""), (" = ", "dim"), (value(each), ""))


def _show_task(task: TaskRow, attempts: list[AttemptRow], paths: RunPaths, json_: bool) -> None:
    from kflite.runs.as_json import task_json

    if json_:
        out().document(task_json(task))
    else:
        out().lines(_task(task, attempts, paths))


def _task(task: TaskRow, attempts: list[AttemptRow], paths: RunPaths) -> Iterator[Line]:
    from kflite.cli.artifact_show import titled
    from kflite.figures.read import visualizations
    from kflite.format import clean, clock, duration
    from kflite.terminal.style import STYLES

    sign = out().signs.states[task.state]
    took = duration(task.ended - task.started) if task.ended and task.started else ""
    yield ((f"{sign} ", STYLES[task.state]), (task.task, "bold"), (f"  {task.state}", STYLES[task.state]), (f"  {took}", "dim"))
    yield from _facts(task, paths, False)
    for attempt in attempts:
        took = duration(attempt.ended - attempt.started) if attempt.ended else ""
        why = f"{attempt.reason}: {attempt.message}" if attempt.message else attempt.reason
        code = "" if attempt.code is None else f"  exit {attempt.code}"
        text = f"  attempt {attempt.attempt}  {attempt.state}  {clock(attempt.started)}  {took}{code}  {clean(why)}"
        yield ((text, "dim"),)
    for visualization in visualizations([task]):
        yield from ((), *titled(visualization, paths, out(), _PAGE_LINES))
