"""Several schedulers on one store, frozen ones and killed ones: no task runs twice, and each is told what it may do."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from integration.cli import Cli, tasks
from integration.hostile import executions, newest, nothing_is_left, processes, runs, with_chain

from kflite.scheduler.deps import LEASE_S

PATIENCE_S = 60.0
Process = subprocess.Popen[str]


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh store, "" for the default one."""
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgres" else ""


def chained(folder: Path, length: int, store: str = "") -> Cli:
    cli = with_chain(folder, length)
    return replace(cli, environment={**cli.environment, "KFLITE_STORE": store}) if store else cli


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ran(ledger: Path, steps: int) -> Callable[[], bool]:
    return lambda: sum(executions(ledger).values()) >= steps


def scheduler_of(cli: Cli, run: str) -> int:
    """The process that has the run in the background."""
    return next(int(line.split()[0]) for line in processes(cli) if f"resume {run}" in line)


def test_two_runs_at_once_share_a_store_that_neither_has_made(tmp_path: Path, store: str) -> None:
    cli = chained(tmp_path, 10, store)
    ledgers = [tmp_path / f"ledger-{n}" for n in range(3)]
    started = [cli.start("run", "chain.py", "-p", f"ledger={ledger}", "--no-cache") for ledger in ledgers]
    for process in started:
        out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, out + err
    for ledger in ledgers:
        assert len(executions(ledger)) == 10
        assert set(executions(ledger).values()) == {1}


def test_a_run_is_left_to_the_scheduler_that_lives(tmp_path: Path) -> None:
    cli, ledger = chained(tmp_path, 3), tmp_path / "ledger"
    process = cli.start("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=1.5")
    until(ran(ledger, 1))
    run = newest(cli)
    refused = cli.full("resume", run, status=2).stderr
    assert f"run {run} belongs to another scheduler" in refused
    assert f"kflite watch {run}" in refused
    assert "RUNNING" in cli.full("rm", run, status=2).stderr
    assert "RUNNING" in cli.full("retry", run, status=2).stderr
    assert "no run was left" in cli("resume")
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert set(executions(ledger).values()) == {1}


def test_a_frozen_scheduler_that_wakes_up_leaves_its_run_to_the_one_that_took_over(tmp_path: Path) -> None:
    cli, ledger = chained(tmp_path, 10), tmp_path / "ledger"
    first = cli.start("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=0.5")
    until(ran(ledger, 2))
    run = newest(cli)
    first.send_signal(signal.SIGSTOP)
    second = _taken_over(cli, run)
    at_least = sum(executions(ledger).values()) + 1
    until(ran(ledger, at_least))
    first.send_signal(signal.SIGCONT)
    _, said = first.communicate(timeout=PATIENCE_S)
    assert first.returncode == 1
    assert said == f"kflite: run {run} belongs to another scheduler now: kflite watch {run} shows it\n"
    out, _ = second.communicate(timeout=PATIENCE_S)
    assert "SUCCEEDED" in out
    assert len(executions(ledger)) == 10
    assert set(executions(ledger).values()) == {1}
    nothing_is_left(cli)


def _taken_over(cli: Cli, run: str) -> Process:
    """A scheduler that has taken the run over, which it may once the other's lease has run out."""
    deadline = time.monotonic() + 2 * LEASE_S
    while time.monotonic() < deadline:
        process = cli.start("resume", run)
        assert process.stdout
        if process.stdout.readline():
            return process
        assert "belongs to another" in process.communicate(timeout=PATIENCE_S)[1]
        time.sleep(1)
    raise AssertionError("the lease did not run out")


def test_a_run_in_the_background_is_watched_followed_and_cancelled_from_elsewhere(tmp_path: Path, store: str) -> None:
    cli, ledger = chained(tmp_path, 200, store), tmp_path / "ledger"
    run = cli("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=0.1", "--detach").strip()
    watching, following = cli.start("watch", run), cli.start("logs", "-f", run)
    until(ran(ledger, 3))
    assert [listed["state"] for listed in runs(cli)] == ["RUNNING"]
    assert tasks(cli.json("show", run))["step"]["state"] == "SUCCEEDED"
    assert f"run {run} CANCELLED" in cli("cancel", run, "--reason", "enough of it")
    shown, said = watching.communicate(timeout=PATIENCE_S)
    assert watching.returncode == 1
    assert "enough of it" in shown + said
    following.communicate(timeout=PATIENCE_S)
    assert following.returncode == 0
    assert "enough of it" in cli("show", run)
    assert set(executions(ledger).values()) == {1}
    nothing_is_left(cli)


def test_a_background_scheduler_that_was_killed_is_followed_by_another(tmp_path: Path, store: str) -> None:
    cli, ledger = chained(tmp_path, 8, store), tmp_path / "ledger"
    run = cli("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=0.3", "--detach").strip()
    until(ran(ledger, 2))
    os.kill(scheduler_of(cli, run), signal.SIGKILL)
    assert cli.json("show", run)["state"] == "RUNNING"
    watching = cli.start("watch", run)
    assert watching.stdout
    until(lambda: f"kflite resume {run} goes on with it" in watching.stdout.readline())  # type: ignore[union-attr]
    resumed = cli.json("resume", run)
    assert (resumed["state"], resumed["outputs"]) == ("SUCCEEDED", {"Output": 8})
    watching.communicate(timeout=PATIENCE_S)
    assert watching.returncode == 0
    assert len(executions(ledger)) == 8
    assert set(executions(ledger).values()) == {1}
    nothing_is_left(cli)


def test_cancelling_what_a_killed_scheduler_left_ends_its_tasks(tmp_path: Path, store: str) -> None:
    cli, ledger = chained(tmp_path, 2, store), tmp_path / "ledger"
    process = cli.start("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=600")
    until(ran(ledger, 1))
    process.kill()
    process.communicate()
    assert processes(cli)
    assert "CANCELLED" in cli("cancel", newest(cli))
    nothing_is_left(cli)


def test_a_task_that_lost_all_who_looked_after_it_is_ended_before_it_is_tried_again(tmp_path: Path) -> None:
    cli, ledger = chained(tmp_path, 2), tmp_path / "ledger"
    first = cli.start("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=1")
    until(ran(ledger, 1))
    (attempt,) = (tmp_path / "home" / "runs").glob("*/step/1")  # to ask the command line would take the task's second
    task = int(os.readlink(attempt / "process.0"))
    for line in processes(cli):
        if int(line.split()[0]) != task:
            os.kill(int(line.split()[0]), signal.SIGKILL)
    first.communicate()
    second = cli.start("resume", newest(cli))
    until(ran(ledger, 2))
    assert not alive(task)
    out, _ = second.communicate(timeout=PATIENCE_S)
    assert "SUCCEEDED" in out
    assert executions(ledger) == {"step": 2, "step-2": 1}
    assert "Lost" in cli("show", newest(cli), "step")


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_run_that_was_left_goes_on_with_the_next_scheduler_of_any_run(tmp_path: Path) -> None:
    cli, ledger = chained(tmp_path, 2), tmp_path / "ledger"
    process = cli.start("run", "chain.py", "-p", f"ledger={ledger}", "-p", "seconds=0.5")
    until(ran(ledger, 1))
    process.kill()
    process.communicate()
    cli("run", "chain.py", "-p", f"ledger={tmp_path / 'other'}", "-p", "seconds=1")
    assert [run["state"] for run in runs(cli)] == ["SUCCEEDED", "SUCCEEDED"]
    assert executions(ledger) == {"step": 1, "step-2": 1}
