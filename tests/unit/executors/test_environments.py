"""Environments for packages, built from a package of the test's own, so that no index is needed."""

from __future__ import annotations

import asyncio
import json
import sys
import zipfile
from pathlib import Path

import pytest
from contract.jobs import Jobs

from kflite.core.job import Exit, Job, Python, Role
from kflite.errors import ExecutorError
from kflite.executors.base import ended
from kflite.executors.environments import Environments, satisfied
from kflite.executors.process import ProcessExecutor

pytestmark = pytest.mark.anyio

WHEEL = {
    "greeting.py": "WORD = 'hello'\n",
    "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
    "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeting:print_word\n",
    "greeting-1.0.dist-info/RECORD": "",
}


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    path = tmp_path / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    return str(path)


@pytest.fixture(params=["uv", "pip"])
def installer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pip":
        monkeypatch.setattr("kflite.executors.environments.shutil.which", lambda *_args, **_options: None)
    return str(request.param)


def job(jobs: Jobs, text: str, *packages: str, task: str = "task") -> Job:
    return jobs.job(Role(python=Python(text, (), packages)), task=task)


async def run(executor: ProcessExecutor, job: Job) -> tuple[Exit, str]:
    exit = await ended(executor, await executor.start(job))
    return exit, (job.folder / "log").read_text()


async def test_a_task_has_its_packages_and_those_of_the_scheduler(
    executor: ProcessExecutor, jobs: Jobs, wheel: str, installer: str
) -> None:
    text = "import greeting, pytest, shutil; print(greeting.WORD, bool(shutil.which('greet')))"
    assert await run(executor, job(jobs, text, wheel)) == (Exit(0), "hello True\n")


async def test_an_environment_is_built_once_for_all(jobs: Jobs, environments: Path, wheel: str) -> None:
    needs = Python("", (), (wheel,))
    one, other = Environments(environments), Environments(environments)
    assert len(set(await asyncio.gather(one.python(needs), one.python(needs), other.python(needs)))) == 1
    (marker,) = environments.glob("*/complete")  # noqa: ASYNC240
    made = marker.stat().st_mtime_ns
    await Environments(environments).python(needs)
    assert marker.stat().st_mtime_ns == made


async def test_other_packages_are_another_environment(environments: Path, wheel: str) -> None:
    builder = Environments(environments)
    assert builder._key(Python("", (), (wheel, "a"))) == builder._key(Python("x", ("y",), ("a", wheel)))
    assert builder._key(Python("", (), (wheel,))) != builder._key(Python("", (), (wheel, "a")))
    assert builder._key(Python("", (), (wheel,))) != builder._key(Python("", (), (wheel,), ("https://index",)))


async def test_what_a_killed_builder_left_is_built_anew(
    executor: ProcessExecutor, jobs: Jobs, environments: Path, wheel: str
) -> None:
    half = environments / Environments(environments)._key(Python("", (), (wheel,))) / "bin"
    half.mkdir(parents=True)
    (half / "python").touch()
    assert (await run(executor, job(jobs, "import greeting", wheel)))[0] == Exit(0)


async def test_a_package_that_does_not_exist_fails_the_start(executor: ProcessExecutor, jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(ExecutorError, match=r"no-such\.whl") as raised:
        await executor.start(job(jobs, "pass", str(tmp_path / "no-such.whl")))
    assert raised.value.reason == "EnvironmentFailed"


async def test_packages_that_are_there_need_no_environment(executor: ProcessExecutor, jobs: Jobs, environments: Path) -> None:
    exit, log = await run(executor, job(jobs, "import sys; print(sys.prefix)", "pytest>=1", "anyio"))
    assert (exit, log) == (Exit(0), f"{sys.prefix}\n")


async def test_replicas_with_different_packages_are_one_gang(executor: ProcessExecutor, jobs: Jobs, wheel: str) -> None:
    text = "import importlib.util, json; print(json.dumps(importlib.util.find_spec('greeting') is not None))"
    gang = jobs.job(Role(python=Python(text, (), (wheel,)), name="with"), Role(python=Python(text, ()), name="without"))
    assert await ended(executor, await executor.start(gang)) == Exit(0)
    assert [json.loads((gang.folder / f"log.{name}.0").read_text()) for name in ("with", "without")] == [True, False]


@pytest.mark.parametrize(
    ("requirement", "is_there"),
    [
        ("pytest", True),
        ("PyTest >= 1", True),
        ("pytest==0.0.1", False),
        ("no-such-package", False),
        ("pytest[dev]", False),
        ("pytest; python_version < '3'", False),
        ("git+https://example.com/x", False),
        ("./pytest", False),
    ],
)
def test_a_requirement_is_met_only_where_that_is_certain(requirement: str, is_there: bool) -> None:
    assert satisfied(requirement) is is_there
