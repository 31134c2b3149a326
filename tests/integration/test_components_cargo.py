"""What travels with a component: embedded files and folders, notebooks, modules of the project."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.core.event_kind import State

pytestmark = pytest.mark.usefixtures("home")


def embedding(path: Path) -> dsl.Component:
    @dsl.component(embedded_artifact_path=str(path))
    def read(data: dsl.EmbeddedInput[dsl.Dataset], suffix: str = "") -> dict:
        import os

        names = sorted(os.listdir(data.path)) if os.path.isdir(data.path) else [os.path.basename(data.path)]
        return {
            "names": names,
            "kind": type(data).__name__,
            "text": open(os.path.join(data.path, suffix)).read() if suffix else "",
        }

    return read


def test_an_embedded_folder_is_there_with_what_it_holds(run_each, tmp_path):
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "a.txt").write_text("hello")
    ended = run_each(embedding(tmp_path / "data"), suffix="deep/a.txt")
    assert ended.outputs["Output"] == {"names": ["deep"], "kind": "Dataset", "text": "hello"}


def test_an_embedded_file_is_there_under_its_name(run_each, tmp_path):
    (tmp_path / "words.bin").write_bytes(bytes(range(256)))
    assert run_each(embedding(tmp_path / "words.bin")).outputs["Output"]["names"] == ["words.bin"]


def test_modules_in_an_embedded_folder_can_be_imported_and_are_forgotten(run_each, tmp_path):
    ended = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "helper_that_came_along.py").write_text(f"VALUE = {number}\n")

        @dsl.component(embedded_artifact_path=str(folder))
        def use() -> int:
            import helper_that_came_along

            return helper_that_came_along.VALUE

        ended.append(run_each(use).outputs["Output"])
    assert ended == [1, 2]
    assert "helper_that_came_along" not in sys.modules


def notebook(file: Path, *cells: str, tag: int | None = None) -> Path:
    found = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": ["parameters"]} if n == tag else {}, "outputs": []}
        | {"source": text, "execution_count": None}
        for n, text in enumerate(cells)
    ]
    file.write_text(json.dumps({"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return file


def of_notebook(file: Path) -> dsl.Component:
    @dsl.notebook_component(notebook_path=str(file))
    def train(rate: float, out: dsl.OutputPath(str)):  # type: ignore[valid-type]
        dsl.run_notebook(rate=rate, words=["a", None, True], out=out)

    return train


@pytest.fixture
def _jupyter() -> None:
    for package in ("nbclient", "ipykernel"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install '.[test]'")


@pytest.mark.usefixtures("_jupyter")
def test_a_notebook_runs_with_its_parameters(run_each, tmp_path):
    first, second = "rate = 0.0\nout = words = None", "print('rate', rate)\nopen(out, 'w').write(f'{rate} {words}')"
    ended = run_each(of_notebook(notebook(tmp_path / "n.ipynb", first, second, "rate * 2", tag=0)), rate=0.5)
    assert "rate 0.5\n" in ended.tasks["train"].logs()
    assert ended.outputs == {"out": "0.5 ['a', None, True]"}
    kept = ended.tasks["train"].logs().split("the notebook with its outputs is ")[1].strip()
    assert json.loads(Path(kept).read_text())["cells"][-1]["outputs"][0]["data"]["text/plain"] == ["1.0"]


@pytest.mark.usefixtures("_jupyter")
def test_a_cell_that_fails_is_named(run_each, tmp_path):
    file = notebook(tmp_path / "n.ipynb", "x = 1", "# divides\n1 / 0", "print('never')")
    ended = run_each(of_notebook(file), rate=0.5)
    log = ended.tasks["train"].logs()
    assert ended.state is State.FAILED
    assert "CellError: n.ipynb: cell 2 (# divides) failed: ZeroDivisionError: division by zero" in log.splitlines()[-1]
    assert "never" not in log


@pytest.mark.usefixtures("_jupyter")
def test_a_kernel_that_dies_is_told_with_its_cell(tmp_path):
    file = notebook(tmp_path / "n.ipynb", "x = 1", "import os; os._exit(3)")
    log = kflite.run(of_notebook(file), {"rate": 0.5}, on="process").tasks["train"].logs()
    assert "n.ipynb: cell 2 (import os; os._exit(3)) failed: DeadKernelError: Kernel died" in log


@pytest.mark.usefixtures("_jupyter")
def test_a_notebook_in_a_folder_finds_the_modules_and_files_beside_it(run_each, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "beside_the_notebook.py").write_text("def f():\n    return open('data.txt').read()\n")
    (folder / "data.txt").write_text("data")
    notebook(folder / "n.ipynb", "import beside_the_notebook", "open(out, 'w').write(beside_the_notebook.f())")
    assert run_each(of_notebook(folder), rate=0.5).outputs == {"out": "data"}
