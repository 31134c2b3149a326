"""`kflite logs`: the logs of tasks, byte for byte; with `-f`, as they grow."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from kflite.cli.common import CliContext, find_run, optional_run
from kflite.errors import NotFound


@click.command()
@optional_run
@click.argument("task", required=False, default="")
@click.option("--follow", "-f", is_flag=True, help="Follow the logs until the run ends.")
@click.option("--attempt", type=click.IntRange(min=1), default=None, help="The attempt to show; by default the latest.")
@click.option("--replica", default="", metavar="N|ROLE.N", help="Show only this replica.")
@click.option(
    "--tail", "-n", type=click.IntRange(min=0), default=None, metavar="LINES", help="Show only the last lines of each log."
)
@click.pass_obj
def logs(context: CliContext, run: str, task: str, follow: bool, attempt: int | None, replica: str, tail: int | None) -> None:
    """Print the logs of RUN, of one TASK, or of one replica. With several logs, each line begins with its task's name."""
    from kflite.runs.log_files import logs_of
    from kflite.runs.logs import Tails, follow_logs
    from kflite.runs.lookup import one_task

    with context.store() as store:
        row = find_run(store, run)
        tasks = store.tasks(row.run)
        paths = context.paths(row)
        if task and not (follow and not any(each.task == task for each in tasks) and not row.state.ended):
            tasks = [one_task(tasks, task, row.run)]
            task = tasks[0].task
        if follow and not row.state.ended:
            import asyncio

            pen = _Pen(several=not task)
            return asyncio.run(follow_logs(store, row.run, Tails(paths, task, replica), pen.write))
    files = logs_of(paths, tasks, attempt or 0, replica)
    if task and not files:
        raise NotFound(f"task {task} of run {row.run} has no such log: it is {tasks[0].state}, {tasks[0].attempts} attempts")
    if not files and any(each.attempts for each in tasks):
        raise NotFound(
            f"the logs of run {row.run} are on the machine where it ran; with artifacts in an object store, all can read them"
        )
    written = [(title, log) for title, log in files if log.stat().st_size]
    return _print(written, tail, several=len(written) > 1)


class _Pen:
    """Writes lines, each with its log's title if there are several logs."""

    def __init__(self, several: bool) -> None:
        self._several = several

    def write(self, title: str, lines: bytes) -> None:
        out = sys.stdout.buffer
        if self._several:
            before = f"{title} | ".encode()
            lines = b"".join(before + line for line in lines.splitlines(keepends=True))
        out.write(lines)
        out.flush()


def _print(files: Iterable[tuple[str, Path]], tail: int | None, several: bool) -> None:
    from kflite.runs.logs import Tail

    pen = _Pen(several)
    for title, path in files:
        if tail is not None:
            lines = _last(path, tail)
            pen.write(title, b"\n".join(lines) + b"\n") if lines else None
            continue
        reader = Tail(path, title)
        while reader.read(pen.write):
            pass
        reader.close(pen.write)


def _last(path: Path, count: int) -> list[bytes]:
    """The last lines, read from the end in growing pieces, so that long logs are not read in full."""
    with path.open("rb") as file:
        end, reach = file.seek(0, 2), 65_536
        while True:
            file.seek(max(end - reach, 0))
            lines = file.read(end - file.tell()).split(b"\n")
            lines = lines[:-1] if lines[-1] == b"" else lines
            if len(lines) > count or reach >= end:
                return lines[-count:] if count else []
            reach *= 4
