"""What every executor promises of mounts, volumes and facts."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import namespace
from contract.probes import there
from contract.subjects import NAMESPACE, Subject
from contract.test_executors import SUCCESS, log, run
from contract.volumes import ClaimedVolumes, FolderVolumes, Volumes

from kflite.core.job import Job, Mount, MountSource, Secret, VolumeClaim
from kflite.errors import ExecutorError
from kflite.executors.base import Executor, ended

pytestmark = pytest.mark.anyio
VALUE = "hunter2-do-not-tell"


@pytest.fixture(autouse=True)
def config(subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The folder of the user's settings; a secret and a config map are there, or in a namespace of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "kflite"
    for name, text in (("secrets/registry/token", VALUE), ("configs/model/depth", "3"), ("configs/model/width", "4")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if not subject.name.startswith("kubernetes"):
        yield folder
        return
    request.getfixturevalue("_space")
    with namespace(request.getfixturevalue("cluster_here")) as space:
        monkeypatch.setenv(NAMESPACE, space.name)
        for kind, name, entries in (
            ("secret generic", "registry", {"token": VALUE}),
            ("configmap", "model", {"depth": 3, "width": 4}),
        ):
            space.kubectl("create", *kind.split(), name, *(f"--from-literal={key}={text}" for key, text in entries.items()))
        yield folder


@pytest.fixture
def volumes(subject: Subject, tmp_path: Path, config: Path) -> Iterator[Volumes]:
    """The named volumes, of which "data" is there."""
    folder = tmp_path / "home" / "volumes"
    made = ClaimedVolumes(folder, os.environ[NAMESPACE]) if subject.name.startswith("kubernetes") else FolderVolumes(folder)
    made.make("data")
    yield made
    made.close()


def mounting(job: Job, *mounts: Mount) -> Job:
    return replace(job, roles=tuple(replace(role, mounts=mounts) for role in job.roles))


def claiming(jobs: Jobs, claim: VolumeClaim, task: str = "claim") -> Job:
    return replace(jobs.job(task=task), claim=claim)


READ = "import os, sys\nfor path in sys.argv[1:]: print(path, sorted(n for n in os.listdir(path) if n[0] != '.'))"


@pytest.mark.needs("mounts")
async def test_a_volume_is_seen_where_it_is_mounted_and_a_part_is_made(executor: Executor, jobs: Jobs, volumes: Volumes) -> None:
    paths = ["/kflite-test-a", "/kflite-test-b/b/c", "/mnt/kflite-test", f"{jobs.root}/mount"]
    (volumes.folder("data") / "one").write_text("1")
    write = f"{READ}\nfor path in sys.argv[1:]: open(path + '/two', 'a').write('2')\nopen('/part/x', 'w').close()"
    mounts = [Mount(path, MountSource.VOLUME, "data") for path in paths]
    job = mounting(jobs.python(write, *paths), *mounts, Mount("/part", MountSource.VOLUME, "data", "a/b"))
    assert await run(executor, job) == SUCCESS
    assert log(job).splitlines() == [f"{path} ['a', 'one']" for path in paths]
    assert (volumes.folder("data") / "two").read_text() == "2222"
    assert (volumes.folder("data") / "a" / "b" / "x").exists()


@pytest.mark.needs("mounts", "own volumes")
async def test_nobody_else_sees_a_mount(executor: Executor, jobs: Jobs, volumes: Path) -> None:
    await run(executor, mounting(jobs.ending(0), Mount("/kflite-test-b", MountSource.VOLUME, "data")))
    assert "kflite-test-b" not in os.listdir("/")


@pytest.mark.needs("mounts")
async def test_a_secret_and_a_config_map_are_folders_that_are_only_read(executor: Executor, jobs: Jobs) -> None:
    code = f"""{READ}
print(open('/kflite-test/s/token').read(), open('/kflite-test/c/depth').read())
for path in sys.argv[1:3]:
    try: open(path + '/new', 'w')
    except OSError as error: print(error.strerror)
