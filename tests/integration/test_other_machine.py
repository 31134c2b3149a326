"""What one machine ran another one reads, where both know the store and the place of artifacts: its state, artifacts and logs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from integration.cli import Cli


@pytest.fixture
def here(tmp_path: Path) -> Cli:
    cli = Cli.at(tmp_path)
    shared = {"KFLITE_STORE": f"sqlite:///{tmp_path}/shared.db", "KFLITE_ARTIFACTS": f"local://{tmp_path}/bucket"}
    return replace(cli, environment={**cli.environment, **shared})


@pytest.fixture
def there(here: Cli, tmp_path: Path) -> Cli:
    return replace(here, environment={**here.environment, "KFLITE_HOME": str(tmp_path / "other")})


def test_logs_of_another_machines_tasks_are_read(here: Cli, there: Cli) -> None:
    run = str(here.json("run", "p.py:sound", "--on", "process")["run"])
    assert there("logs", run, "double") == "doubling 3\n" == here("logs", run, "double")
    assert "doubling 3" in there("logs", run, "-f")


def test_logs_of_failed_tasks_are_read_too(here: Cli, there: Cli) -> None:
    run = str(here.json("run", "p.py:broken", "--on", "process", status=1)["run"])
    assert "ValueError: no 3" in there("logs", run, "fail")
    assert f"{there.folder}/other/runs/{run}/fail/1/log" in there("show", run, "fail")


def test_logs_that_are_nowhere_to_be_read_are_missed(here: Cli, there: Cli, tmp_path: Path) -> None:
    own = replace(here, environment={**here.environment, "KFLITE_ARTIFACTS": str(tmp_path / "own")})
    run = str(own.json("run", "p.py:sound", "--on", "process")["run"])
    assert "on the machine where it ran" in there.full("logs", run, status=2).stderr


def test_they_are_removed_with_the_run(here: Cli, there: Cli, tmp_path: Path) -> None:
    run = str(here.json("run", "p.py:broken", "--on", "process", status=1)["run"])
    assert list((tmp_path / "bucket").rglob("log"))
    there("rm", run)
    assert not list((tmp_path / "bucket").rglob("log"))
