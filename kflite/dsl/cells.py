"""Runs the cells of a notebook, and reports which one failed.

The text of this file travels inside the command of every notebook component (see kflite.dsl.notebook): it imports the standard
library, and, when it runs, nbclient, which the component's packages bring. Source: parameters as Papermill injects them.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    Cells: TypeAlias = Any  # of nbformat


class CellError(Exception):
    """A cell failed, or could not be run."""


def runner(path: str) -> Callable[..., None]:
    """The `dsl.run_notebook` of the component that embeds the notebook at `path`."""

    def run_notebook(**parameters: object) -> None:
        __tracebackhide__ = True
        run(path, parameters)

    return run_notebook


def run(path: str, parameters: dict[str, object]) -> None:
    """Run the notebook with parameters, print the output of its cells, and write a copy with all outputs next to it.

    Raises CellError, which names the cell.
    """
    nbformat, client = _modules()
    notebook = nbformat.read(path, as_version=4)
    names = _numbered(notebook)
    inject(notebook, parameters, nbformat.v4.new_code_cell)
    started: list[Cells] = []
    executor = client(notebook, timeout=None, kernel_name="python3", store_widget_state=False)
    executor.on_cell_execute = lambda cell, cell_index: started.append(cell)
    error = ""
    try:
        executor.execute(cwd=os.path.dirname(path))
    except Exception as failure:  # noqa: BLE001 - what nbclient raises differs by release; all of it ends the notebook
        error = _failure_text(failure, started, names)
    executed_path = os.path.splitext(path)[0] + ".executed.ipynb"
    nbformat.write(notebook, executed_path)
    print(f"the notebook with its outputs is {executed_path}", flush=True)
    if error:
        raise CellError(f"{os.path.basename(path)}: {error}") from None


def _modules() -> tuple[Cells, Cells]:
    try:
        nbformat, nbclient = import_module("nbformat"), import_module("nbclient")
    except ImportError as error:
        remedy = "name nbclient and ipykernel in packages_to_install, or leave that out"
        raise CellError(f"the notebook needs the package {error.name}: {remedy}") from None

    class Client(nbclient.NotebookClient):  # type: ignore[misc, name-defined]
        def process_message(self, message: Cells, cell: Cells, cell_index: int) -> Cells:
            output = super().process_message(message, cell, cell_index)
            if output is not None:
                show(output)
            return output

    return nbformat, Client


def _numbered(notebook: Cells) -> dict[int, str]:
    """The cells' names by their number in the file, before a cell is inserted; keys are object ids."""
    return {id(cell): f"cell {number}" for number, cell in enumerate(notebook.cells, start=1)}


def inject(notebook: Cells, parameters: dict[str, object], new_cell: Callable[..., Cells]) -> None:
    """Insert a cell that sets the parameters after the one tagged `parameters`, or first. Raises CellError if one is no JSON."""
    if not parameters:
        return
    lines = ["import json"]
    for name, value in parameters.items():
        try:
            lines.append(f"{name} = json.loads({json.dumps(value)!r})")
        except (TypeError, ValueError):
            raise CellError(f"run_notebook() was given {name}={value!r}, which JSON cannot hold: pass text or numbers") from None
    cell = new_cell("\n".join(lines))
    cell.metadata["tags"] = ["injected-parameters"]
    tagged = [index for index, each in enumerate(notebook.cells) if "parameters" in each.metadata.get("tags", ())]
    notebook.cells.insert(tagged[0] + 1 if tagged else 0, cell)


def show(output: Cells) -> None:
    """Print an output of a cell."""
    if output["output_type"] == "stream":
        print(output["text"], end="", file=sys.stderr if output["name"] == "stderr" else sys.stdout, flush=True)
    elif output["output_type"] == "error":
        print("\n".join(output["traceback"]), file=sys.stderr, flush=True)
    elif "text/plain" in output.get("data", {}):
        print(output["data"]["text/plain"], flush=True)


def _failure_text(failure: Exception, started: list[Cells], names: dict[int, str]) -> str:
    """The failed cell's number and first line, and the error."""
    why = f"{getattr(failure, 'ename', type(failure).__name__)}: {getattr(failure, 'evalue', None) or failure}"
    if not started:
        return why
    first = (started[-1].source.strip().splitlines() or [""])[0]
    return f"{names.get(id(started[-1]), 'the cell of the parameters')} ({first}) failed: {why}"
