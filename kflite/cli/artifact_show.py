"""`kflite artifacts show` and `open`: what an artifact shows, in the terminal or in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, find_run, known_runs, out
from kflite.errors import NotFound

if TYPE_CHECKING:
    from kflite.core.paths import RunPaths
    from kflite.figures.data import Visualization
    from kflite.runs.stored import Database, RunRow, TaskRow
    from kflite.terminal.out import Out
    from kflite.terminal.style import Line


def titled(visualization: Visualization, place: RunPaths, out: Out, most: int | None = None) -> Iterator[Line]:
    """An artifact's figures and documents under its name; what shows nothing is described. most: lines at most of a document."""
    from kflite.figures.read import kind
    from kflite.format import clean
    from kflite.terminal.figures.lines import description, full

    yield ((clean(visualization.name), "bold"), (f"  {clean(kind(visualization.artifact))}", "dim"))
    if not visualization.figures:
        yield from description(visualization, out.width)
    yield from full(visualization, out.width, out.signs)
    written = iter(_document(visualization, place, out))
    yield from islice(written, most)
    if rest := sum(1 for _ in written):
        run = place.run
        yield (
            (
                f"{out.signs.more} {rest} more lines: kflite artifacts show {run} {visualization.task} {visualization.output}",
                "dim",
            ),
        )


def _document(visualization: Visualization, place: RunPaths, out: Out) -> Iterator[Line]:
    from kflite.figures.content import content
    from kflite.figures.data import Page
    from kflite.format import clean
    from kflite.terminal.figures.document import html, markdown

    for figure in visualization.figures:
        if isinstance(figure, Page):
            document = content(visualization.artifact, place)
            if document.problem:
                yield ((clean(document.problem), "yellow"),)
            yield from (markdown if figure.kind == "Markdown" else html)(document.text, out.width)


run_argument = click.argument("run", shell_complete=known_runs)
task_argument = click.argument("task", required=False, default="")
output_argument = click.argument("output", required=False, default="")


@click.command()
@run_argument
@task_argument
@output_argument
@click.pass_obj
def show(context: CliContext, run: str, task: str, output: str) -> None:
    """Show what RUN made, or one TASK, or one OUTPUT of it: metrics, curves, matrices, documents.

    An artifact's id, as `artifacts ls` prints it, is `RUN/TASK/OUTPUT` and does as well.
    """
    with context.store() as store:
        chosen = choose(store, run, task, output)
    place = context.paths(chosen.run)
    if not chosen.visualizations:
        name = chosen.run.run
        return out().line((f"nothing that {task or name} made can be shown: kflite artifacts ls {name} lists it", "dim"))
    for number, visualization in enumerate(chosen.visualizations):
        out().lines([()] if number else [])
        out().lines(titled(visualization, place, out()))
    return None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run, the tasks of it that are meant, and what of theirs is to be shown."""

    run: RunRow
    tasks: list[TaskRow]
    visualizations: list[Visualization]


def choose(store: Database, run: str, task: str, output: str) -> Chosen:
    """What was made by a run, by a task or the tasks of a group, or as one output of a task. Raises NotFound."""
    from kflite.figures.read import read_task, visualizations
    from kflite.runs.lookup import below, task_and_output

    run, _, path = run.partition("/")
    row = find_run(store, run)
    tasks = store.tasks(row.run)
    words = [word for word in (path, task, output) if word]
    if not words:
        return Chosen(row, tasks, visualizations(tasks))
    one, wanted = task_and_output(tasks, words, row.run)
    if not wanted:
        meant = below(tasks, one) if one.group else [one]
        return Chosen(row, meant, visualizations(meant))
    shown = [
        visualization
        for visualization in read_task(one)
        if visualization.output == wanted or visualization.output.startswith(f"{wanted}[")
    ]
    if not shown:
        raise NotFound(f"task {one.task} of run {row.run} has no output artifact {wanted}: {_has(one)}")
    return Chosen(row, [one], shown)


def _has(task: TaskRow) -> str:
    return f"it has {', '.join(task.artifacts)}" if task.artifacts else "it has none"


@click.command("open")
@run_argument
@task_argument
@output_argument
@click.option("--output", "-o", "to", type=click.Path(path_type=Path, dir_okay=False), help="Write the page here.")
@click.option("--browser/--no-browser", default=True, help="Open it; or only say where it is.")
@click.option("--network", is_flag=True, help="Let HTML that tasks wrote load from the network, as plots' scripts.")
@click.pass_obj
def open_(context: CliContext, run: str, task: str, output: str, to: Path | None, browser: bool, network: bool) -> None:
    """Write a page with what RUN made, or one TASK, or one OUTPUT of it, and open it in a browser.

    It is one file, needs no network, and can be sent on. HTML that tasks wrote stands in frames that can reach nothing.
    """
    from kflite.cli.browser import show_page
    from kflite.html.document import write
    from kflite.html.run import run_page

    with context.store() as store:
        chosen = choose(store, run, task, output)
    place = context.paths(chosen.run)
    text = run_page(chosen.run, chosen.tasks, chosen.visualizations, place, network)
    show_page(write(text, to or place.runs / "report.html"), browser)
