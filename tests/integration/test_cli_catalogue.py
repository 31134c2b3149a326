"""Pipelines are uploaded, run, written back and removed, and experiments managed, by the command line and the client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from integration.cli import Cli

import kflite
from kflite.errors import InputError, NotFound


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


def test_an_uploaded_pipeline_is_run_by_its_name_and_version(cli: Cli) -> None:
    assert cli("pipelines", "upload", "p.py:sound") == "sound@v1\n"
    assert "this very document already" in cli("pipelines", "upload", "p.py:sound")
    cli("pipelines", "upload", "p.py:broken", "--name", "sound", "--version", "bad", "--description", "fails")
    assert cli.json("run", "pipeline:sound", status=1)["state"] == "FAILED"
    ran = cli.json("run", "pipeline:sound@v1", "-p", "n=4")
    assert ran["outputs"] == {"Output": 8}
    listed = json.loads(cli("pipelines", "versions", "sound", "--json"))
    assert [(row["version"], row["runs"], row["description"]) for row in listed] == [("bad", 1, "fails"), ("v1", 1, "")]
    assert [row["version"] for row in json.loads(cli("pipelines", "ls", "--json"))] == ["bad"]
    assert "takes n: NUMBER_INTEGER = 3" in cli("pipelines", "show", "sound@v1")
    assert cli.json("clone", str(ran["run"]), "-p", "n=1")["outputs"] == {"Output": 2}


def test_a_version_is_written_back_as_the_document_that_it_was(cli: Cli) -> None:
    cli("compile", "p.py:sound", "-o", "sound.yaml")
    cli("pipelines", "upload", "sound.yaml")
    cli("pipelines", "get", "sound", "-o", "back.yaml")
    first, second = (list(yaml.safe_load_all((cli.folder / name).read_text())) for name in ("sound.yaml", "back.yaml"))
    assert first == second
    assert "kind: PipelineVersion" in cli("pipelines", "get", "sound@v1", "--manifest")
    assert "this very document already" in cli("pipelines", "upload", "back.yaml")


def test_removed_pipelines_are_gone_and_their_runs_can_be_cloned(cli: Cli) -> None:
    cli("pipelines", "upload", "p.py:sound")
    run = str(cli.json("run", "pipeline:sound")["run"])
    assert cli("pipelines", "rm", "sound") == "removed sound@v1\n"
    assert json.loads(cli("pipelines", "ls", "--json")) == []
    assert cli.json("clone", run)["outputs"] == {"Output": 6}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "pipeline:nothing"), "there is no pipeline 'nothing'"),
        (("run", "pipeline:sound@"), "write NAME or NAME@VERSION"),
        (("run", "pipeline:sound@v9"), "has no version 'v9'"),
        (("pipelines", "show", "soun"), "did you mean 'sound'"),
        (("pipelines", "rm", "sound", "nothing"), "there is no pipeline 'nothing'"),
        (("pipelines", "upload", "p.py:broken", "--name", "My Pipeline"), "cannot name a pipeline"),
        (("pipelines", "upload", "p.py:broken", "--version", "a@b"), "cannot name a version"),
        (("pipelines", "upload", "p.py:broken", "--name", "sound", "--version", "v1"), "is another document"),
        (("pipelines", "upload", "nothing.py"), "there is no such file"),
        (("pipelines", "get", "sound", "--output", "no/such/folder"), "--output"),
    ],
)
def test_what_cannot_be_done_with_pipelines_is_refused(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    cli("pipelines", "upload", "p.py:sound")
    assert said in cli.full(*arguments, status=2).stderr
    assert len(json.loads(cli("pipelines", "versions", "sound", "--json"))) == 1


def test_experiments_are_archived_and_removed_with_their_runs(cli: Cli) -> None:
    cli("experiments", "create", "tune", "--description", "which c")
    first = str(cli.json("run", "p.py:sound", "--experiment", "tune")["run"])
    cli("run", "p.py:sound", "--experiment", "other")
    assert [(row["experiment"], row["runs"]) for row in json.loads(cli("experiments", "ls", "--json"))] == [
        ("other", 1),
        ("tune", 1),
    ]
    assert cli.json("experiments", "show", "tune")["states"] == {"SUCCEEDED": 1}
    assert "which c" in cli("experiments", "show", "tune")
    cli("experiments", "archive", "tune")
    assert [run["experiment"] for run in json.loads(cli("ls", "--json"))] == ["other"]
    for more in ((), ("--detach",)):
        said = cli.full("run", "p.py:sound", "--experiment", "tune", *more, status=2).stderr
        assert "kflite experiments unarchive 'tune'" in said
    cli("experiments", "unarchive", "tune")
    assert "has 1 run: remove them with it by --runs" in cli.full("experiments", "rm", "tune", status=2).stderr
    assert cli("experiments", "rm", "tune", "--runs") == "removed tune and 1 run\n"
    assert cli.full("show", first, status=2).stderr
    assert not (cli.folder / "home" / "runs" / first).exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", " "), "needs a name"),
        (("create", "a\nb"), "line breaks"),
        (("create", "e"), "is there already"),
        (("show", "f"), "there is no experiment 'f'"),
        (("archive", "f"), "there is no experiment 'f'"),
        (("rm", "f", "--runs"), "there is no experiment 'f'"),
        (("ls", "--all", "--archived"), "give one of them"),
    ],
)
def test_what_cannot_be_done_with_experiments_is_refused(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    cli("experiments", "create", "e")
    assert said in cli.full("experiments", *arguments, status=2).stderr


def test_an_experiment_is_not_removed_under_a_run_that_goes_on(cli: Cli) -> None:
    flag = cli.folder / "flag"
    run = cli("run", "p.py:waiting", "-p", f"file={flag}", "--experiment", "e", "--detach").strip()
    cli.wait_for(flag)
    assert f"kflite cancel {run}" in cli.full("experiments", "rm", "e", "--runs", status=2).stderr
    (cli.folder / "flag.go").touch()
    cli("watch", run)


@pytest.mark.anyio
async def test_the_client_does_the_same(cli: Cli, home: Path) -> None:
    async with kflite.Client(home=cli.folder / "home") as client:
        row = await client.pipelines.upload(str(cli.folder / "p.py:sound"), name="mine", version="first")
        assert (row.title, await client.pipelines.upload("pipeline:mine", name="mine")) == ("mine@first", row)
        assert (await client.pipelines.get("mine")).name == "sound"
        run = await (await client.submit("pipeline:mine@first", {"n": 2}, experiment="e")).wait()
        assert dict(run.outputs) == {"Output": 4}
        assert [version.runs for version in await client.pipelines.versions("mine")] == [1]
        await client.pipelines.delete("mine", "first")
        assert await client.pipelines.list() == []
        with pytest.raises(NotFound):
            await client.pipelines.get("mine")
        await client.experiments.create("f", "empty")
        assert [each.name for each in await client.experiments.list()] == ["f", "e"]
        await client.experiments.archive("e")
        with pytest.raises(InputError, match="is archived"):
            await client.submit(str(cli.folder / "p.py:sound"), experiment="e")
        await client.experiments.unarchive("e")
        assert (await client.experiments.get("e")).runs == 1
        assert await client.experiments.delete("e", runs=True) == 1
