"""`kflite ls`: the newest runs."""

from __future__ import annotations

import time

import click

from kflite.cli.common import Given, as_json, out


@click.command()
@click.option("--limit", "-n", type=click.IntRange(min=1), default=20, show_default=True, help="How many, the newest first.")
@click.option("--state", default="", help="Only runs in this state.")
@click.option("--experiment", default="", help="Only runs of this experiment.")
@as_json
@click.pass_obj
def ls(given: Given, limit: int, state: str, experiment: str, json_: bool) -> None:
    """List runs, the newest first."""
    from kflite.client.describe import listed_json
    from kflite.client.view.text import STYLES, clean, clock, duration

    with given.store() as store:
        runs = store.runs(limit, state.upper(), experiment)
    if json_:
        return out().document([listed_json(run) for run in runs])
    if not runs:
        return out().line(("no runs yet: kflite run TARGET makes one" if not state and not experiment else "no such runs", "dim"))
    rows = [
        (
            (run.run, "bold"),
            (run.state.value, STYLES[run.state]),
            (clean(run.name), ""),
            (clock(run.created), "dim"),
            (duration((run.ended or time.time()) - run.created), "dim"),
            (clean(run.reason), "dim"),
        )
        for run in runs
    ]
    return out().table(("RUN", "STATE", "NAME", "CREATED", "TIME", "REASON"), rows)
