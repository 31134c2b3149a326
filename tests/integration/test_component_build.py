"""`kflite component build`: an image with the code of a folder's components, which pipelines of kfp and of kflite run."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.cli import Cli

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")

KFPS = """
from kfp import dsl
from kfp.dsl import Dataset, Output

from help.prices import PRICE


@dsl.component(base_image="BASE", target_image="TARGET")
def count(n: int, made: Output[Dataset]) -> int:
    with open(made.path, "w") as file:
        file.write("x" * n)
    return n * PRICE
"""
OURS = """
from kflite import dsl

from .deep import ONE


@dsl.component(base_image="BASE", target_image="TARGET")
def size(made: dsl.Input[dsl.Dataset], times: int = 2) -> int:
    with open(made.path) as file:
        return len(file.read()) * times + ONE
"""
PIPELINES = """
import sys

sys.path.insert(0, "FOLDER")
from kflite import components, dsl
from sub.ours import size

count = components.load_component_from_file("FOLDER/component_metadata/count.yaml")


@dsl.pipeline
def both(n: int = 3) -> int:
    counted = count(n=n)
    return size(made=counted.outputs["made"]).output
"""
COMPILE = """
import sys

from kfp import compiler, dsl

sys.path.insert(0, sys.argv[1])
from kfps import count


@dsl.pipeline(name="theirs")
def theirs(n: int = 3) -> int:
    return count(n=n).outputs["Output"]


compiler.Compiler().compile(theirs, sys.argv[2])
"""


@pytest.fixture
def target(docker_image: str) -> Iterator[str]:
    """The name of an image to build."""
    name = f"kflite-test/components:{uuid.uuid4().hex[:12]}"
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)


@pytest.fixture
def cli(tmp_path: Path, target: str, docker_image: str) -> Cli:
    """The command line beside a folder of component files."""
    for name, text in {"kfps": KFPS, "help/prices": "PRICE = 5\n", "sub/ours": OURS, "sub/deep": "ONE = 1\n"}.items():
        file = tmp_path / "comps" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("BASE", docker_image).replace("TARGET", target))
    return Cli.at(tmp_path)


def test_the_image_runs_components_of_kfp_and_of_kflite(cli, target):
    assert cli("component", "build", "comps") == f"{target}\n"
    (cli.folder / "both.py").write_text(PIPELINES.replace("FOLDER", f"{cli.folder}/comps"))
    (cli.folder / "compile.py").write_text(COMPILE)
    subprocess.run([sys.executable, "compile.py", "comps", "theirs.yaml"], cwd=cli.folder, check=True, capture_output=True)
    for name, output in (("both.py", 7), ("theirs.yaml", 15)):
        ended = cli("run", name, "--on", "docker")
        assert f"Output = {output}\n" in ended


def test_components_that_do_not_load_in_the_image_are_told(cli):
    (cli.folder / "comps" / ".dockerignore").write_text("help\n")
    ended = cli.full("component", "build", "comps", status=1)
    assert "count: ModuleNotFoundError: No module named 'help'" in ended.stderr
    assert "size" not in ended.stderr.partition("components cannot be loaded")[2]
    cli("component", "build", "comps", "--no-check")


def test_an_image_that_cannot_be_pushed_is_built_and_told(cli, target):
    for file in ("kfps.py", "sub/ours.py"):
        code = cli.folder / "comps" / file
        code.write_text(code.read_text().replace(target, f"localhost:1/{target}"))
    told = cli.full("component", "build", "comps", "--push", "--no-check", status=1).stderr
    subprocess.run(["docker", "image", "rm", "--force", f"localhost:1/{target}"], capture_output=True, check=True)
    assert f"kflite: localhost:1/{target} was built, and not pushed: docker push failed: " in told
    assert "`docker login` may be needed" in told


def test_a_dry_run_writes_nothing_and_needs_no_docker(cli, docker_image):
    before = sorted(cli.folder.rglob("*"))
    assert f"ARG BASE_IMAGE={docker_image}\n" in cli("component", "build", "comps", "--dry-run")
    assert [file for file in sorted(cli.folder.rglob("*")) if "__pycache__" not in file.parts] == before


def test_without_docker_the_files_are_written_and_the_remedy_is_told(cli, target):
    cli.environment["DOCKER_HOST"] = "unix:///nowhere"
    ended = cli.full("component", "build", "comps", status=1)
    assert "no Docker daemon answers" in ended.stderr
    assert "--no-build-image" in ended.stderr
    assert cli("component", "build", "comps", "--no-build-image") == f"{target}\n"
    assert (cli.folder / "comps" / "Dockerfile").exists()
    cli.environment["PATH"] = str(cli.folder)
    assert "docker is not installed here" in cli.full("component", "build", "comps", status=1).stderr
