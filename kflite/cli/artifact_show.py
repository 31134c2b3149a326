"""`kflite artifacts show` and `open`: figures of artifacts in the terminal or in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, find_run, known_runs, out
from kflite.core.frozen import dataclass
from kflite.errors import NotFound

if TYPE_CHECKING:
    from kflite.core.paths import RunPaths
    from kflite.figures.data import Visualization
    from kflite.runs.stored import Database, RunRow, TaskRow
    from kflite.terminal.out import Out
    from kflite.terminal.style import Line


def titled(visualization: Visualization, paths: RunPaths, out: Out, most: int | None = None) -> Iterator[Line]:
    """An artifact's figures and documents under its name, or a description of it. most: the longest document, in lines."""
    from kflite.figures.read import kind
    from kflite.format import clean
    from kflite.terminal.figures.lines import description, full

    yield ((clean(visualization.name), "bold"), (f"  {clean(kind(visualization.artifact))}", "dim"))
    if not visualization.figures:
        yield from description(visualization, out.width)
    yield from full(visualization, out.width, out.signs)
    written = iter(_document(visualization, paths, out))
    yield from islice(written, most)
    if rest := sum(1 for _ in written):
        run = paths.run
        yield (
            (
                f"{out.signs.more} {rest} more lines: kflite artifacts show {run} {visualization.task} {visualization.output}",
                "dim",
            ),
        )


def _document(visualization: Visualization, paths: RunPaths, out: Out) -> Iterator[Line]:
    from kflite.figures.content import content
    from kflite.figures.data import Page
    from kflite.format import clean
    from kflite.terminal.figures.document import html, markdown

    for figure in visualization.figures:
        if isinstance(figure, Page):
            document = content(visualization.artifact, paths)
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
    """Show the artifacts of RUN, of one TASK, or of one OUTPUT of it: metrics, curves, matrices, documents.

    An artifact's id RUN/TASK/OUTPUT, as `artifacts ls` prints it, works as well.
    """
    with context.store() as store:
        chosen = choose(store, run, task, output)
    paths = context.paths(chosen.run)
    if not chosen.visualizations:
        name = chosen.run.run
        return out().line((f"{task or name} has no artifact that can be shown: kflite artifacts ls {name} lists them", "dim"))
    for number, visualization in enumerate(chosen.visualizations):
        out().lines([()] if number else [])
        out().lines(titled(visualization, paths, out()))
    return None


@dataclass(frozen=True, slots=True)
class Chosen:
    """A run, the chosen tasks of it, and their artifacts to show."""

    run: RunRow
    tasks: list[TaskRow]
    visualizations: list[Visualization]


def choose(store: Database, run: str, task: str, output: str) -> Chosen:
    """The artifacts of a run, of a task or the tasks of a group, or of one output of a task. Raises NotFound."""
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
@click.option("--browser/--no-browser", default=True, help="Open the page, or only print its path.")
@click.option("--network", is_flag=True, help="Let HTML of tasks load from the network, such as scripts of plots.")
@click.pass_obj
def open_(context: CliContext, run: str, task: str, output: str, to: Path | None, browser: bool, network: bool) -> None:
    """Write a page with the artifacts of RUN, of one TASK, or of one OUTPUT of it, and open it in a browser.

    The page is one file, needs no network, and can be sent to others. HTML of tasks is shown in isolated frames.
    """
    from kflite.cli.browser import show_page
    from kflite.html.document import write
    from kflite.html.run import run_page

    with context.store() as store:
        chosen = choose(store, run, task, output)
    paths = context.paths(chosen.run)
    text = run_page(chosen.run, chosen.tasks, chosen.visualizations, paths, network)
    show_page(write(text, to or paths.runs / "report.html"), browser)