"""
    mounts = (
        Mount("/kflite-test/s", MountSource.SECRET, "registry"),
        Mount("/kflite-test/c", MountSource.CONFIG_MAP, "model"),
        Mount("/kflite-test/n", MountSource.SECRET, "none", optional=True),
    )
    job = mounting(jobs.python(code, *(mount.path for mount in mounts)), *mounts)
    assert await run(executor, job) == SUCCESS
    assert log(job).splitlines() == [
        "/kflite-test/s ['token']",
        "/kflite-test/c ['depth', 'width']",
        "/kflite-test/n []",
        f"{VALUE} 3",
        *["Read-only file system"] * 2,
    ]


@pytest.mark.needs("mounts", "own volumes")
async def test_nothing_of_a_secret_is_left_when_the_job_has_ended(executor: Executor, jobs: Jobs, config: Path) -> None:
    await run(executor, mounting(jobs.ending(0), Mount("/kflite-test", MountSource.SECRET, "registry")))
    left = [path for path in jobs.root.rglob("*") if path.is_file() and not path.is_relative_to(config)]
    assert not [path for path in left if VALUE.encode() in path.read_bytes()]


SCRATCH = """
import os
print(os.listdir('/disk'), os.listdir('/memory'))
for path in ('/disk/x', '/memory/x'):
    try: open(path, 'wb').write(b'x' * (1 << 22))
    except OSError as error: print(path, error.strerror)
