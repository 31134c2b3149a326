"""What the Docker executor promises beyond the contract of all executors."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from contract.jobs import Jobs
from contract.probes import PATIENCE_S, there
from contract.registry import Registry
from docker.models.containers import Container

from kflite.core.job import Exit, Job, Resources, Role
from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.base import ended
from kflite.executors.docker import DockerExecutor, DockerOptions, launch
from kflite.executors.docker.daemon import DaemonRefused
from kflite.executors.images import ImageMap
from kflite.executors.ref import Ref

pytestmark = pytest.mark.anyio
MIB = 1 << 20


@pytest.fixture
def client(docker_image: str) -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def jobs(docker_image: str, tmp_path: Path) -> Jobs:
    return Jobs(tmp_path, docker_image)


@pytest.fixture
async def executor(docker_image: str) -> AsyncIterator[DockerExecutor]:
    async with DockerExecutor() as executor:
        yield executor


@pytest.fixture
def image(client: docker.DockerClient, docker_image: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An image made from the test image by a command, and by what it is to say of itself."""
    command, changes = request.param
    container = client.containers.create(docker_image, command)
    container.start()
    container.wait()
    made = container.commit("kflite-test/variant", "test", changes=changes)
    container.remove()
    yield "kflite-test/variant:test"
    client.images.remove(made.id, force=True)


def of(client: docker.DockerClient, job: Job) -> list[Container]:
    return client.containers.list(all=True, filters={"label": [f"kflite.dev/job={job.id}"]}, ignore_removed=True)


def mine(client: docker.DockerClient, job: Job) -> list[Container]:
    """The containers of just this test's job: its folder is nobody else's."""
    return [box for box in of(client, job) if box.labels["kflite.dev/log"].startswith(f"{job.folder}/")]


async def run(executor: DockerExecutor, job: Job) -> Exit:
    return await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)


def log(job: Job) -> str:
    return (job.folder / "log").read_text()


async def test_a_container_says_whose_it_is(executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient) -> None:
    job = replace(jobs.sleeping(), labels={"kflite.dev/profile": "team"})
    ref = await executor.start(job)
    labels = mine(client, job)[0].labels
    await executor.stop(ref, 0)
    assert labels["app.kubernetes.io/managed-by"] == "kflite"
    assert [labels[f"kflite.dev/{name}"] for name in ("run", "task", "attempt", "profile", "rank")] == [
        "run", "task", "1", "team", "0",
    ]  # fmt: skip


async def test_nothing_is_left_of_what_ended(executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient) -> None:
    job = jobs.ending(3)
    await run(executor, job)
    assert mine(client, job) == []


async def test_nothing_is_left_of_a_gang_that_was_stopped(
    executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient
) -> None:
    job = jobs.job(replace(jobs.sleeping().roles[0], replicas=3))
    ref = await executor.start(job)
    networks = [name for box in mine(client, job) for name in box.attrs["NetworkSettings"]["Networks"]]
    assert len(networks) == 3
    await executor.stop(ref, 0)
    assert mine(client, job) == []
    assert client.networks.list(names=networks) == []


async def test_a_gang_with_one_replica_that_cannot_start_leaves_nothing(
    executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient
) -> None:
    lacking = Role("localhost:1/no/such:image", ("true",), name="worker")
    job = jobs.job(jobs.sleeping().roles[0], lacking)
    with pytest.raises(ExecutorError) as caught:
        await executor.start(job)
    assert caught.value.reason == "ImageNotFound"
    assert mine(client, job) == []
    assert not jobs.out("ready").exists()


