"""Whose runs a scheduler takes up: its own user's, others' when it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.cli import Cli


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


def test_a_foreground_run_leaves_runs_of_other_profiles_alone(cli: Cli) -> None:
    theirs = cli("--profile", "eve", "run", "p.py:sound", "--on", "process", "--submit").strip()
    mine = cli("--profile", "ada", "run", "p.py:sound", "--on", "process", "--submit").strip()
    cli("--profile", "ada", "run", "p.py:sound", "--on", "process", "--no-cache")
    cli("--profile", "ada", "run", "p.py:sound", "--on", "process", "--no-cache")
    states = {run: cli.json("show", run)["state"] for run in (theirs, mine)}
    assert states[theirs] == "QUEUED"
    assert states[mine] != "QUEUED"


def test_a_run_of_another_profile_goes_on_when_it_is_named(cli: Cli) -> None:
    theirs = cli("--profile", "eve", "run", "p.py:sound", "--on", "process", "--submit").strip()
    cli("--profile", "ada", "resume", theirs)
    assert cli.json("show", theirs)["state"] == "SUCCEEDED"
