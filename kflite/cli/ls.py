"""`kflite ls`: list or search runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, known_runs, out
from kflite.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kflite.runs.stored import RunRow

_EXAMPLES = """
\b
Fields of EXPR:  state run name pipeline version experiment on kind reason
                 created started ended (2026-11-24, 2026-11-24T08:30, -7d)
                 duration (90s, 30m, 12h)  param.NAME  metric.NAME  label.NAME
Operators:       = != < <= > >=   ~ !~ (contains)   and or not ( )

\b
kflite ls --where 'state=FAILED name~digits created>-7d'
kflite ls --where 'param.c>0.3 or not label.team=a' --sort metric.accuracy
"""


@click.command(epilog=_EXAMPLES)
@click.option("--limit", "-n", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--where", default="", metavar="EXPR", help="List only runs that match the expression, see below.")
@click.option("--state", default="", help="List only runs in this state.")
@click.option("--experiment", default="", help="List only runs of this experiment.")
@click.option("--archived", is_flag=True, help="List only archived runs.")
@click.option("--all", "-a", "all_", is_flag=True, help="List archived runs, too.")
@click.option(
    "--sort",
    default="created",
    show_default=True,
    metavar="FIELD",
    help="Sort by this field: times and numbers descending, texts ascending.",
)
@click.option("--reverse", is_flag=True, help="Reverse the order.")
@click.option("--after", default="", metavar="RUN", shell_complete=known_runs, help="List the next page, after this run.")
@as_json
@click.pass_obj
def ls(
    context: CliContext,
    limit: int,
    where: str,
    state: str,
    experiment: str,
    archived: bool,
    all_: bool,
    sort: str,
    reverse: bool,
    after: str,
    json_: bool,
) -> None:
    """List runs, the newest first."""
    from kflite.runs.as_json import listed_json
    from kflite.runs.stored import Query

    if archived and all_:
        raise InputError("--archived lists only archived runs, and --all archived runs too: give one of them")
    query = Query(where, state, experiment, None if all_ else archived, sort, reverse, after, limit + 1)
    with context.store() as store:
        runs = store.search(query)
    if json_:
        return out().document([listed_json(run) for run in runs[:limit]])
    if not runs:
        return out().line((_none(bool(where or state or experiment or after or archived)), "dim"))
    _table(runs[:limit])
    return out().line((f"more: --after {runs[limit - 1].run}", "dim")) if len(runs) > limit else None


def _none(searched: bool) -> str:
    return "no such runs" if searched else "no runs yet: kflite run TARGET makes one"


def _table(runs: Sequence[RunRow]) -> None:
    from kflite.format import clean, duration, short_time
    from kflite.terminal.style import STYLES

    now = time.time()
    rows = [
        (
            (run.run, "bold"),
            (run.state.value, STYLES[run.state]),
            (clean(run.name), ""),
            (short_time(run.created, now), "dim"),
            (duration((run.ended or now) - run.created), "dim"),
            (_labels(run), "cyan"),
            (clean(run.reason), "dim"),
        )
        for run in runs
    ]
    out().table(("RUN", "STATE", "NAME", "CREATED", "TIME", "LABELS", "REASON"), rows, firm=2, spare=("NAME",))


def _labels(run: RunRow) -> str:
    from kflite.format import clean

    return clean(" ".join(f"{name}={text}" for name, text in run.labels.items()))
