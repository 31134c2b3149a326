"""`kflite diff`: runs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, known_runs, out
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.client.comparison import Comparison
    from kflite.runs.compare import Entry
    from kflite.terminal.style import Line, Span


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", shell_complete=known_runs)
@click.option("--all", "all_", is_flag=True, help="Include values that are the same in all runs.")
@click.option("--open", "open_", is_flag=True, help="Write a page with overlaid curves, and open it in a browser.")
@click.option("--no-browser", is_flag=True, help="With --open: only write the page and print its path.")
@click.option("--output", "-o", "to", type=click.Path(path_type=Path, dir_okay=False), help="Write the page here.")
@as_json
@click.pass_obj
def diff(
    context: CliContext, runs: tuple[str, ...], all_: bool, open_: bool, no_browser: bool, to: Path | None, json_: bool
) -> None:
    """Compare runs: parameters, outputs, metrics, curves, confusion matrices, and what each task did.

    The other runs are compared with the first RUN.
    """
    from kflite.client.comparison import Comparison

    if len(runs) < 2:
        raise InputError(f"kflite diff {runs[0]}: name another run to compare it with")
    with context.store() as store:
        rows = [store.run(run) for run in runs]
        compared = Comparison.of([(row, store.tasks(row.run)) for row in rows])
    if json_:
        return out().document(compared.json())
    if open_ or to:
        return _open(compared, to or context.settings.home / "comparisons" / _name(compared), open_ and not no_browser)
    return _print(compared, all_)


def _open(compared: Comparison, path: Path, browser: bool) -> None:
    from kflite.cli.browser import show_page

    show_page(compared.save(path), browser)


def _name(compared: Comparison) -> str:
    from hashlib import sha256

    runs = " ".join(run.run for run in compared.runs)
    return f"{compared.runs[0].run}-{sha256(runs.encode()).hexdigest()[:8]}.html"


def _print(compared: Comparison, all_: bool) -> None:
    names = [run.run for run in compared.runs]
    shown = [entry for entry in compared.entries if all_ or not entry.same]
    if not shown:
        return out().line(f"{', '.join(names[:-1])} and {names[-1]} are the same: {len(compared.entries)} values compared")
    cells = _fitting(shown)
    heads = [f"#{index}" for index in range(1, len(names) + 1)]
    if sum(len(name) + 2 for name in names) + max(len(row[1][0]) for row in cells) + 14 <= out().width:
        heads = names
    else:
        out().lines((((f"{head} ", "dim"), (name, "bold")) for head, name in zip(heads, names, strict=True)))
    out().table(("", "", *heads), cells)
    return out().lines(_matrices(compared, heads, all_))


def _fitting(entries: Sequence[Entry]) -> list[tuple[Span, ...]]:
    """The rows, without relative changes if they would be too wide."""
    cells = [_cells(entry, True) for entry in entries]
    widths = [max(len(row[i][0]) for row in cells) + 2 for i in range(len(cells[0]))]
    return cells if sum(widths) <= out().width else [_cells(entry, False) for entry in entries]


def _cells(entry: Entry, parts: bool) -> tuple[Span, ...]:
    from kflite.format import clean

    titles = {"roc": "AUC", "confusion": "right"}
    values = ((_value(entry, index, parts), _style(entry, index)) for index in range(len(entry.values)))
    return ((titles.get(entry.section, entry.section), "dim"), (clean(entry.name), ""), *values)


def _value(entry: Entry, index: int, parts: bool) -> str:
    from kflite.figures.numbers import number
    from kflite.format import change, value

    each = entry.values[index]
    if each is None:
        return "-"
    first, now = (None, None) if entry.section == "parameters" else (number(entry.values[0]), number(each))
    moved = change(first, now, parts) if first is not None and now is not None else ""
    shown = f"{each:.6g}" if isinstance(each, float) else value(each, 40)
    return f"{shown}  {moved}" if moved else shown


def _style(entry: Entry, index: int) -> str:
    if entry.same or entry.values[index] is None:
        return "dim"
    return "" if entry.values[index] == entry.values[0] else "yellow"


def _matrices(compared: Comparison, heads: list[str], all_: bool) -> Iterator[Line]:
    from kflite.format import clean, percent
    from kflite.terminal.figures.matrix import beside, grid

    same = {entry.name for entry in compared.entries if entry.section == "confusion" and entry.same}
    for name, row in compared.matrices.items():
        if all_ or name not in same:
            blocks = [
                [((head, "dim"), (f"  {percent(matrix.right)} right", "bold cyan")), *grid(matrix, out().width, out().signs)]
                for head, matrix in zip(heads, row, strict=True)
                if matrix
            ]
            yield from ((), ((clean(name), "bold"), ("  rows true, columns predicted", "dim")), *beside(blocks, out().width))
