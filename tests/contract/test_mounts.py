"""What every executor promises of mounts, volumes and facts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.probes import there
from contract.test_executors import SUCCESS, log, run

from kflite.errors import ExecutorError
from kflite.executors.base import Executor
from kflite.job import Claim, Job, Mount, Secret, Source

pytestmark = pytest.mark.anyio
VALUE = "hunter2-do-not-tell"


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the user's settings, with a secret and a config map."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "kflite"
    for name, text in (("secrets/registry/token", VALUE), ("configs/model/depth", "3"), ("configs/model/width", "4")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def volumes(tmp_path: Path) -> Path:
    """The folder of named volumes, with one."""
    (tmp_path / "home" / "volumes" / "data").mkdir(parents=True)
    return tmp_path / "home" / "volumes"


def mounting(job: Job, *mounts: Mount) -> Job:
    return replace(job, roles=tuple(replace(role, mounts=mounts) for role in job.roles))


def claiming(jobs: Jobs, claim: Claim, task: str = "claim") -> Job:
    return replace(jobs.job(task=task), claim=claim)


READ = "import os, sys\nfor path in sys.argv[1:]: print(path, {n: open(f'{path}/{n}').read() for n in sorted(os.listdir(path))})"


@pytest.mark.needs("mounts")
@pytest.mark.parametrize("path", ["/kflite-test-a", "/kflite-test-a/b/c", "/mnt/kflite-test", "{root}/mount"])
async def test_a_volume_is_seen_where_it_is_mounted(executor: Executor, jobs: Jobs, volumes: Path, path: str) -> None:
    path = path.format(root=jobs.root)
    (volumes / "data" / "one").write_text("1")
    job = mounting(jobs.python(f"{READ}\nopen(path + '/two', 'w').write('2')", path), Mount(path, Source.VOLUME, "data"))
    assert await run(executor, job) == SUCCESS
    assert log(job) == f"{path} {{'one': '1'}}\n"
    assert (volumes / "data" / "two").read_text() == "2"


@pytest.mark.needs("mounts")
async def test_nobody_else_sees_a_mount(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    await run(executor, mounting(jobs.ending(0), Mount("/kflite-test-b", Source.VOLUME, "data")))
    assert "kflite-test-b" not in os.listdir("/")


@pytest.mark.needs("mounts")
async def test_a_part_of_a_volume_can_be_mounted_and_is_made(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    code = "open('/kflite-test/x', 'w').close()"
    assert await run(executor, mounting(jobs.python(code), Mount("/kflite-test", Source.VOLUME, "data", "a/b"))) == SUCCESS
    assert (volumes / "data" / "a" / "b" / "x").exists()


@pytest.mark.needs("mounts")
async def test_a_secret_and_a_config_map_are_folders_that_are_only_read(executor: Executor, jobs: Jobs) -> None:
    code = f"{READ}\ntry: open(path + '/new', 'w')\nexcept OSError as error: print(error.strerror)"
    mounts = (Mount("/kflite-test/s", Source.SECRET, "registry"), Mount("/kflite-test/c", Source.CONFIG_MAP, "model"))
    job = mounting(jobs.python(code, "/kflite-test/s", "/kflite-test/c"), *mounts)
    assert await run(executor, job) == SUCCESS
    assert log(job).splitlines() == [
        f"/kflite-test/s {{'token': '{VALUE}'}}",
        "/kflite-test/c {'depth': '3', 'width': '4'}",
        "Read-only file system",
    ]


@pytest.mark.needs("mounts")
async def test_nothing_of_a_secret_is_left_when_the_job_has_ended(executor: Executor, jobs: Jobs, config: Path) -> None:
    await run(executor, mounting(jobs.ending(0), Mount("/kflite-test", Source.SECRET, "registry")))
    left = [path for path in jobs.root.rglob("*") if path.is_file() and not path.is_relative_to(config)]
    assert not [path for path in left if VALUE.encode() in path.read_bytes()]


@pytest.mark.needs("mounts")
@pytest.mark.parametrize("options", [{}, {"medium": "Memory", "sizeLimit": "1048576"}], ids=["disk", "memory"])
async def test_an_empty_folder_is_each_attempts_own_and_gone_after_it(
    executor: Executor, jobs: Jobs, options: dict[str, str]
) -> None:
    code = "import os; print(os.listdir('/kflite-test')); open('/kflite-test/x', 'w').write('x')"
    job = mounting(jobs.python(code), Mount("/kflite-test", Source.EMPTY, "scratch", options={**options}))
    again = replace(job, attempt=2, folder=job.folder.with_name("2"))
    for each in (job, again):
        assert await run(executor, each) == SUCCESS
        assert log(each) == "[]\n"
        assert not (each.folder / "mounts").exists()


@pytest.mark.needs("mounts")
async def test_a_folder_in_memory_is_bounded(executor: Executor, jobs: Jobs) -> None:
    options = {"medium": "Memory", "sizeLimit": "1048576"}
    code = "import os\ntry: open('/kflite-test/x', 'wb').write(b'x' * (1 << 22))\nexcept OSError as error: print(error.strerror)"
    job = mounting(jobs.python(code), Mount("/kflite-test", Source.EMPTY, options={**options}, name="scratch"))
    await run(executor, job)
    assert log(job) == "No space left on device\n"


@pytest.mark.needs("mounts", "commands")
async def test_a_command_sees_mounts_one_below_the_other(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    job = jobs.shell("cd /kflite-test && ls && cat config/depth")
    mounts = (Mount("/kflite-test/config", Source.CONFIG_MAP, "model"), Mount("/kflite-test", Source.VOLUME, "data"))
    assert await run(executor, mounting(job, *mounts)) == SUCCESS
    assert log(job) == "config\n3"


@pytest.mark.needs("mounts", "outlives")
async def test_a_mount_is_cleared_by_whoever_sees_the_end(make: Callable[[], Executor], jobs: Jobs) -> None:
    job = mounting(jobs.sleeping(), Mount("/kflite-test", Source.EMPTY, "scratch"))
    async with make() as executor:
        ref = await executor.start(job)
        await there(jobs.out("ready"))
    async with make() as executor:
        await executor.stop(ref, 0.1)
        await executor.wait(ref)
    assert not (job.folder / "mounts").exists()


@pytest.mark.needs("mounts")
@pytest.mark.parametrize(
    ("mount", "reason", "remedy"),
    [
        (Mount("/x", Source.VOLUME, "none"), "VolumeMissing", "mkdir -p"),
        (Mount("/x", Source.VOLUME, "../etc"), "BadVolume", "small letters"),
        (Mount("/x", Source.VOLUME, "data", "../.."), "BadMount", "inside it"),
        (Mount("/x", Source.SECRET, "none"), "SecretMissing", "KFLITE_SECRET_NONE"),
        (Mount("/x", Source.SECRET, "../secrets/registry/.."), "SecretMissing", "make the folder"),
        (Mount("/x", Source.CONFIG_MAP, "none"), "ConfigMapMissing", "configs/none"),
        (Mount("x", Source.EMPTY, "e"), "BadMount", "absolute path"),
        (Mount("/", Source.EMPTY, "e"), "BadMount", "absolute path"),
    ],
)
@pytest.mark.usefixtures("volumes")
async def test_what_cannot_be_mounted_is_told_with_its_remedy(
    executor: Executor, jobs: Jobs, mount: Mount, reason: str, remedy: str
) -> None:
    with pytest.raises(ExecutorError) as told:
        await executor.start(mounting(jobs.ending(0), mount))
    assert told.value.reason == reason
    assert remedy in str(told.value)


@pytest.mark.needs("mounts")
async def test_a_secret_that_may_be_missing_is_an_empty_folder(executor: Executor, jobs: Jobs) -> None:
    job = mounting(jobs.python(READ, "/kflite-test"), Mount("/kflite-test", Source.SECRET, "none", optional=True))
    assert await run(executor, job) == SUCCESS
    assert log(job) == "/kflite-test {}\n"


@pytest.mark.needs("claims")
async def test_a_claim_makes_a_volume_once_and_ends_it(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    for task in ("one", "again"):
        assert await run(executor, claiming(jobs, Claim("made", options={"size": "1Gi"}), task)) == SUCCESS
        (volumes / "made" / "kept").touch()
    assert (volumes / "made" / "kept").exists()
    for task in ("end", "end-again"):
        assert await run(executor, claiming(jobs, Claim("made", delete=True), task)) == SUCCESS
    assert not (volumes / "made").exists()


@pytest.mark.needs("claims")
async def test_a_claim_that_was_settled_is_not_settled_again(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    await run(executor, claiming(jobs, Claim("data", delete=True)))
    (volumes / "data").mkdir()
    assert await run(executor, claiming(jobs, Claim("data", delete=True))) == SUCCESS
    assert (volumes / "data").exists()


@pytest.mark.needs("claims")
async def test_a_claim_may_begin_with_what_another_volume_holds(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    (volumes / "data" / "one").write_text("1")
    source = {"kind": "PersistentVolumeClaim", "name": "data"}
    await run(executor, claiming(jobs, Claim("copy", options={"dataSource": {**source}})))
    assert (volumes / "copy" / "one").read_text() == "1"
    with pytest.raises(ExecutorError, match="no VolumeSnapshot"):
        await executor.start(claiming(jobs, Claim("c", options={"dataSource": {**source, "kind": "VolumeSnapshot"}}), "other"))


@pytest.mark.needs("claims")
async def test_a_folder_of_the_users_that_a_volume_links_to_outlives_it(
    executor: Executor, jobs: Jobs, volumes: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (volumes / "linked").symlink_to(tmp_path / "own")
    assert await run(executor, claiming(jobs, Claim("linked", delete=True))) == SUCCESS
    assert ((volumes / "linked").exists(), (tmp_path / "own").exists()) == (False, True)


FACTS = "import json, os, sys; print(json.dumps([os.environ[name] for name in sys.argv[1:]]))"


def asking(jobs: Jobs, *fields: str, task: str = "task") -> Job:
    names = [f"FACT_{number}" for number in range(len(fields))]
    settings = {"podMetadata": {"labels": {"team": "blue"}, "annotations": {"why": "to see"}}}
    role = replace(jobs.code(FACTS, *names), facts=tuple(zip(names, fields, strict=True)), settings={**settings})
    return jobs.job(role, task=task)


async def told(executor: Executor, job: Job) -> list[str]:
    assert await run(executor, job) == SUCCESS
    found: list[str] = json.loads(log(job))
    return found


@pytest.mark.needs("code", "claims")
async def test_a_replica_is_told_of_itself(executor: Executor, jobs: Jobs) -> None:
    fields = ("metadata.name", "metadata.uid", "metadata.namespace", "metadata.labels['team']", "metadata.annotations['why']")
    one, other = [await told(executor, asking(jobs, *fields, task=task)) for task in ("a", "b")]
    assert one[2:] == other[2:] == ["default", "blue", "to see"]
    assert one[0] != other[0]
    assert one[1] != other[1]


@pytest.mark.needs("code", "claims")
async def test_a_replica_is_told_the_address_that_it_can_be_reached_at(executor: Executor, jobs: Jobs) -> None:
    (address, host, node) = await told(executor, asking(jobs, "status.podIP", "status.hostIP", "spec.nodeName"))
    assert address.count(".") == 3
    assert host.count(".") == 3
    assert node


@pytest.mark.needs("code", "claims")
async def test_a_field_that_is_none_is_refused_with_those_that_are(executor: Executor, jobs: Jobs) -> None:
    with pytest.raises(ExecutorError, match=r"no field 'status\.mood'.*metadata\.name"):
        await run(executor, asking(jobs, "status.mood"))


@pytest.mark.needs("code", "claims")
async def test_an_entry_of_a_config_map_is_a_variable(executor: Executor, jobs: Jobs) -> None:
    job = jobs.job(
        replace(jobs.code("import os; print(os.environ['DEPTH'])"), secrets=(Secret("DEPTH", "model", "depth", config=True),))
    )
    await run(executor, job)
    assert log(job) == "3\n"


async def test_inline_says_where_mounts_are_possible(tmp_path: Path) -> None:
    from kflite.executors.inline import InlineExecutor

    async with InlineExecutor(tmp_path) as executor:
        with pytest.raises(ExecutorError, match=r"mounts /x.*use --on process") as refused:
            await executor.start(mounting(Jobs(tmp_path).ending(0), Mount("/x", Source.EMPTY, "e")))
    assert refused.value.reason == "NoMounts"
