"""`kflite archive`, `unarchive` and `label`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, known_runs, out, texts
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.core.value import Value


@click.command()
@click.argument("runs", nargs=-1, required=True, shell_complete=known_runs)
@click.pass_obj
def archive(context: CliContext, runs: tuple[str, ...]) -> None:
    """Hide RUNS that have ended from listings; nothing is deleted. `kflite ls --archived` lists them."""
    from kflite.runs.labels import archive as note

    with context.store() as store:
        rows = [store.run(run) for run in runs]
        note(store, rows)
    for row in rows:
        out().line(f"archived {row.run}")


@click.command()
@click.argument("runs", nargs=-1, required=True, shell_complete=known_runs)
@click.pass_obj
def unarchive(context: CliContext, runs: tuple[str, ...]) -> None:
    """Show archived RUNS in listings again."""
    from kflite.runs.labels import unarchive as note

    with context.store() as store:
        rows = [store.run(run) for run in runs]
        note(store, rows)
    for row in rows:
        out().line(f"unarchived {row.run}")


@click.command()
@click.argument("run", shell_complete=known_runs)
@click.argument("changes", nargs=-1, metavar="[K=V | K-]...")
@as_json
@click.pass_obj
def label(context: CliContext, run: str, changes: tuple[str, ...], json_: bool) -> None:
    """Set labels of RUN by K=V, remove them by K-, and print its labels."""
    from kflite.format import clean
    from kflite.runs.labels import label as note

    with context.store() as store:
        note(store, store.run(run), _changes(changes))
        labels = store.run(run).labels
    if json_:
        printed: dict[str, Value] = dict(labels)
        return out().document(printed)
    return out().lines(((clean(name), "bold"), ("=", "dim"), (clean(text), "")) for name, text in labels.items())


def _changes(words: tuple[str, ...]) -> dict[str, str | None]:
    off = [word for word in words if "=" not in word]
    if wrong := [word for word in off if not word.endswith("-")]:
        raise InputError(f"label {wrong[0]}: it must be K=V, or K- to remove a label")
    return {**texts([word for word in words if word not in off], "label"), **{word[:-1]: None for word in off}}
