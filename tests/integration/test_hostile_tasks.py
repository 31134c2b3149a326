"""Tasks that behave badly: each ends in a named state, tells why, and leaves nothing running."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from integration.cli import Cli, interrupt, tasks
from integration.hostile import newest, nothing_is_left, with_tasks

MEGABYTES = 100


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return with_tasks(tmp_path_factory.mktemp("tasks"))


def ended(cli: Cli, target: str, *parameters: str, status: int) -> dict[str, object]:
    """Run a pipeline of one task; returns the task's JSON."""
    given = [word for parameter in parameters for word in ("-p", parameter)]
    (task,) = tasks(cli.json("run", f"bad.py:{target}", *given, status=status)).values()
    nothing_is_left(cli)
    return task


def written(cli: Cli, *arguments: str) -> bytes:
    """What a verb writes, byte for byte."""
    command = [sys.executable, "-m", "kflite", *arguments]
    return subprocess.run(command, cwd=cli.folder, env=cli.environment, capture_output=True, check=True).stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody is told of processes that left their group")
def test_daemons_end_with_the_task_that_made_them(cli: Cli, tmp_path: Path) -> None:
    assert ended(cli, "daemonise", f"file={tmp_path / 'daemon'}", status=0)["state"] == "SUCCEEDED"


def test_a_task_that_ignores_sigterm_and_forks_is_killed_at_once_where_that_is_asked(cli: Cli, tmp_path: Path) -> None:
    process = cli.start("run", "bad.py:hold", "-p", f"file={tmp_path / 'held'}")
    cli.wait_for(tmp_path / "held", process)
    began = time.monotonic()
    assert "CANCELLED" in cli("cancel", "--kill", newest(cli))
    assert time.monotonic() - began < 25
    process.communicate(timeout=25)
    assert process.returncode == 1
    nothing_is_left(cli)


def test_the_second_ctrl_c_kills_what_ignored_the_first(cli: Cli, tmp_path: Path) -> None:
    process = cli.start("run", "bad.py:hold", "-p", f"file={tmp_path / 'held'}")
    cli.wait_for(tmp_path / "held", process)
    assert process.stdout
    interrupt(process)
    while "cancelling" not in process.stdout.readline():
        pass
    interrupt(process)
    process.communicate(timeout=25)
    assert process.returncode == 130
    nothing_is_left(cli)


def test_a_hundred_megabytes_of_output_are_kept_and_shown(cli: Cli) -> None:
    ended(cli, "shout", f"megabytes={MEGABYTES}", status=0)
    run = newest(cli)
    assert len(written(cli, "logs", run)) == MEGABYTES << 20
    assert cli("logs", run, "--tail", "1") == "x" * 1023 + "\n"
    assert "SUCCEEDED" in cli("show", run)


def test_a_loud_task_can_be_followed(cli: Cli) -> None:
    run = cli("run", "bad.py:shout", "-p", "megabytes=16", "--no-cache", "--detach").strip()
    assert len(cli("logs", "-f", run, "shout")) == 16 << 20
    assert "SUCCEEDED" in cli("watch", run)


def test_bytes_that_are_no_text_reach_the_log_and_never_the_terminal(cli: Cli) -> None:
    done = cli.full("run", "bad.py:mumble", status=1)
    run = newest(cli)
    shown = cli("show", run) + cli("show", run, "mumble") + cli("ls")
    for text in (done.stdout, done.stderr, shown):
        assert "\x1b" not in text
        assert "\x00" not in text
        assert "\u202e" not in text
    assert "ValueError" in done.stdout
    reason = json.loads(cli("show", run, "--json"))["tasks"][0]
    assert reason["state"] == "FAILED"
    log = written(cli, "logs", run)
    assert bytes(range(256)) in log
    assert written(cli, "logs", "-f", run) == log


def test_a_memory_limit_that_is_reached_is_named(cli: Cli) -> None:
    task = tasks(cli.json("run", "bad.py:greedy", status=1))["eat"]
    assert (task["state"], task["reason"]) == ("FAILED", "OutOfMemory")
    assert "100 MiB" in cli("show", "greedy", "eat")


def test_a_memory_limit_that_is_reached_in_docker_is_named(tmp_path: Path, docker_image: str) -> None:
    cli = with_tasks(tmp_path)
    file = cli.folder / "bad.py"
    file.write_text(file.read_text().replace("@dsl.component\ndef eat", f"@dsl.component(base_image={docker_image!r})\ndef eat"))
    task = tasks(cli.json("run", "bad.py:greedy", "--on", "docker", status=1))["eat"]
    assert (task["state"], task["reason"]) == ("FAILED", "OutOfMemory")


@pytest.mark.parametrize("status", [1, 127, 137, 255])
def test_exit_statuses_are_told_as_they_are(cli: Cli, status: int) -> None:
    task = ended(cli, "leave", f"status={status}", status=1)
    assert (task["state"], task["reason"]) == ("FAILED", "Error")
    assert f"exit status {status}" in cli("show", newest(cli), "leave")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGSEGV])
def test_signals_that_end_a_task_are_named(cli: Cli, number: signal.Signals) -> None:
    task = ended(cli, "die", f"number={number.value}", status=1)
    assert (task["state"], task["reason"]) == ("FAILED", "Killed")
    assert number.name in cli("show", newest(cli), "die")


def test_a_task_may_close_its_streams(cli: Cli) -> None:
    assert ended(cli, "mute", status=0)["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("target", "said"),
    [("lie", "'Output' is declared as int"), ("shorten", "fields a, b"), ("unserialisable", "which JSON cannot")],
)
def test_outputs_that_are_not_as_declared_fail_the_task(cli: Cli, target: str, said: str) -> None:
    assert ended(cli, target, status=1)["reason"] == "Error"
    assert said in cli("show", newest(cli), target)


def test_an_output_that_was_not_written_fails_the_task_that_reads_it(cli: Cli) -> None:
    ran = tasks(cli.json("run", "bad.py:unwritten", status=1))
    assert (ran["keep-nothing"]["state"], ran["size"]["state"]) == ("SUCCEEDED", "FAILED")
    assert "No such file" in cli("show", "unwritten", "size")


def test_a_parameter_of_five_megabytes_is_handed_on(cli: Cli) -> None:
    assert cli.json("run", "bad.py:heavy")["outputs"] == {"Output": 5_000_000}
    assert len(cli("show", "heavy")) < 10_000


def test_a_task_that_deletes_its_own_folder_ends_as_it_ends(cli: Cli) -> None:
    assert ended(cli, "burn", status=0)["outputs"] == {"Output": 3}


def test_a_task_may_work_in_another_folder(cli: Cli) -> None:
    task = ended(cli, "wander", status=0)
    assert Path(task["artifacts"]["data"]["uri"]).read_text() == "here"  # type: ignore[index]


def test_a_task_that_kills_what_looks_after_it_is_lost_and_not_repeated_for_ever(cli: Cli) -> None:
    task = ended(cli, "orphan_itself", status=1)
    assert (task["state"], task["reason"], task["attempts"]) == ("FAILED", "Lost", 4)
