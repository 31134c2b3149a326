"""What a cluster does to pods, and what becomes of their jobs: all of it on a real one."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space, kubectl, namespace
from contract.probes import told

from kflite.core.job import Exit, Job, Mount, MountSource, Resources, Role, Secret
from kflite.executors.base import ended
from kflite.executors.kubernetes import KubernetesExecutor

pytestmark = pytest.mark.anyio


@pytest.fixture
def jobs(tmp_path: Path, cluster: str) -> Jobs:
    return Jobs(tmp_path, cluster)


async def run(executor: KubernetesExecutor, job: Job) -> Exit:
    return await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)


async def test_nothing_of_a_gang_is_left_behind(space: Space, jobs: Jobs) -> None:
    async with space.executor() as executor:
        assert (await run(executor, jobs.job(replace(jobs.code("print(1)"), replicas=2)))).code == 0
        assert any("configmap" in name for name in space.ours())
    assert space.ours() == []


async def test_what_the_replicas_of_a_gang_write_comes_together(space: Space, jobs: Jobs) -> None:
    made = jobs.out("made")
    text = f"""
import os
os.makedirs({str(made)!r})
for name in (os.environ["KFLITE_RANK"], "same"):
    open(os.path.join({str(made)!r}, name), "w").write(name * 100_000)
