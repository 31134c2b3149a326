from __future__ import annotations

import os
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.probes import there

from kflite.core.job import Job, Resources, Role
from kflite.errors import ExecutorError
from kflite.executors import machine
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor

pytestmark = pytest.mark.anyio


def test_the_machine_offers_what_this_process_may_use() -> None:
    offered = machine.machine()
    assert 0 < offered.cpus <= len(os.sched_getaffinity(0))
    assert 0 < offered.memory <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({"cpu.max": "50000 100000"}, 0.5),
        ({"cpu.max": "max 100000", "../cpu.max": "25000 100000"}, 0.25),
        ({"cpu.cfs_quota_us": "20000", "cpu.cfs_period_us": "100000"}, 0.2),
    ],
)
def test_limits_of_the_control_group_count(
    files: dict[str, str], cpus: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = tmp_path / "above" / "own"
    group.mkdir(parents=True)
    for name, text in {**files, "memory.max": "1000000"}.items():
        (group / name).write_text(text)
    monkeypatch.setattr(machine, "_own_cgroups", lambda _controller: iter([group, group.parent]))
    assert (machine.machine().cpus, machine.machine().memory) == (cpus, 1_000_000)


@pytest.mark.parametrize(("visible", "gpus"), [("", ()), ("-1", ()), ("0, 3", ("0", "3")), ("GPU-abc", ("GPU-abc",))])
def test_gpus_are_those_that_are_visible(visible: str, gpus: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.gpus() == gpus


async def test_each_task_gets_gpus_of_its_own(executor: ProcessExecutor, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    one, two, more = (asking(jobs, count, task) for count, task in ((1, "one"), (2, "two"), (1, "more")))
    refs = [await executor.start(one), await executor.start(two)]
    with pytest.raises(ExecutorError, match="asks for 1 GPUs, and 0 are free"):
        await executor.start(more)
    for ref in refs:
        await ended(executor, ref)
    assert [(job.folder / "log").read_text() for job in (one, two)] == ["0\n", "1,2\n"]
    await ended(executor, await executor.start(more))
    assert (more.folder / "log").read_text() == "0\n"


def test_executors_of_one_process_give_no_gpu_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    one, other = machine.GpuShare(), machine.GpuShare()
    assert one.take("a", "r/a", 1) == ("0",)
    assert other.take("b", "r/b", 1, elsewhere=("1",)) == ("2",)
    with pytest.raises(ExecutorError, match="r/c asks for 2 GPUs, and 1 are free"):
        other.take("c", "r/c", 2)
    one.give("a")
    assert other.take("c", "r/c", 2) == ("0", "1")
    other.close()
    assert one.take("a", "r/a", 3) == ("0", "1", "2")


async def test_gpus_of_a_dead_schedulers_tasks_stay_theirs(
    jobs: Jobs, environments: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    async with ProcessExecutor(environments) as executor:
        ref = await executor.start(asking(jobs, 1, "held", f"touch {jobs.quoted('ready')}; exec sleep 600"))
        await there(jobs.out("ready"))
    async with ProcessExecutor(environments) as executor:
        later = asking(jobs, 1, "later")
        await executor.start(asking(jobs, 1, "held"))
        await ended(executor, await executor.start(later))
        assert (later.folder / "log").read_text() == "1\n"
        await executor.stop(ref, 0)


def asking(jobs: Jobs, gpus: int, task: str, script: str = "echo $CUDA_VISIBLE_DEVICES") -> Job:
    return jobs.job(Role(command=("sh", "-c", script), request=Resources(gpus=gpus)), task=task)
