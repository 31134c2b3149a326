"""`kflite cache`: list cached results, explain hits and misses, remove results."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, known_runs, out
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.runs.cache_report import Difference


@click.group()
def cache() -> None:
    """List cached results; explain hits and misses; remove results."""


@cache.command("ls")
@click.option("--limit", "-n", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@click.option("--pipeline", default="", help="Only results of this pipeline.")
@as_json
@click.pass_obj
def list_(context: CliContext, limit: int, pipeline: str, json_: bool) -> None:
    """List results that can be used again."""
    from kflite.format import clean, short_time
    from kflite.runs.as_json import cache_json

    with context.store() as store:
        rows = store.cache(limit, pipeline)
    if json_:
        return out().document([cache_json(row) for row in rows])
    if not rows:
        return out().line(("nothing is cached", "dim"))
    now = time.time()
    cells = [
        (
            (row.key[:12], "bold"),
            (clean(row.pipeline), ""),
            (clean(row.title), ""),
            (clean(f"{row.run}/{row.task}"), "dim"),
            (short_time(row.created, now), "dim"),
            (short_time(row.expires, now) if row.expires else "never", "dim"),
        )
        for row in rows
    ]
    return out().table(("KEY", "PIPELINE", "COMPONENT", "FROM", "CREATED", "EXPIRES"), cells, spare=("PIPELINE", "EXPIRES"))


@cache.command()
@click.argument("run", shell_complete=known_runs)
@click.argument("task")
@as_json
@click.pass_obj
def why(context: CliContext, run: str, task: str, json_: bool) -> None:
    """Explain why TASK of RUN did or did not take its result from the cache."""
    from kflite.runs.cache_report import explain
    from kflite.runs.lookup import one_task

    with context.store() as store:
        row = store.run(run)
        chosen = one_task(store.tasks(row.run), task, row.run)
        answer = explain(store, row, chosen, context.settings.artifacts)
    if json_:
        return out().document(answer.as_json())
    sign, style = ("hit", "green") if answer.hit else ("miss", "yellow")
    out().line((f"{sign}: ", style), (chosen.task, "bold"), f": {answer.text}")
    return _table(answer.parts) if answer.parts else None


def _table(parts: tuple[Difference, ...]) -> None:
    from kflite.format import clean

    def cell(text: str | None, style: str) -> tuple[str, str]:
        return ("-" if text is None else clean(text)[:48], style)

    rows = [
        (
            ("same" if part.same else "differs", "dim" if part.same else "yellow"),
            (clean(part.name), "" if part.same else "bold"),
            cell(part.old, "dim" if part.same else "red"),
            cell(part.new, "dim" if part.same else "green"),
        )
        for part in parts
    ]
    out().table(("", "PART OF THE KEY", "THEN", "NOW"), rows)


@cache.command()
@click.argument("keys", nargs=-1)
@click.option("--pipeline", default="", help="All results of this pipeline.")
@click.option("--all", "all_", is_flag=True, help="All results.")
@click.pass_obj
def rm(context: CliContext, keys: tuple[str, ...], pipeline: str, all_: bool) -> None:
    """Remove results from the cache: by prefixes of their KEYS, of a pipeline, or all. Artifacts stay."""
    if not keys and not pipeline and not all_:
        raise InputError("cache rm: name keys (see kflite cache ls), or --pipeline NAME, or --all")
    with context.store() as store:
        rows = store.cache(1_000_000, pipeline)
        chosen = [row.key for row in rows if not keys or row.key.startswith(keys)]
        out().line(f"forgot {store.delete_cached(chosen)} of {len(rows)} results")
