"""The README's programs and commands, and every example by the command of its first line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"```console\n(.*?)\n```", README, re.DOTALL)
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
LAST_LINE = {
    "conditions.py": "far below the limit",
    "containers.py": "Output = ",
    "digits.py": "Output = 0.99",
    "evaluation.py": "Output = 0.99",
    "retries.py": "Output = attempt 3 succeeded",
    "typed.py": "Output = 3200 weights in 3 layers",
    "tune.py": "parameters={'c': ",
}


def run(command: str, where: Path, **environment: str) -> str:
    """What a command prints, run by this interpreter and its kflite."""
    words = shlex.split(command)
    words = [sys.executable, *(["-m", "kflite"] if Path(words[0]).name == "kflite" else []), *words[1:]]
    done = subprocess.run(
        words, cwd=where, env=os.environ | environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _written(folder: Path) -> tuple[list[str], list[str]]:
    """The README's pipelines, each in a file of its name, and its scripts, which import them."""
    pipelines, scripts = [], []
    for number, program in enumerate(PROGRAMS):
        pipeline = re.search(r"^@dsl\.pipeline.*\ndef (\w+)", program, re.MULTILINE)
        name = f"{pipeline[1]}.py" if pipeline else f"script{number}.py"
        (pipelines if pipeline else scripts).append(name)
        (folder / name).write_text(program)
    assert pipelines
    assert scripts
    return pipelines, scripts


def test_pages_show_the_layers_of_the_code() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [layer for layer in contracts[0]["layers"] if layer != "__main__"]
    contributing = (ROOT / "CONTRIBUTING.md").read_text().partition("## Layers")[2]
    architecture = (ROOT / "docs/explanation/architecture.md").read_text().partition("## Rooms")[2]
    assert re.findall(r"^    (\w+(?: \| \w+)*)", contributing, re.MULTILINE) == layers
    assert re.findall(r"^(\w+(?: \| \w+)*)", architecture.split("```")[1], re.MULTILINE)[1:] == layers


def test_contributing_names_the_folders_of_tests() -> None:
    folders = {path.relative_to(ROOT).parts[1] for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(re.findall(r"^\| tests/(\w+) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)) == folders


@pytest.mark.usefixtures("home")
def test_the_readmes_programs_run(tmp_path: Path) -> None:
    pipelines, scripts = _written(tmp_path)
    for pipeline in pipelines:
        assert re.search(r"^Output = 0\.9", run(f"kflite run {pipeline}", tmp_path), re.MULTILINE)
    for script in scripts:
        assert run(f"python {script}", tmp_path).startswith("SUCCEEDED")


def test_the_readme_has_two_set_up_commands_and_no_more() -> None:
    first, second = COMMANDS
    assert first == "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/kflite run examples/digits.py"
    assert second == "bash tests/run"


def test_every_example_says_what_is_to_come_of_it() -> None:
    assert {example.name for example in EXAMPLES} == set(LAST_LINE)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.name != "containers.py"], ids=lambda e: e.stem)
def test_an_example_runs_by_its_first_line(example: Path) -> None:
    assert LAST_LINE[example.name] in run(_first_line(example), ROOT)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("on", ["local", "docker"])
def test_the_containers_example_runs_in_docker(on: str, docker_image: str) -> None:
    command = f"{_first_line(ROOT / 'examples' / 'containers.py')} --on {on}"
    assert "Output = to" in run(command, ROOT, KFLITE_IMAGES=f"python:*={docker_image}")


def _first_line(example: Path) -> str:
    return example.read_text().partition("\n")[0].removeprefix("# ")
