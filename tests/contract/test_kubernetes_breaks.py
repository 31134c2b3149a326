"""Connections that break, servers that are away and credentials that expire while pods run."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
from contract.jobs import Jobs
from contract.kube import PATIENCE_S, Space, Wire, kubectl

from kflite.core.job import AttemptWaiting, Exit
from kflite.errors import ExecutorError
from kflite.executors.base import ended

pytestmark = pytest.mark.anyio
TALKING = """
import time
for n in range(60):
    print(n, flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def jobs(tmp_path: Path, cluster: str) -> Jobs:
    return Jobs(tmp_path, cluster)


async def test_a_server_that_is_away_for_a_while_costs_nothing_but_time(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.python(TALKING)
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    monkeypatch.setattr("kflite.executors.kubernetes.logs._TRIES", 3)  # it is away for longer than those take
    async with space.executor() as executor:
        ref = await executor.start(job)
        await space.running()
        wire.cut()
        await asyncio.sleep(4)
        wire.mend()
        assert await asyncio.wait_for(ended(executor, ref), PATIENCE_S) == Exit(0)
    assert (job.folder / "log").read_text().split() == [str(n) for n in range(60)]
    assert space.ours() == []


async def test_a_server_that_is_away_is_told_of_and_so_is_its_return(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    monkeypatch.setattr("kflite.executors.kubernetes.outage._PASSING_S", 0.5)
    async with space.executor() as executor, asyncio.timeout(PATIENCE_S):
        ref = await executor.start(jobs.sleeping())
        wire.cut()
        async with aclosing(executor.follow(ref)) as updates:
            told = await anext(updates)
            assert isinstance(told, AttemptWaiting)
            assert told.message.startswith("no answer from https://127.0.0.1:")
            wire.mend()
            assert await anext(updates) == AttemptWaiting("")
        await executor.stop(ref, 0)
    assert space.ours() == []


async def test_a_stop_that_the_server_does_not_hear_holds_up_nobody_and_is_heard_when_it_is_back(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    monkeypatch.setattr("kflite.executors.kubernetes.attempt._UNHEARD_S", 0.5)
    async with space.executor() as executor, asyncio.timeout(PATIENCE_S):
        ref = await executor.start(jobs.sleeping())
        wire.cut()
        await executor.stop(ref, 10)
        exit = await ended(executor, ref)
        assert (exit.reason, "no answer from" in exit.message) == ("Stopped", True)
        wire.mend()
    assert space.ours() == []


async def test_a_server_that_never_answered_is_not_waited_for(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    monkeypatch.setattr("kflite.executors.kubernetes.executor._CONTACT_S", 0.5)
    wire.cut()
    async with space.executor() as executor:
        with pytest.raises(ExecutorError, match=r"no answer from the cluster .*; start it, or name another one"):
            await asyncio.wait_for(executor.start(jobs.ending(0)), 20)


async def test_a_server_that_stays_away_loses_the_attempt_after_a_set_time(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    async with space.executor(reconnect_s=1.0) as executor:
        ref = await executor.start(jobs.sleeping())
        wire.cut()
        exit = await asyncio.wait_for(ended(executor, ref), PATIENCE_S)
        assert (exit.reason, exit.lost) == ("Lost", True)
        assert "no answer from the cluster" in exit.message
        with pytest.raises(ExecutorError, match="no answer from the cluster"):
            await executor.start(jobs.ending(0, attempt=2))


async def test_a_transfer_that_breaks_goes_on_where_it_was(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, made = jobs.out("source"), jobs.out("made")
    source.parent.mkdir(parents=True)
    source.write_bytes(bytes(range(256)) * 40_000)
    job = replace(
        jobs.python(f"import shutil, time; shutil.copy({str(source)!r}, {str(made)!r}); time.sleep(3)"),
        fetch=((str(source), source),),
    )
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    async with space.executor() as executor:
        ref = await executor.start(job)
        wire.cut_after(6_000_000)
        await space.running()
        wire.cut_after(6_000_000)
        assert await asyncio.wait_for(ended(executor, ref), PATIENCE_S) == Exit(0)
    assert made.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("form", ["file", "plug-in"])
async def test_credentials_that_expire_are_read_again(
    space: Space, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    for name in ("first", "second"):
        space.kubectl("create", "serviceaccount", name)
    space.kubectl("create", "rolebinding", "all", "--clusterrole=admin", "--group=system:serviceaccounts:" + space.name)
    config, answer = tmp_path / "token.kubeconfig", tmp_path / "answer"
    version = "client.authentication.k8s.io/v1"
    plug_in = {"apiVersion": version, "command": "cat", "args": [str(answer)], "interactiveMode": "Never"}

    def write(account: str) -> None:
        held = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        token = {"token": space.kubectl("create", "token", account).strip()}
        answer.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": token}))
        held["users"][0]["user"] = token if form == "file" else {"exec": plug_in}
        config.write_text(json.dumps(held))

    write("first")
    monkeypatch.setenv("KUBECONFIG", str(config))
    async with space.executor() as executor:
        ref = await executor.start(jobs.ending(3))
        write("second")
        await asyncio.to_thread(space.kubectl, "delete", "serviceaccount", "first")
        assert (await asyncio.wait_for(ended(executor, ref), PATIENCE_S)).code == 3
        assert (await asyncio.wait_for(ended(executor, await executor.start(jobs.ending(4, attempt=2))), PATIENCE_S)).code == 4


async def test_an_executor_that_may_do_nothing_says_what_it_may_not(
    space: Space, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    held["users"][0]["user"] = {"token": space.kubectl("create", "token", "default").strip()}
    config = tmp_path / "token.kubeconfig"
    config.write_text(json.dumps(held))
    monkeypatch.setenv("KUBECONFIG", str(config))
    async with space.executor() as executor:
        with pytest.raises(ExecutorError, match="cannot list resource") as caught:
            await executor.start(jobs.ending(0))
    assert caught.value.reason == "NotAllowed"


async def test_rights_that_lack_for_the_log_and_the_removal_of_a_pod_are_told_in_the_log(
    space: Space, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space.kubectl("create", "role", "some", "--verb=create,get,list,watch", "--resource=pods,configmaps")
    space.kubectl("create", "rolebinding", "some", "--role=some", f"--serviceaccount={space.name}:default")
    held = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    held["users"][0]["user"] = {"token": space.kubectl("create", "token", "default").strip()}
    config = tmp_path / "token.kubeconfig"
    config.write_text(json.dumps(held))
    monkeypatch.setenv("KUBECONFIG", str(config))
    job = jobs.ending(0)
    async with space.executor() as executor:
        assert (await asyncio.wait_for(ended(executor, await executor.start(job)), PATIENCE_S)).code == 0
    said = (job.folder / "log").read_text()
    assert "the log is incomplete: " in said
    assert "its pods could not be removed" in said
    assert "`kflite deploy --rights" in said


async def test_credentials_that_were_never_taken_are_told_at_once(
    space: Space, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    held["users"][0]["user"] = {"token": "of somebody else"}
    config = tmp_path / "token.kubeconfig"
    config.write_text(json.dumps(held))
    monkeypatch.setenv("KUBECONFIG", str(config))
    async with space.executor() as executor, asyncio.timeout(20):
        with pytest.raises(ExecutorError, match="Unauthorized: log in to "):
            await executor.start(jobs.ending(0))


async def test_a_start_is_cancelled_at_once_while_the_server_does_not_answer(
    space: Space, jobs: Jobs, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(wire.config))
    wire.cut()
    async with space.executor() as executor:
        starting = asyncio.create_task(executor.start(jobs.ending(0)))
        await asyncio.wait({starting}, timeout=0.5)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(starting, 20)
    assert space.ours() == []
