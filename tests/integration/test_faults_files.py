"""Files of runs: private to the user, and there for as long as some run holds them."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from integration.cli import Cli, tasks
from integration.hostile import newest, nothing_is_left


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


def open_to_others(folder: Path) -> list[str]:
    """What anybody else may read or write, with its mode; links have none of their own."""
    found = [(path, os.lstat(path).st_mode) for path in (folder, *folder.rglob("*"))]
    return [f"{path} {stat.S_IMODE(mode):o}" for path, mode in found if mode & 0o077 and not stat.S_ISLNK(mode)]


@pytest.mark.parametrize("on", ["process", "inline", "docker", "background"])
def test_all_that_a_run_leaves_is_private(cli: Cli, on: str, request: pytest.FixtureRequest) -> None:
    if on == "docker":
        image = request.getfixturevalue("docker_image")
        text = (cli.folder / "p.py").read_text().replace("@dsl.component\n", f"@dsl.component(base_image={image!r})\n")
        (cli.folder / "p.py").write_text(text)
    before = os.umask(0o022)
    try:
        if on == "background":
            cli("watch", cli("run", "p.py:sound", "--detach").strip())
        else:
            cli("run", "p.py:sound", "--on", on)
    finally:
        os.umask(before)
    nothing_is_left(cli)
    assert (cli.folder / "home" / "kflite.db").exists()
    assert (cli.folder / "home" / "artifacts").exists()
    assert open_to_others(cli.folder / "home") == []


def test_folders_that_others_made_for_kflite_hold_private_ones(cli: Cli) -> None:
    for name in ("home", "shared"):
        (cli.folder / name).mkdir(mode=0o755)
    shared = replace(cli, environment={**cli.environment, "KFLITE_ARTIFACTS": str(cli.folder / "shared")})
    shared("run", "p.py:sound", "--detach")
    shared("watch")
    nothing_is_left(cli)
    for name in ("home", "shared"):
        assert open_to_others(cli.folder / name) == [f"{cli.folder / name} 755"]


def test_artifacts_outlive_their_run_while_another_holds_them_by_the_cache(cli: Cli) -> None:
    first, second = cli.json("run", "p.py:sound"), cli.json("run", "p.py:sound")
    path = Path(tasks(second)["write"]["artifacts"]["text"]["uri"])  # type: ignore[index]
    assert str(first["run"]) in str(path)
    cli("rm", str(first["run"]))
    assert path.read_text() == "xxxxxx"
    assert cli.json("show")["outputs"] == {"Output": 6}
    assert not (cli.folder / "home" / "runs" / str(first["run"])).exists()
    cli("rm", str(second["run"]))
    assert not path.exists()
    assert list((cli.folder / "home" / "artifacts").rglob("*")) == []


def test_nothing_comes_from_the_cache_of_a_run_that_was_removed(cli: Cli) -> None:
    first = cli.json("run", "p.py:sound")
    cli("rm", str(first["run"]))
    assert {task["reason"] for task in tasks(cli.json("run", "p.py:sound")).values()} == {""}


def test_an_artifact_that_somebody_deleted_is_made_again_and_missed_by_name(cli: Cli) -> None:
    first = cli.json("run", "p.py:sound")
    artifact = tasks(first)["write"]["artifacts"]["text"]  # type: ignore[index]
    Path(artifact["uri"]).unlink()
    missed = cli.full("artifacts", "get", f"{first['run']}/write/text", "copy", status=2).stderr
    assert artifact["uri"] in missed
    again = tasks(cli.json("run", "p.py:sound"))
    assert (again["double"]["reason"], again["write"]["reason"]) == ("cached", "")
    cli("artifacts", "get", f"{newest(cli)}/write/text", "copy")
    assert (cli.folder / "copy").read_text() == "xxxxxx"


def test_a_copy_replaces_another_only_where_that_is_asked(cli: Cli) -> None:
    artifact = f"{cli.json('run', 'p.py:sound')['run']}/write/text"
    (cli.folder / "copy").write_text("mine")
    assert "--force" in cli.full("artifacts", "get", artifact, "copy", status=2).stderr
    assert (cli.folder / "copy").read_text() == "mine"
    cli("artifacts", "get", artifact, "copy", "--force")
    assert (cli.folder / "copy").read_text() == "xxxxxx"
