"""`kflite serve` runs what is submitted, in whichever store, and what others leave."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from integration.cli import Cli


@pytest.fixture(params=["sqlite", "postgres"])
def cli(request: pytest.FixtureRequest, tmp_path: Path) -> Cli:
    cli = Cli.at(tmp_path)
    if request.param == "sqlite":
        return cli
    return replace(cli, environment={**cli.environment, "KFLITE_STORE": str(request.getfixturevalue("postgres_url"))})


@contextmanager
def served(cli: Cli, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = cli.start("serve", *arguments)
    try:
        assert process.stdout
        assert process.stdout.readline().startswith("serving")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_submitted_run_is_taken_up_and_ends(cli: Cli) -> None:
    with served(cli) as process:
        run = cli("run", "p.py:sound", "--on", "process", "--submit").strip()
        assert [said(process), said(process)] == [f"run {run} taken up", f"run {run} SUCCEEDED"]
    assert cli.json("show", run)["outputs"] == {"Output": 6}


def test_what_was_submitted_before_is_taken_up_too(cli: Cli) -> None:
    run = str(cli.json("run", "p.py:sound", "--on", "process", "--submit")["run"])
    assert cli.json("show", run)["state"] == "QUEUED"
    with served(cli) as process:
        assert [said(process), said(process)] == [f"run {run} taken up", f"run {run} SUCCEEDED"]


def test_runs_for_other_places_are_left_alone(cli: Cli) -> None:
    with served(cli, "--on", "process") as process:
        other = cli("run", "p.py:sound", "--on", "docker", "--submit").strip()
        run = cli("run", "p.py:sound", "--on", "process", "--submit").strip()
        assert said(process) == f"run {run} taken up"
        assert said(process) == f"run {run} SUCCEEDED"
    assert cli.json("show", other)["state"] == "QUEUED"


def test_a_run_goes_on_with_the_next_server(cli: Cli) -> None:
    file = cli.folder / "file"
    with served(cli) as process:
        run = cli("run", "p.py:waiting", "-p", f"file={file}", "--on", "process", "--submit").strip()
        assert said(process) == f"run {run} taken up"
        cli.wait_for(file)
    with served(cli) as process:
        assert said(process) == f"run {run} taken up"
        Path(f"{file}.go").touch()
        assert said(process) == f"run {run} SUCCEEDED"


def test_nobody_runs_inline_for_others(tmp_path: Path) -> None:
    assert (
        "--submit: a run inline has no other process"
        in Cli.at(tmp_path).full("run", "p.py:sound", "--on", "inline", "--submit", status=2).stderr
    )
