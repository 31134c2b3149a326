"""A kfp that is installed is loaded once for all tasks that need it, and no other task sees that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from contract.jobs import Jobs

from kflite.core.job import Job
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor
from kflite.runtime.bootstrap import kfp_shim_text

pytestmark = pytest.mark.anyio

INIT = "import os\nLOADED_BY, RUNTIME, VERSION = os.getpid(), os.environ.get('_KFP_RUNTIME'), {version!r}\n"
EXECUTOR = """
class Executor:
    def __init__(self, executor_input, function_to_execute):
        self.execute = function_to_execute
"""
TELLS = "import kfp, os\nprint(kfp.VERSION, kfp.RUNTIME, kfp.LOADED_BY == os.getpid(), kfp.LOADED_BY == os.getppid())\n"


def install(folder: Path, version: str, executor: str = EXECUTOR) -> None:
    """Puts a kfp there, in new files as an installer does."""
    made = {"kfp/__init__.py": INIT.format(version=version), "kfp/dsl/__init__.py": "", "kfp/dsl/executor.py": executor}
    for name, text in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "new").write_text(text)
        (folder / "new").replace(folder / name)


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which tasks import."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def component(jobs: Jobs, task: str, source: str = f"def f(): exec({TELLS!r})\n") -> Job:
    """A job that runs the function `f` as a component of kfp's compiler."""
    given = json.dumps({"outputs": {"outputFile": str(jobs.out("made"))}})
    return jobs.python(kfp_shim_text(), source, "--executor_input", given, "--function_to_execute", "f", task=task)


async def log(executor: ProcessExecutor, job: Job) -> str:
    """What a job prints."""
    await ended(executor, await executor.start(job))
    return (job.folder / "log").read_text()


async def test_it_is_loaded_before_the_fork(executor: ProcessExecutor, jobs: Jobs, site: Path) -> None:
    install(site, "one")
    assert [await log(executor, component(jobs, task)) for task in ("a", "b")] == ["one true False True\n"] * 2


async def test_other_tasks_find_it_as_if_nobody_had_loaded_it(executor: ProcessExecutor, jobs: Jobs, site: Path) -> None:
    install(site, "one")
    await log(executor, component(jobs, "a"))
    assert await log(executor, jobs.python(TELLS, task="b")) == "one None True False\n"


async def test_one_that_is_installed_anew_is_the_one_that_runs(executor: ProcessExecutor, jobs: Jobs, site: Path) -> None:
    install(site, "one")
    await log(executor, component(jobs, "a"))
    install(site, "two")
    assert await log(executor, component(jobs, "b")) == "two true True False\n"


async def test_one_that_is_removed_is_not_used_again(executor: ProcessExecutor, jobs: Jobs, site: Path) -> None:
    install(site, "one")
    await log(executor, component(jobs, "a"))
    shutil.rmtree(site / "kfp")
    asks = "import kfp\nprint(getattr(kfp, 'VERSION', 'another'))\ndef f(): pass\n"
    assert await log(executor, component(jobs, "b", asks)) == "another\n"


async def test_one_that_cannot_be_loaded_is_told_by_the_task(executor: ProcessExecutor, jobs: Jobs, site: Path) -> None:
    install(site, "one", "raise RuntimeError('it is spoiled')\n")
    exit = await ended(executor, await executor.start(component(jobs, "a")))
    assert exit.code == 1
    assert "RuntimeError: it is spoiled" in exit.message
