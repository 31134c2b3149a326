"""Notebook components that kfp's compiler packed run where there is no kfp."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")
for package in ("nbclient", "ipykernel"):
    pytest.importorskip(package, reason=f"{package} is not installed: pip install '.[test]'")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

from integration import bare  # noqa: E402

RUN = """
import importlib.util, json, sys, kflite
assert not importlib.util.find_spec("kfp.dsl")
run = kflite.run(sys.argv[1], {"rate": 0.5}, on="process", progress=False)
print(json.dumps({"state": run.state.value, "outputs": dict(run.outputs), "log": run.tasks["train"].logs()}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with kflite and what runs notebooks, and without kfp."""
    return bare.make(tmp_path_factory.mktemp("bare") / "venv", "nbclient", "ipykernel")


def run(python: Path, folder: Path, last: str) -> dict[str, Any]:
    """Compiles a notebook of two cells by kfp, and runs it."""
    from kfp import compiler, dsl

    cells = [
        {"cell_type": "code", "id": str(n), "metadata": {"tags": tags}, "outputs": [], "source": text, "execution_count": None}
        for n, (text, tags) in enumerate([("rate, out = 0, ''", ["parameters"]), (last, [])])
    ]
    (folder / "n.ipynb").write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    @dsl.notebook_component(notebook_path=str(folder / "n.ipynb"), packages_to_install=["nbclient", "ipykernel"])
    def train(rate: float, out: dsl.OutputPath(str)):  # type: ignore[valid-type]
        dsl.run_notebook(rate=rate, out=out)

    compiler.Compiler().compile(train, str(folder / "train.yaml"))
    done = subprocess.run(
        [python, "-c", RUN, folder / "train.yaml"], capture_output=True, text=True, check=True, cwd=folder, timeout=100
    )
    ended: dict[str, Any] = json.loads(done.stdout)
    return ended


def test_a_notebook_component_of_kfp_runs_without_kfp(python, tmp_path, home):
    ended = run(python, tmp_path, "open(out, 'w').write(str(rate))")
    assert (ended["state"], ended["outputs"]) == ("SUCCEEDED", {"out": "0.5"}), ended["log"]


def test_a_failing_cell_is_shown(python, tmp_path, home):
    ended = run(python, tmp_path, "rate / 0")
    assert ended["state"] == "FAILED"
    assert "executing the following cell:\n------------------\nrate / 0" in ended["log"]