"""
    async with space.executor() as executor:
        assert await run(executor, jobs.job(replace(jobs.code(text), replicas=3))) == Exit(0)
    assert {path.name: path.stat().st_size for path in made.iterdir()} == {
        "0": 100_000,
        "1": 100_000,
        "2": 100_000,
        "same": 400_000,
    }


async def test_files_and_folders_come_to_the_pod_and_back_unchanged(space: Space, jobs: Jobs) -> None:
    source = jobs.out("source")
    (source / "deep" / "empty").mkdir(parents=True)
    (source / "deep" / "large").write_bytes(bytes(range(256)) * 20_000)
    (source / "run").write_text("#!/bin/sh\n")
    (source / "run").chmod(0o700)
    job = jobs.python(f"import shutil; shutil.copytree({str(source)!r}, {str(jobs.out('made'))!r})")
    async with space.executor() as executor:
        assert await run(executor, replace(job, fetch=((str(source), source),))) == Exit(0)
    made = jobs.out("made")
    assert {str(path.relative_to(made)) for path in made.rglob("*")} == {"deep", "deep/empty", "deep/large", "run"}
    assert (made / "deep" / "large").read_bytes() == (source / "deep" / "large").read_bytes()
    assert [oct((made / name).stat().st_mode & 0o777) for name in ("run", "deep/large")] == ["0o700", "0o600"]


async def test_an_image_that_is_nowhere_fails_after_a_set_time_by_its_name(space: Space, jobs: Jobs) -> None:
    async with space.executor(pull_s=3.0) as executor:
        exit = await run(executor, jobs.job(Role("127.0.0.1:1/no/such:1", ("true",))))
    assert exit.reason in ("ErrImagePull", "ImagePullBackOff")
    assert "127.0.0.1:1/no/such:1" in exit.message
    assert not exit.lost
    assert space.ours() == []


async def test_a_secret_that_is_not_there_fails_the_task_by_its_name(space: Space, jobs: Jobs) -> None:
    role = replace(jobs.code("print(1)"), secrets=(Secret("TOKEN", "no-such-secret", "key"),))
    async with space.executor(pull_s=2.0) as executor:
        exit = await run(executor, jobs.job(role))
    assert exit.reason == "CreateContainerConfigError"
    assert "no-such-secret" in exit.message


async def test_a_secret_comes_as_a_variable_and_stays_out_of_the_pods_spec(space: Space, jobs: Jobs) -> None:
    space.kubectl("create", "secret", "generic", "keys", "--from-literal=token=hidden")
    role = replace(jobs.code("import os, time; print(os.environ['TOKEN'][::-1]); time.sleep(60)"))
    job = jobs.job(replace(role, secrets=(Secret("TOKEN", "keys", "token"),)))
    async with space.executor() as executor:
        ref = await executor.start(job)
        assert "hidden" not in space.kubectl("get", "pod", await space.running(), "-o", "json")
        await executor.stop(ref, 1)
    assert (job.folder / "log").read_text() == "neddih\n"


async def test_a_volume_that_cannot_be_mounted_fails_the_task_by_its_name(space: Space, jobs: Jobs) -> None:
    role = replace(jobs.code("print(1)"), mounts=(Mount("/s", MountSource.SECRET, "no-such-secret"),))
    async with space.executor(pull_s=2.0) as executor:
        exit = await run(executor, jobs.job(role))
    assert exit.reason == "FailedMount"
    assert "no-such-secret" in exit.message


async def test_a_pod_that_fits_no_node_says_so_and_fails_after_a_set_time(space: Space, jobs: Jobs) -> None:
    job = jobs.job(replace(jobs.code("print(1)"), request=Resources(1000.0)))
    async with space.executor(pending_s=5.0) as executor:
        exit = await run(executor, job)
    assert exit.reason == "Unschedulable"
    assert "Insufficient cpu" in exit.message
    assert "Insufficient cpu" in (job.folder / "log").read_text()


async def test_a_gang_that_finds_no_room_for_all_frees_what_it_has(space: Space, jobs: Jobs) -> None:
    large = replace(jobs.code("print(1)"), name="large", request=Resources(1000.0))
    async with space.executor(gang_s=3.0, peer_grace_s=1.0) as executor:
        exit = await run(executor, jobs.job(replace(jobs.code("print(1)"), name="small"), large))
        assert (exit.reason, exit.lost) == ("GangIncomplete", True)
    assert space.ours() == []


@pytest.mark.parametrize("what", ["pod", "configmap"])
async def test_a_task_whose_pod_somebody_deletes_is_lost_and_can_run_again(space: Space, jobs: Jobs, what: str) -> None:
    job = jobs.python("import time; print('began', flush=True); time.sleep(600)")
    async with space.executor() as executor:
        ref = await executor.start(job)
        await space.running()
        space.kubectl("delete", what, "-l", "app.kubernetes.io/managed-by=kflite", "--wait=false", "--grace-period=1")
        exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
        assert exit.lost
        assert "deleted" in exit.message
        assert (job.folder / "log").read_text() == "began\n"
        assert (await run(executor, jobs.ending(0, attempt=2))).code == 0
    assert space.ours() == []


async def test_an_evicted_pod_is_the_clusters_doing(space: Space, jobs: Jobs) -> None:
    async with space.executor() as executor:
        ref = await executor.start(jobs.python("import time; time.sleep(600)"))
        pod = await space.running()
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": space.name}}
        path = f"/api/v1/namespaces/{space.name}/pods/{pod}/eviction"
        await asyncio.to_thread(space.kubectl, "create", "--raw", path, "-f", "-", given=json.dumps(eviction))
        exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
    assert (exit.reason, exit.lost) == ("EvictionByEvictionAPI", True)


@pytest.mark.alone
@pytest.mark.timeout(300)  # with others at the cluster it waits for its turn
async def test_a_drained_node_loses_its_tasks_and_they_run_once_it_is_back(space: Space, jobs: Jobs, cluster_here: str) -> None:
    async with space.executor() as executor, asyncio.timeout(2 * PATIENCE_S):
        ref = await executor.start(replace(jobs.sleeping(), id=f"{space.name}/task"))
        node = space.kubectl("get", "pod", await space.running(), "-o", "jsonpath={.spec.nodeName}")
        ours = f"--pod-selector=kflite.dev/run={space.name}"
        try:
            await asyncio.to_thread(kubectl, "drain", node, ours, "--force", "--delete-emptydir-data", "--timeout=50s")
            exit = await ended(executor, ref)
            assert (exit.reason, exit.lost) == ("EvictionByEvictionAPI", True)
            again = await executor.start(jobs.ending(0, attempt=2))
            assert "Unschedulable" in (await told(executor, again)).message
        finally:
            kubectl("uncordon", node)
        assert await ended(executor, again) == Exit(0)
    assert space.ours() == []


async def test_a_task_has_no_account_no_capabilities_and_cannot_gain_privileges(space: Space, jobs: Jobs) -> None:
    text = "import os; print(open('/proc/self/status').read()); print(os.path.exists('/var/run/secrets/kubernetes.io'))"
    job = jobs.python(text)
    async with space.executor() as executor:
        await run(executor, job)
    said = dict(line.split(":", 1) for line in (job.folder / "log").read_text().splitlines() if ":" in line)
    assert [int(said[name], 16) for name in ("CapEff", "CapBnd")] == [0, 0]
    assert [said[name].strip() for name in ("NoNewPrivs", "Seccomp")] == ["1", "2"]
    assert (job.folder / "log").read_text().endswith("False\n")


async def test_the_strictest_namespace_takes_restricted_pods(cluster: str, jobs: Jobs) -> None:
    with namespace(cluster, **{"pod-security.kubernetes.io/enforce": "restricted"}) as space:
        async with space.executor(restricted=True) as executor:
            job = jobs.python(f"import os; print(os.getuid()); open({str(jobs.out('made'))!r}, 'w').write('x' * 100_000)")
            assert await run(executor, job) == Exit(0)
    assert (job.folder / "log").read_text() == "65532\n"
    assert jobs.out("made").stat().st_size == 100_000
