"""`kflite volumes`: what tasks made, what is the user's, and what removing either leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from integration.cli import Cli

MADE = """
from kflite import dsl, kubernetes


@dsl.pipeline
def p():
    kubernetes.CreatePVC(access_modes=["ReadWriteOnce"], size="1Gi", pvc_name="data")
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A folder with a volume that a run made, and one that is a link."""
    cli = Cli.at(tmp_path)
    (cli.folder / "v.py").write_text(MADE)
    cli("run", "v.py:p")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("content")
    (cli.folder / "home" / "volumes" / "mine").symlink_to(tmp_path / "mine")
    return cli


def listed(cli: Cli) -> dict[str, tuple[object, object]]:
    return {one["name"]: (one["size"], one["from"]) for one in json.loads(cli("volumes", "ls", "--json"))}


def test_volumes_are_listed_and_outlive_the_runs_that_made_them(cli: Cli) -> None:
    assert listed(cli) == {"data": (0, "a task"), "mine": (None, "a link")}
    cli("rm", json.loads(cli("ls", "--json"))[0]["run"])
    assert [line.split()[0] for line in cli("volumes", "ls").splitlines()] == ["NAME", "data", "mine"]


def test_one_that_is_removed_is_made_anew_and_of_a_link_its_target_stays(cli: Cli, tmp_path: Path) -> None:
    assert cli("volumes", "rm", "data", "mine") == "removed data\nremoved mine\n"
    assert (tmp_path / "mine" / "file").read_text() == "content"
    assert cli("volumes", "ls") == "there are no volumes\n"
    cli("run", "v.py:p")
    assert list(listed(cli)) == ["data"]


def test_what_is_not_there_is_told(cli: Cli) -> None:
    assert "there is no volume 'datta': kflite volumes ls lists them" in cli.full("volumes", "rm", "datta", status=2).stderr
