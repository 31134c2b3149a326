"""`kflite run`, from a file to a finished run and its exit status."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from integration.cli import Cli, interrupt, tasks


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


def test_a_pipeline_runs_and_its_output_is_printed(cli: Cli) -> None:
    printed = cli("run", "p.py:sound", "--param", "n=4")
    assert "double  started" in printed
    assert "size  succeeded" in printed
    assert "Output = 8" in printed
    assert "SUCCEEDED" in printed.splitlines()[-1]


def test_json_is_one_object_with_the_contract_s_keys(cli: Cli) -> None:
    shown = cli.json("run", "p.py:sound")
    assert list(shown) == ["run", "name", "state", "outputs", "tasks", "experiment", "labels", "archived"]
    assert (shown["name"], shown["state"], shown["outputs"]) == ("sound", "SUCCEEDED", {"Output": 6})
    write = tasks(shown)["write"]
    assert list(write) == [
        "name", "state", "reason", "attempts", "executor", "started", "ended", "parameters", "outputs", "artifacts",
    ]  # fmt: skip
    assert write["parameters"] == {"n": 6}
    assert write["attempts"] == 1
    artifact = write["artifacts"]["text"]  # type: ignore[index]
    assert Path(artifact["uri"]).read_text() == "xxxxxx"
    assert artifact["type"] == "system.Dataset"


def test_a_second_run_comes_from_the_cache(cli: Cli) -> None:
    cli("run", "p.py:sound")
    again = cli.json("run", "p.py:sound")
    assert again["outputs"] == {"Output": 6}
    assert {(task["reason"], task["attempts"]) for task in tasks(again).values()} == {("cached", 0)}
    fresh = cli.json("run", "p.py:sound", "--no-cache")
    assert {task["attempts"] for task in tasks(fresh).values()} == {1}


def test_a_failed_run_says_why_and_shows_the_end_of_the_log(cli: Cli) -> None:
    done = cli.full("run", "p.py:broken", status=1)
    assert "fail  FAILED" in done.stdout
    assert "about to fail" in done.stdout
    assert "ValueError: no 3" in done.stdout
    assert "log: " in done.stdout
    assert done.stderr.startswith("kflite: run broken-")
    assert len(done.stderr.splitlines()) <= 2


def test_a_failed_run_s_json_is_printed_too(cli: Cli) -> None:
    shown = cli.json("run", "p.py:broken", status=1)
    assert shown["state"] == "FAILED"
    assert tasks(shown)["fail"]["state"] == "FAILED"
    assert tasks(shown)["double"]["state"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nowhere.py"), "nowhere.py"),
        (("run", "p.py"), "p.py:"),
        (("run", "p.py:sound", "--param", "n=x"), "n"),
        (("run", "p.py:sound", "--param", "m=1"), "m"),
        (("run", "p.py:sound", "--param", "n"), "NAME=VALUE"),
        (("run", "p.py:waiting"), "file"),
        (("run", "p.py:sound", "--on", "moon"), "moon"),
        (("run", "p.py:sound", "--params", "nowhere.yaml"), "nowhere.yaml"),
        (("run", "p.py:sound", "--parallel", "-1"), "--parallel"),
        (("run",), "TARGET"),
        (("fly",), "fly"),
        (("show", "nothing"), "nothing"),
    ],
)
def test_bad_input_is_one_clear_error_and_starts_nothing(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    done = cli.full(*arguments, status=2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 3
    assert json.loads(cli("ls", "--json")) == []


def test_a_dry_run_prints_the_first_jobs_and_starts_nothing(cli: Cli) -> None:
    printed = cli("run", "p.py:sound", "--dry-run")
    assert "double" in printed
    assert "python function double" in printed
    assert "size" not in printed.splitlines()[0]
    assert json.loads(cli("ls", "--json")) == []


def test_parameters_come_from_a_file_and_options_win(cli: Cli) -> None:
    (cli.folder / "params.yaml").write_text("n: 10\n")
    assert cli.json("run", "p.py:sound", "--params", "params.yaml")["outputs"] == {"Output": 20}
    assert cli.json("run", "p.py:sound", "--params", "params.yaml", "-p", "n=1")["outputs"] == {"Output": 2}


def test_ctrl_c_cancels_the_run_and_says_so(cli: Cli) -> None:
    flag = cli.folder / "flag"
    process = cli.start("run", "p.py:waiting", "-p", f"file={flag}")
    cli.wait_for(flag, process)
    interrupt(process)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "cancelling run waiting-" in out
    listed = json.loads(cli("ls", "--json"))
    assert [run["state"] for run in listed] == ["CANCELLED"]
    assert tasks(cli.json("show", listed[0]["run"]))["wait"]["state"] == "CANCELLED"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_kills_what_does_not_end(cli: Cli, number: int) -> None:
    flag = cli.folder / "flag"
    process = cli.start("run", "p.py:stubborn", "-p", f"file={flag}")
    cli.wait_for(flag, process)
    interrupt(process, number)
    assert process.stdout
    while "cancelling" not in process.stdout.readline():
        pass
    interrupt(process, number)
    process.communicate(timeout=25)
    assert process.returncode == 130


def test_the_timeout_of_a_run_is_kept(cli: Cli) -> None:
    done = cli.full("run", "p.py:waiting", "-p", f"file={cli.folder / 'flag'}", "--timeout", "0.5", status=1)
    assert "0.5 s" in done.stderr


def test_a_detached_run_goes_on_by_itself(cli: Cli) -> None:
    flag = cli.folder / "flag"
    run = cli("run", "p.py:waiting", "-p", f"file={flag}", "--detach").strip()
    cli.wait_for(flag)
    assert cli.json("show", run)["state"] == "RUNNING"
    (cli.folder / "flag.go").touch()
    assert "SUCCEEDED" in cli("watch", run)


def test_a_reader_that_goes_away_is_no_trouble(cli: Cli) -> None:
    process = cli.start("run", "p.py:sound")
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    assert "Traceback" not in process.stderr.read()
    process.wait(30)