"""


@pytest.mark.needs("mounts")
async def test_an_empty_folder_is_each_attempts_own_gone_after_it_and_bounded_in_memory(executor: Executor, jobs: Jobs) -> None:
    memory = Mount("/memory", MountSource.EMPTY, "fast", options={"medium": "Memory", "sizeLimit": str(1 << 20)})
    job = mounting(jobs.python(SCRATCH), Mount("/disk", MountSource.EMPTY, "scratch"), memory)
    both = (job, replace(job, attempt=2, folder=job.folder.with_name("2")))
    assert await asyncio.gather(*(run(executor, each) for each in both)) == [SUCCESS, SUCCESS]
    for each in both:
        assert log(each) == "[] []\n/memory/x No space left on device\n"
        assert not (each.folder / "mounts").exists()


@pytest.mark.needs("mounts", "commands")
async def test_a_command_sees_mounts_one_below_the_other(executor: Executor, jobs: Jobs, volumes: Volumes) -> None:
    job = jobs.shell("cd /kflite-test && ls && cat config/depth")
    mounts = (Mount("/kflite-test/config", MountSource.CONFIG_MAP, "model"), Mount("/kflite-test", MountSource.VOLUME, "data"))
    assert await run(executor, mounting(job, *mounts)) == SUCCESS
    assert log(job) == "config\n3"


@pytest.mark.needs("mounts", "outlives", "live")
async def test_a_mount_is_cleared_by_whoever_sees_the_end(make: Callable[[], Executor], jobs: Jobs) -> None:
    job = mounting(jobs.sleeping(), Mount("/kflite-test", MountSource.EMPTY, "scratch"))
    async with make() as executor:
        ref = await executor.start(job)
        await there(jobs.out("ready"))
    async with make() as executor:
        await executor.stop(ref, 0.1)
        await ended(executor, ref)
    assert not (job.folder / "mounts").exists()


@pytest.mark.needs("mounts", "own volumes")
@pytest.mark.parametrize(
    ("mount", "reason", "remedy"),
    [
        (Mount("/x", MountSource.VOLUME, "none"), "VolumeMissing", "mkdir -p"),
        (Mount("/x", MountSource.VOLUME, "../etc"), "BadVolume", "small letters"),
        (Mount("/x", MountSource.VOLUME, "data", "../.."), "BadMount", "inside it"),
        (Mount("/x", MountSource.SECRET, "none"), "SecretMissing", "KFLITE_SECRET_NONE"),
        (Mount("/x", MountSource.SECRET, "../secrets/registry/.."), "SecretMissing", "make the folder"),
        (Mount("/x", MountSource.CONFIG_MAP, "none"), "ConfigMapMissing", "configs/none"),
        (Mount("x", MountSource.EMPTY, "e"), "BadMount", "absolute path"),
        (Mount("/", MountSource.EMPTY, "e"), "BadMount", "absolute path"),
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


@pytest.mark.needs("claims")
async def test_a_claim_makes_a_volume_once_and_ends_it(executor: Executor, jobs: Jobs, volumes: Volumes) -> None:
    known = []
    for task in ("one", "again"):
        assert await run(executor, claiming(jobs, VolumeClaim("made", options={"size": "1Gi"}), task)) == SUCCESS
        known.append(volumes.identity("made"))
    assert known[0] == known[1] != ""
    for task in ("end", "end-again"):
        assert await run(executor, claiming(jobs, VolumeClaim("made", delete=True), task)) == SUCCESS
    assert volumes.identity("made") == ""


@pytest.mark.needs("claims")
async def test_a_claim_that_was_settled_is_not_settled_again(executor: Executor, jobs: Jobs, volumes: Volumes) -> None:
    await run(executor, claiming(jobs, VolumeClaim("other", delete=True)))
    volumes.make("other")
    assert await run(executor, claiming(jobs, VolumeClaim("other", delete=True))) == SUCCESS
    assert volumes.identity("other")


@pytest.mark.needs("claims", "own volumes")
async def test_a_claim_may_begin_with_what_another_volume_holds(executor: Executor, jobs: Jobs, volumes: Volumes) -> None:
    (volumes.folder("data") / "one").write_text("1")
    source = {"kind": "PersistentVolumeClaim", "name": "data"}
    await run(executor, claiming(jobs, VolumeClaim("copy", options={"dataSource": {**source}})))
    assert (volumes.folder("copy") / "one").read_text() == "1"
    with pytest.raises(ExecutorError, match="no VolumeSnapshot"):
        await executor.start(
            claiming(jobs, VolumeClaim("c", options={"dataSource": {**source, "kind": "VolumeSnapshot"}}), "other")
        )


@pytest.mark.needs("claims", "own volumes")
async def test_a_folder_of_the_users_that_a_volume_links_to_outlives_it(
    executor: Executor, jobs: Jobs, volumes: Volumes, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    volumes.folder("linked").symlink_to(tmp_path / "own")
    assert await run(executor, claiming(jobs, VolumeClaim("linked", delete=True))) == SUCCESS
    assert (volumes.folder("linked").exists(), (tmp_path / "own").exists()) == (False, True)


FACTS = "import json, os, sys; print(json.dumps([os.environ[name] for name in sys.argv[1:]]))"


def asking(jobs: Jobs, *fields: str, task: str = "task") -> Job:
    names = [f"FACT_{number}" for number in range(len(fields))]
    settings = {"podMetadata": {"labels": {"team": "blue"}, "annotations": {"why": "to see"}}}
    role = replace(jobs.code(FACTS, *names, "DEPTH"), downward_api=tuple(zip(names, fields, strict=True)), settings={**settings})
    return jobs.job(replace(role, secrets=(Secret("DEPTH", "model", "depth", config=True),)), task=task)


async def told(executor: Executor, job: Job) -> list[str]:
    assert await run(executor, job) == SUCCESS
    found: list[str] = json.loads(log(job))
    return found


@pytest.mark.needs("code", "claims")
async def test_a_replica_is_told_of_itself_and_of_config_maps(executor: Executor, jobs: Jobs, subject: Subject) -> None:
    common = ("metadata.namespace", "metadata.labels['team']", "metadata.annotations['why']", "status.podIP", "status.hostIP")
    asked = [asking(jobs, "metadata.name", "metadata.uid", "spec.nodeName", *common, task=task) for task in ("a", "b")]
    one, other = await asyncio.gather(*(told(executor, job) for job in asked))
    place = os.environ[NAMESPACE] if subject.name.startswith("kubernetes") else "default"
    for found in (one, other):
        node, where, team, why, address, host, depth = found[2:]
        assert (where, team, why, depth) == (place, "blue", "to see", "3")
        assert (address.count("."), host.count("."), bool(node)) == (3, 3, True)
    assert one[0] != other[0]
    assert one[1] != other[1]


@pytest.mark.needs("code", "claims", "own volumes")
async def test_a_field_that_is_none_is_refused_with_those_that_are(executor: Executor, jobs: Jobs) -> None:
    with pytest.raises(ExecutorError, match=r"no field 'status\.mood'.*metadata\.name"):
        await run(executor, asking(jobs, "status.mood"))


async def test_inline_says_where_mounts_are_possible(tmp_path: Path) -> None:
    from kflite.executors.inline import InlineExecutor

    async with InlineExecutor(tmp_path) as executor:
        with pytest.raises(ExecutorError, match=r"mounts /x.*use --on process") as refused:
            await executor.start(mounting(Jobs(tmp_path).ending(0), Mount("/x", MountSource.EMPTY, "e")))
    assert refused.value.reason == "NoMounts"
