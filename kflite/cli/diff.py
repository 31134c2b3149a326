"""`kflite diff`: two runs side by side."""

from __future__ import annotations

import click

from kflite.cli.common import Given, as_json, known_runs, out


@click.command()
@click.argument("first", shell_complete=known_runs)
@click.argument("second", shell_complete=known_runs)
@click.option("--all", "all_", is_flag=True, help="Also what is the same in both.")
@as_json
@click.pass_obj
def diff(given: Given, first: str, second: str, all_: bool, json_: bool) -> None:
    """Compare runs FIRST and SECOND: parameters, outputs, metrics, and what each task did."""
    from kflite.client.diff import diff as compare
    from kflite.client.diff import diff_json
    from kflite.client.view.text import clean, value

    with given.store() as store:
        rows = store.run(first), store.run(second)
        pairs = compare(store, *rows)
    if json_:
        return out().document(diff_json(*rows, pairs))
    shown = [pair for pair in pairs if all_ or not pair.same]
    if not shown:
        return out().line(f"{rows[0].run} and {rows[1].run} are the same: {len(pairs)} values compared")
    cells = [
        (
            (pair.section, "dim"),
            (clean(pair.name), ""),
            ("-" if pair.first is None else value(pair.first, 40), "dim" if pair.same else "red"),
            ("-" if pair.second is None else value(pair.second, 40), "dim" if pair.same else "green"),
        )
        for pair in shown
    ]
    return out().table(("", "", rows[0].run, rows[1].run), cells)
