"""Python files written for kfp run where it is not installed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from integration import bare

PIPELINE = """
import kfp
from kfp import compiler, components, dsl, kubernetes, local
from kfp.client import Client
from kfp.dsl import Dataset, Input, Output, component


@component
def write(text: str, data: Output[Dataset]):
    with open(data.path, "w") as file:
        file.write(text)


@kfp.dsl.component
def read(data: Input[Dataset]) -> str:
    return open(data.path).read()


@dsl.pipeline
def both(text: str = "as written") -> str:
    return read(data=write(text=text).outputs["data"]).output


if __name__ == "__main__":
    Client(host="http://nowhere").create_run_from_pipeline_func(both)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare.make(tmp_path_factory.mktemp("bare") / "venv")


def run(python: Path, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "mine.py").write_text(text)
    command = [str(python), "-m", "kflite", "run", "mine.py", "--on", "process"]
    env = {"KFLITE_HOME": str(folder / "home"), "XDG_CONFIG_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=100)


def test_a_file_that_imports_kfp_runs_by_what_kflite_has_in_its_place(python, tmp_path):
    done = run(python, tmp_path, PIPELINE)
    assert done.returncode == 0, done.stderr
    assert "Output = as written" in done.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from kfp import registry", "mine.py: ImportError: .*'registry'.*; kfp is not installed, and kflite has only compiler"),
        ("import kfp\nkfp.nothing", "mine.py: AttributeError: .*'nothing'; kfp is not installed"),
        ("import kfp\n\nkfp.Client()", "mine.py:3: kfp.Client speaks to a server of KFP, and kfp is not installed: pip install"),
    ],
)
def test_what_is_missing_of_kfp_is_told(python, tmp_path, text, told):
    done = run(python, tmp_path, text)
    assert done.returncode == 2
    assert re.search(told, done.stderr), done.stderr
