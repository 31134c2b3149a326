"""Containerised components of kfp where no container is used: they run from the user's own files, or it is said why not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from integration import bare
from integration.cli import Cli

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")

COMPONENTS = """
from kfp import dsl

from near import PRICE


@dsl.component(base_image="python:3.12", target_image="registry.test/shop:1"MORE)
def count(n: int) -> int:
    return n * PRICE
"""
PIPELINE = """
import sys

from kfp import compiler, dsl

sys.path.insert(0, __file__.removesuffix("buy.py") + "comps")
from sub.shop import count


@dsl.pipeline(name="buy")
def buy(n: int = 3) -> int:
    return count(n=n).output


if __name__ == "__main__":
    compiler.Compiler().compile(buy, "buy.yaml")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pipeline in Python and in YAML, and with its components, of which no image is there."""
    folder = tmp_path_factory.mktemp("made")
    code = folder / "comps" / "sub"
    code.mkdir(parents=True)
    (code / "shop.py").write_text(COMPONENTS.replace("MORE", ""))
    (folder / "comps" / "near.py").write_text("PRICE = 5\n")
    (folder / "buy.py").write_text(PIPELINE)
    subprocess.run([sys.executable, "buy.py"], cwd=folder, check=True, capture_output=True)
    Cli.at(folder)("component", "build", "comps", "--no-build-image")
    return folder


@pytest.fixture
def cli(made: Path, tmp_path: Path) -> Cli:
    """The command line in a copy of that folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "home"))
    return Cli.at(tmp_path)


def test_a_pipeline_in_python_runs_from_the_files_that_it_imports(cli):
    assert "Output = 15\n" in cli("run", "buy.py", "--on", "process")


def test_a_compiled_pipeline_finds_the_folder_beside_it_that_makes_its_image_as_it_is_now(cli):
    assert "Output = 15\n" in cli("run", "buy.yaml")
    (cli.folder / "comps" / "near.py").write_text("PRICE = 3 + 4\n")  # of another size: bytecode of this second would do
    assert "Output = 21\n" in cli("run", "buy.yaml", "--on", "inline")


def test_where_the_sources_are_not_known_the_remedy_is_told(cli):
    (cli.folder / "comps" / "component_metadata" / "count.yaml").write_text("image: another:1\n")
    ended = cli.full("run", "buy.yaml", "--on", "process", status=1)
    told = (
        "count() is in the image registry.test/shop:1, and not known here: use --on docker once `kflite component build FOLDER`"
    )
    assert told in ended.stderr


def test_packages_that_a_component_names_are_asked_for_where_no_image_has_them(cli):
    shop = cli.folder / "comps" / "sub" / "shop.py"
    shop.write_text(COMPONENTS.replace("MORE", ', packages_to_install=["nothing-of-this"]'))
    cli("component", "build", "comps", "--no-build-image")
    plan = json.loads(cli("run", "buy.yaml", "--dry-run", "--json"))
    assert plan["jobs"][0]["roles"][0]["packages"] == ["nothing-of-this"]


def test_where_kfp_is_not_installed_the_same_files_are_built_and_run(cli, tmp_path):
    python = bare.make(tmp_path / "bare")
    environment = {name: text for name, text in cli.environment.items() if name != "PYTHONPATH"}

    def kflite(*words: str) -> str:
        command = [str(python), "-m", "kflite", *words]
        done = subprocess.run(command, cwd=cli.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert kflite("component", "build", "comps", "--no-build-image") == "registry.test/shop:1\n"
    assert "Output = 15\n" in kflite("run", "buy.py", "--on", "process")
    assert "Output = 15\n" in kflite("run", "buy.py", "--on", "inline", "--no-cache")
