"""Mounts of processes: where they cannot be, whoever asks for them, and what they leave."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.probes import HOLD, PATIENCE_S, free

from kflite.core.job import Exit, Job, Mount, MountSource, ReplicaExit
from kflite.errors import ExecutorError
from kflite.executors.base import ended
from kflite.executors.process import ProcessExecutor

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.usefixtures("namespaces"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has mount namespaces"),
]
ROOT = Path(__file__).parents[3]
EMPTY = Mount("/kflite-test", MountSource.EMPTY, "scratch")

RUN = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from unit.executors.test_process_mounts import tried
from contract.jobs import Jobs
asyncio.run(tried(Jobs(Path({root!r}))))
"""


def mounting(job: Job, *mounts: Mount) -> Job:
    return replace(job, roles=tuple(replace(role, mounts=mounts) for role in job.roles))


async def tried(jobs: Jobs) -> None:
    """Run a job with a mount, and print how it went."""
    code = "import os; open('/kflite-test/x', 'w').close(); print(os.getuid(), open('/proc/self/status').read())"
    async with ProcessExecutor(jobs.root / "environments") as executor:
        job = mounting(jobs.python(code), EMPTY)
        exit = await ended(executor, await executor.start(job))
        print(await executor.can_mount(), exit, "" if exit.code else (job.folder / "log").read_text())


def in_namespace(root: Path, *options: str, before: str = ":") -> str:
    """What `tried` prints in a user namespace of its own."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-U", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    program = RUN.format(tests=str(ROOT / "tests"), root=str(root))
    script = f'{before}; exec "$@"'
    command = ["unshare", *options, "sh", "-c", script, "sh", sys.executable, "-c", program]
    # Sockets lie in a folder named for the user, which the one outside of the namespace may have too; its path must be short.
    with tempfile.TemporaryDirectory(prefix="kflite-", dir="/tmp") as temporary:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": temporary}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environ, timeout=PATIENCE_S).stdout


def test_a_user_has_mounts_too_and_no_powers_by_them(tmp_path: Path) -> None:
    said = in_namespace(tmp_path, "-U", f"--map-user={os.getuid() or 1000}", f"--map-group={os.getgid() or 1000}")
    assert f"True {Exit(0, replicas=(ReplicaExit('main', 0, 0),))} {os.getuid() or 1000} Name:" in said
    assert "CapEff:\t0000000000000000" in said


def test_where_no_namespace_is_given_it_is_said_with_the_remedy(tmp_path: Path) -> None:
    forbid = "echo 0 >/proc/sys/user/max_mnt_namespaces; echo 0 >/proc/sys/user/max_user_namespaces"
    said = in_namespace(tmp_path, "-U", "--map-root-user", before=forbid)
    assert said.startswith("False Exit(code=1, reason='NoMounts'")
    assert "--on docker" in said


async def test_other_systems_are_told_where_mounts_are(
    executor: ProcessExecutor, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not await executor.can_mount()
    with pytest.raises(ExecutorError, match="use --on docker") as told:
        await executor.start(mounting(jobs.ending(0), EMPTY))
    assert told.value.reason == "NoMounts"


@pytest.mark.parametrize("escape", ["os.setsid()", "os.setsid()\n    if os.fork(): os._exit(0)"])
async def test_what_a_job_with_mounts_leaves_running_is_ended(executor: ProcessExecutor, jobs: Jobs, escape: str) -> None:
    held = jobs.out("held")
    job = mounting(jobs.python(HOLD.format(escape=escape, held=str(held))), EMPTY)
    assert await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S) == Exit(0)
    await free(held)


async def test_links_and_files_beside_a_mount_point_are_as_they_were(executor: ProcessExecutor, jobs: Jobs) -> None:
    code = "import os; print({*os.listdir('/')} ^ {*eval(os.environ['WAS'])}, os.readlink('/proc/self/cwd'))"
    job = mounting(jobs.python(code), EMPTY)
    job = replace(job, roles=(replace(job.roles[0], env={"WAS": repr(os.listdir("/"))}),))
    await ended(executor, await executor.start(job))
    assert (job.folder / "log").read_text() == f"{{'kflite-test'}} {job.folder}/work\n"


async def test_nothing_can_be_lost_beside_a_mount_point(executor: ProcessExecutor, jobs: Jobs) -> None:
    code = "try: open('/beside', 'w')\nexcept OSError as error: print(error.strerror)"
    job = mounting(jobs.python(code), EMPTY, replace(EMPTY, path="/kflite-other"))
    await ended(executor, await executor.start(job))
    assert (job.folder / "log").read_text() in ("Read-only file system\n", "Permission denied\n")
    assert not {"kflite-test", "kflite-other", "beside"} & {*os.listdir("/")}


async def test_a_volume_that_is_a_file_is_none(executor: ProcessExecutor, jobs: Jobs, environments: Path) -> None:
    (environments.parent / "volumes").mkdir()
    (environments.parent / "volumes" / "file").touch()
    with pytest.raises(ExecutorError, match="there is no volume 'file'"):
        await executor.start(mounting(jobs.ending(0), Mount("/x", MountSource.VOLUME, "file")))


async def test_a_file_of_a_volume_can_be_mounted(executor: ProcessExecutor, jobs: Jobs, environments: Path) -> None:
    folder = environments.parent / "volumes" / "data"
    folder.mkdir(parents=True)
    (folder / "one.txt").write_text("1")
    job = mounting(
        jobs.python("print(open('/kflite-test/1').read())"), Mount("/kflite-test/1", MountSource.VOLUME, "data", "one.txt")
    )
    assert await ended(executor, await executor.start(job)) == Exit(0)
    assert (job.folder / "log").read_text() == "1\n"