async def test_a_gang_has_a_network_when_the_daemons_own_ranges_are_full(
    executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = launch._create_network

    def full(name: str, labels: dict[str, str], subnet: str, api: docker.APIClient) -> None:
        if not subnet:
            raise DaemonRefused(500, "could not find an available, non-overlapping IPv4 address pool")
        create(name, labels, subnet, api)

    monkeypatch.setattr(launch, "_create_network", full)
    own_name = "os.environ['KFLITE_HOSTS'].split(',')[int(os.environ['KFLITE_RANK'])]"
    job = jobs.job(replace(jobs.code(f"import os, socket; socket.gethostbyname({own_name})"), replicas=2))
    assert await run(executor, job) == Exit(0)
    assert client.networks.list(filters={"label": [f"kflite.dev/group={Ref.of(job).group}"]}) == []


async def test_an_image_that_is_nowhere_is_named_with_the_remedy(executor: DockerExecutor, jobs: Jobs) -> None:
    job = jobs.job(Role("localhost:1/no/such:image", ("true",)))
    with pytest.raises(ExecutorError, match=r"localhost:1/no/such:image: .*\[images\]") as caught:
        await executor.start(job)
    assert caught.value.reason == "ImageNotFound"
    assert "pulling the image localhost:1/no/such:image" in log(job)


async def digest(executor: DockerExecutor, image: str) -> str:
    """That of the image, as part of what decides a job's result."""
    return (await executor.identity(Jobs(Path("/nowhere"), image).shell("true"))).get("image digest", "")


async def test_the_image_map_names_another_image(docker_image: str, tmp_path: Path) -> None:
    rules = ImageMap((("python:*", docker_image),))
    job = Jobs(tmp_path, "python:3.11-slim").shell("echo here")
    async with DockerExecutor(DockerOptions(images=rules)) as executor:
        assert await run(executor, job) == Exit(0)
        assert (await digest(executor, "python:3.11-slim")).startswith("sha256:")
    assert log(job) == "here\n"


async def test_an_image_that_is_not_here_is_pulled(tmp_path: Path, client: docker.DockerClient) -> None:
    with Registry() as registry:
        job = Jobs(tmp_path, registry.image).shell("true")
        async with DockerExecutor() as executor:
            exit = await run(executor, job)
            found = await digest(executor, registry.image)
        client.images.remove(registry.image)
    assert exit.reason == "CommandNotFound"  # it is an image without a single program
    assert log(job).splitlines()[0] == f"pulling the image {registry.image}"
    assert f"pulled the image {registry.image}" in log(job)
    assert found == registry.digest


async def test_notes_on_a_pull_go_to_who_asks_for_them(docker_image: str, tmp_path: Path) -> None:
    notes: list[tuple[str, str]] = []
    job = Jobs(tmp_path, "localhost:1/no/such:image").shell("true")
    async with DockerExecutor(progress=lambda job_id, text: notes.append((job_id, text))) as executor:
        with pytest.raises(ExecutorError):
            await executor.start(job)
    assert notes == [("run/task", "pulling the image localhost:1/no/such:image")]


async def test_a_digest_can_be_asked_for_before_anything_runs(docker_image: str) -> None:
    assert (await digest(DockerExecutor(), docker_image)).startswith("sha256:")


async def test_without_a_daemon_no_digest_is_known(tmp_path: Path) -> None:
    executor = DockerExecutor(DockerOptions(address=f"unix://{tmp_path}/docker.sock"))
    assert await digest(executor, "python:3.11") == ""


async def test_the_digest_of_an_image_that_is_not_here_is_unknown(executor: DockerExecutor) -> None:
    assert await digest(executor, "localhost:1/no/such:image") == ""


async def test_it_runs_as_the_caller_with_a_home_to_write_to(executor: DockerExecutor, jobs: Jobs) -> None:
    job = jobs.shell('id -u; id -g; umask; touch "$HOME/file"; echo "$HOME"')
    assert await run(executor, job) == Exit(0)
    assert log(job).split() == [str(os.getuid()), str(os.getgid()), "0077", str(job.folder / "home")]
    assert (job.folder / "home" / "file").stat().st_uid == os.getuid()


@pytest.mark.parametrize("image", [(("true",), ["USER 65534"])], indirect=True)
async def test_it_can_run_as_the_images_own_user(image: str, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, image)
    job = jobs.shell(f'id -u; echo one > {jobs.quoted("made")}; echo two > "$HOME/file"')
    async with DockerExecutor(DockerOptions(image_user=True)) as executor:
        assert await run(executor, job) == Exit(0)
    assert log(job) == "65534\n"
    assert jobs.out("made").read_text() == "one\n"


@pytest.mark.parametrize("image", [(("true",), ['ENTRYPOINT ["echo", "the image"]', 'CMD ["and", "its words"]'])], indirect=True)
@pytest.mark.parametrize(("args", "said"), [((), "the image and its words\n"), (("mine",), "the image mine\n")])
async def test_without_a_command_the_image_has_its_own(
    executor: DockerExecutor, image: str, jobs: Jobs, args: tuple[str, ...], said: str
) -> None:
    job = jobs.job(Role(image, (), args))
    assert await run(executor, job) == Exit(0)
    assert log(job) == said


@pytest.mark.parametrize("image", [(("mkdir", "/app"), ["WORKDIR /app"])], indirect=True)
async def test_a_command_starts_where_its_image_says_and_code_in_a_folder_of_its_own(
    executor: DockerExecutor, image: str, tmp_path: Path
) -> None:
    jobs = Jobs(tmp_path, image)
    command, code = jobs.shell("pwd"), jobs.python("import os; print(os.getcwd())", task="code")
    assert [await run(executor, command), await run(executor, code)] == [Exit(0), Exit(0)]
    assert (log(command), log(code)) == ("/app\n", f"{code.folder}/work\n")


@pytest.mark.parametrize("image", [(("rm", "/bin/sh"), [])], indirect=True)
async def test_an_image_needs_no_shell(executor: DockerExecutor, image: str, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, image)
    said, missing = jobs.python("import sys; print('out'); sys.exit(3)"), jobs.job(Role(image, ("nowhere",)), task="missing")
    assert (await run(executor, said)).message == "exit status 3: out"
    exit = await run(executor, missing)
    assert (exit.code, exit.reason) == (127, "CommandNotFound")


async def test_variables_need_no_names_that_a_shell_could_give(executor: DockerExecutor, jobs: Jobs) -> None:
    job = jobs.job(replace(jobs.code("import os; print(os.environ['my.setting-1'])"), env={"my.setting-1": "on"}))
    assert await run(executor, job) == Exit(0)
    assert log(job) == "on\n"


async def test_limits_bound_the_container(executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient) -> None:
    role = replace(jobs.sleeping().roles[0], limit=Resources(0.5, 64 * MIB))
    job = jobs.job(role)
    ref = await executor.start(job)
    bounds = mine(client, job)[0].attrs["HostConfig"]
    await executor.stop(ref, 0)
    assert (bounds["NanoCpus"], bounds["Memory"], bounds["MemorySwap"]) == (500_000_000, 64 * MIB, 64 * MIB)


async def test_memory_that_a_child_ate_is_named_too(executor: DockerExecutor, jobs: Jobs) -> None:
    job = jobs.limited(jobs.shell("python3 -c 'x = bytearray(500 << 20)'; exit 1"), 64 * MIB)
    assert (await run(executor, job)).reason == "OutOfMemory"


async def test_memory_that_the_interpreter_could_not_get_is_named(executor: DockerExecutor, jobs: Jobs) -> None:
    job = jobs.python("import sys\nsys.stderr.write('MemoryError\\n')\nsys.exit(137)")
    assert (await run(executor, job)).reason == "OutOfMemory"


async def test_an_argument_that_is_too_long_is_told_before_anything_starts(executor: DockerExecutor, jobs: Jobs) -> None:
    with pytest.raises(ExecutorError, match="140000 bytes") as caught:
        await executor.start(jobs.python("pass", "x" * 140_000))
    assert caught.value.reason == "ArgumentTooLong"


async def test_arguments_that_are_too_long_together_are_told(executor: DockerExecutor, jobs: Jobs) -> None:
    assert (await run(executor, jobs.python("pass", *["x" * 100_000] * 25))).reason == "ArgumentTooLong"


async def test_certificate_authorities_of_this_machine_are_there(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path.parent / f"{tmp_path.name}.crt"
    file.write_text("authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    job = jobs.shell('cat "$SSL_CERT_FILE"')
    async with DockerExecutor() as executor:
        await run(executor, job)
    assert log(job) == "authority"


async def test_a_container_that_somebody_removed_is_lost(
    executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient
) -> None:
    job = jobs.sleeping()
    ref = await executor.start(job)
    mine(client, job)[0].remove(force=True)
    exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
    assert exit.lost or exit.reason == "Killed"


async def test_a_cancelled_start_leaves_nothing(executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient) -> None:
    job = jobs.sleeping()
    starting = asyncio.create_task(executor.start(job))
    await there(job.folder / "log")
    starting.cancel()
    with suppress(asyncio.CancelledError):
        await starting
    assert mine(client, job) == []


CRASH = """
import asyncio, os, pathlib, signal, sys
from contract.jobs import Jobs
from kflite.executors.docker import DockerExecutor, launch

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

async def main(root, image, script, when):
    jobs = Jobs(pathlib.Path(root), image)
    if when == "created":
        launch._start = die
    async with DockerExecutor() as executor:
        print(await executor.start(jobs.shell(script)), flush=True)
        while not jobs.out("ready").exists():
            await asyncio.sleep(0.01)
        await die()

asyncio.run(main(*sys.argv[1:]))
"""


def crashed(jobs: Jobs, script: str, when: str = "ready") -> str:
    """The ref of a job whose scheduler was killed once the job had made `ready`, or once its container was created."""
    tests = str(Path(__file__).parents[1])
    env = os.environ | {"PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", CRASH, str(jobs.root), jobs.image, script, when]
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == -signal.SIGKILL
    return done.stdout.strip()


async def test_a_log_is_whole_when_the_scheduler_died(jobs: Jobs, client: docker.DockerClient) -> None:
    waits = f"touch {jobs.quoted('ready')}; while [ ! -e {jobs.quoted('go')} ]; do sleep 0.01; done"
    ref = crashed(jobs, f"seq 1000; {waits}; seq 1001 2000 >&2; printf '\\377'; exit 4")
    job = jobs.shell("")
    jobs.out("go").touch()
    async with DockerExecutor() as executor:
        exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
    assert (exit.code, exit.reason) == (4, "Error")
    assert (job.folder / "log").read_bytes() == "".join(f"{n}\n" for n in range(1, 2001)).encode() + b"\xff"
    assert mine(client, job) == []


async def test_what_a_dead_scheduler_left_can_be_stopped(jobs: Jobs, client: docker.DockerClient) -> None:
    ref = crashed(jobs, f"touch {jobs.quoted('ready')}; exec sleep 600")
    async with DockerExecutor() as executor:
        await asyncio.wait_for(executor.stop(ref, PATIENCE_S), PATIENCE_S)
        assert (await ended(executor, ref)).reason == "Stopped"
    assert mine(client, jobs.shell("")) == []


async def test_what_was_recorded_but_not_removed_is_removed(
    executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient
) -> None:
    ref = crashed(jobs, f"touch {jobs.quoted('ready')}; exit 3")
    job = jobs.shell("")
    record.write(job.folder, Exit(3, "Error"))
    assert (await ended(executor, ref)).code == 3
    assert mine(client, job) == []


async def test_a_start_that_a_crash_cut_short_is_finished_by_the_next(
    executor: DockerExecutor, jobs: Jobs, client: docker.DockerClient
) -> None:
    script = f"echo ran >> {jobs.quoted('made')}; echo said"
    crashed(jobs, script, when="created")
    job = jobs.shell(script)
    assert [box.status for box in mine(client, job)] == ["created"]
    assert await run(executor, job) == Exit(0)
    assert (jobs.out("made").read_text(), log(job)) == ("ran\n", "said\n")


async def test_a_daemon_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    settings = DockerOptions(address=f"unix://{tmp_path}/docker.sock")
    with pytest.raises(ExecutorError, match=r"no Docker daemon at unix://.*docker.sock: start it, or use --on process") as caught:
        async with DockerExecutor(settings):
            pass
    assert caught.value.reason == "NoDocker"
