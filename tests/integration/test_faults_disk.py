"""A disk that is full, wherever it fills up: a clear message, no hang, and nothing done twice once there is room again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from integration.cli import Cli, tasks
from integration.hostile import executions, newest, nothing_is_left, with_chain, with_tasks

STEPS = 12
# Bytes that are left when the run begins: none; too few for the store; for the run and some of its steps.
LEFT = [0, 60_000, 320_000, 450_000]
LOCKED_S = 3.0

Disk = Callable[..., Path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes a disk of a few bytes; the second argument is of inodes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux, to mount a small disk")
    mounted: list[Path] = []

    def make(size: int, options: str = "") -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700{options}", "tmpfs", str(folder)]
        if why := subprocess.run(command, capture_output=True, text=True, check=False).stderr:
            pytest.skip(f"needs to mount a small disk: {why.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


def homed(cli: Cli, home: Path) -> Cli:
    return replace(cli, environment={**cli.environment, "KFLITE_HOME": str(home)})


def fill(folder: Path, left: int) -> Path:
    """Leave so many bytes of the disk; returns what is in the way."""
    ballast = folder / "ballast"
    with ballast.open("wb") as file:
        file.truncate(0)
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - left or 1)
    return ballast


@pytest.mark.parametrize("left", LEFT)
def test_a_run_stops_when_the_store_is_full_and_goes_on_when_there_is_room(left: int, disk: Disk, tmp_path: Path) -> None:
    folder, ledger = disk(16 << 20), tmp_path / "ledger"
    cli = homed(with_chain(tmp_path, STEPS), folder / "home")
    ballast = fill(folder, left)
    done = cli.full("run", "chain.py", "-p", f"ledger={ledger}", status=1)
    assert "database or disk is full" in done.stderr
    assert "free space on its disk, then kflite resume" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    ballast.unlink()
    nothing_is_left(cli)
    ran = finished(cli, "chain.py", f"ledger={ledger}")
    assert {task["state"] for task in ran.values()} == {"SUCCEEDED"}
    assert all(executions(ledger)[name] <= task["attempts"] for name, task in ran.items())  # type: ignore[operator]
    assert len(executions(ledger)) == STEPS


def finished(cli: Cli, target: str, parameter: str) -> dict[str, dict[str, object]]:
    """Go on with the run, where there was one to be stored, and do again what found no room; returns its tasks."""
    said, _ = cli.start("resume").communicate(timeout=60)
    if "no run was left" in said:
        cli("run", target, "-p", parameter)
    if "FAILED" in said:
        assert "No space left on device" in cli("show")
        cli("retry")
    return tasks(cli.json("show"))


@pytest.mark.parametrize("inodes", [30, 60])
def test_a_task_whose_folder_cannot_be_made_fails_and_is_retried_when_there_is_room(
    inodes: int, disk: Disk, tmp_path: Path
) -> None:
    folder, ledger = disk(16 << 20, f",nr_inodes={inodes}"), tmp_path / "ledger"
    cli = homed(with_chain(tmp_path, STEPS), folder / "home")
    ran = tasks(cli.json("run", "chain.py", "-p", f"ledger={ledger}", status=1))
    assert {task["reason"] for task in ran.values() if task["state"] == "FAILED"} == {"DiskFull"}
    assert "No space left on device: /" in cli("show", newest(cli))
    subprocess.run(["mount", "-o", "remount,nr_inodes=100000", folder], check=True)
    assert cli.json("retry")["state"] == "SUCCEEDED"
    assert set(executions(ledger).values()) == {1}


def test_an_artifact_that_does_not_fit_fails_its_task_with_the_system_s_own_word(disk: Disk, tmp_path: Path) -> None:
    cli = with_tasks(tmp_path)
    (tmp_path / "fat.py").write_text(FAT)
    full = replace(cli, environment={**cli.environment, "KFLITE_ARTIFACTS": str(disk(1 << 20))})
    done = full.full("run", "fat.py", status=1)
    assert "fat  FAILED" in done.stdout
    assert "OSError: [Errno 28] No space left on device" in done.stdout


def test_a_log_that_does_not_fit_ends_in_no_hang(disk: Disk, tmp_path: Path) -> None:
    folder = disk(1 << 20)
    cli = with_tasks(tmp_path)
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home" / "runs").symlink_to(folder)
    done = cli.full("run", "bad.py:shout", "-p", "megabytes=4", status=1)
    assert "No space left on device" in done.stdout
    nothing_is_left(cli)


def test_the_end_of_a_task_is_kept_on_a_full_disk(disk: Disk, tmp_path: Path) -> None:
    """Its scheduler stops, as the store is full; the task goes on, and is not repeated when there is room."""
    folder, ledger = disk(16 << 20), tmp_path / "ledger"
    cli = homed(with_chain(tmp_path, 2), folder / "home")
    (tmp_path / "filling.py").write_text(FILLING)
    cli.full("run", "filling.py", "-p", f"ballast={folder / 'ballast'}", "-p", f"ledger={ledger}", status=1)
    nothing_is_left(cli)
    (folder / "ballast").unlink()
    assert "SUCCEEDED" in cli("resume")
    assert executions(ledger) == {"fill": 1}


def test_a_run_waits_for_a_store_that_another_process_has_locked(tmp_path: Path) -> None:
    cli, ledger = with_chain(tmp_path, 2), tmp_path / "ledger"
    cli("ls")
    with sqlite3.connect(tmp_path / "home" / "kflite.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        process = cli.start("run", "chain.py", "-p", f"ledger={ledger}")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(LOCKED_S)
        other.execute("COMMIT")
    out, _ = process.communicate(timeout=60)
    assert "SUCCEEDED" in out
    assert executions(ledger) == {"step": 1, "step-2": 1}


FAT = """
from kflite import dsl


@dsl.component
def fat(data: dsl.Output[dsl.Dataset]):
    with open(data.path, "wb") as file:
        file.write(b"x" * 4_000_000)
"""

FILLING = """
from kflite import dsl


@dsl.component
def fill(ballast: str, ledger: str):
    import os

    with open(ledger, "a") as file:
        file.write("fill\\n")
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return
"""
