"""Runs are found, labelled and archived on the command line and by the client."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from integration.cli import Cli

import kflite
from kflite.errors import InputError, NotFound


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A home with three runs: `good`, `bad` and `other`, which is in the experiment `tune`."""
    cli = Cli.at(tmp_path_factory.mktemp("search"))
    cli("run", "p.py:sound", "--name", "good", "--label", "team=a", "-p", "n=7")
    cli("run", "p.py:broken", "--name", "bad", "--label", "team=b", "--label", "keep=", status=1)
    cli("run", "p.py:measured", "-p", "c=0.5", "--name", "other", "--experiment", "tune")
    return cli


def names(cli: Cli, *arguments: str) -> list[str]:
    return [run["name"] for run in json.loads(cli("ls", "--json", *arguments))]


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("state=FAILED", ["bad"]),
        ("name~O", ["other", "good"]),
        ("param.n>3 label.team=a", ["good"]),
        ("param.n>=3", ["bad", "good"]),
        ("not label.team", ["other"]),
        ("label.keep=''", ["bad"]),
        ("experiment=tune or (state=FAILED and created>-1h)", ["other", "bad"]),
        ("metric.size/Output=14", ["good"]),
        ("created<2026-01-01 created>2026-01-02", []),
        ("reason~fail duration<1h", ["bad"]),
    ],
)
def test_ls_finds_runs_by_an_expression(cli: Cli, where: str, wanted: list[str]) -> None:
    assert names(cli, "--where", where) == wanted


def test_ls_orders_runs_by_any_field_and_goes_on_after_a_page(cli: Cli) -> None:
    assert names(cli, "--sort", "name") == ["bad", "good", "other"]
    assert names(cli, "--sort", "metric.Output") == ["good", "bad", "other"]
    (first,) = json.loads(cli("ls", "--json", "--limit", "1", "--reverse"))
    assert first["name"] == "good"
    assert f"more: --after {first['run']}" in cli("ls", "--limit", "1", "--reverse")
    assert names(cli, "--reverse", "--after", first["run"]) == ["bad", "other"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--where", "state=FAILD"), "where 'state=FAILD', character 7: there is no state 'FAILD': did you mean 'FAILED'?"),
        (("--where", "stat=x"), "did you mean state"),
        (("--state", "faild"), "did you mean 'FAILED'?"),
        (("--sort", "age"), "sort 'age', character 1: there is no field"),
        (("--after", "nothing"), "there is no run 'nothing'"),
        (("--all", "--archived"), "give one of them"),
    ],
)
def test_ls_refuses_what_it_cannot_search_by(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    done = cli.full("ls", *arguments, status=2)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_labels_are_set_changed_and_taken_off(cli: Cli) -> None:
    (run,) = (each["run"] for each in json.loads(cli("ls", "--json", "--where", "name=bad")))
    assert cli.json("label", run) == {"keep": "", "team": "b"}
    assert cli("label", run, "team=c", "x.y/z=1 2", "keep-") == "team=c\nx.y/z=1 2\n"
    assert cli.json("show", run, status=0)["labels"] == {"team": "c", "x.y/z": "1 2"}
    assert "team=c" in cli("show", run)
    assert "team=c" in cli("ls")
    cli("label", run, "team=b", "x.y/z-", "keep=")


@pytest.mark.parametrize(
    ("changes", "said"),
    [(("team",), "K=V, or K- to remove"), (("a b=1",), "use letters, digits"), (("-x=1",), ""), (("k=a\nb",), "line breaks")],
)
def test_what_cannot_be_a_label_is_refused(cli: Cli, changes: tuple[str, ...], said: str) -> None:
    assert said in cli.full("label", "bad", *changes, status=2).stderr
    assert "label" in cli.full("run", "p.py:sound", "--label", "a b=1", status=2).stderr


def test_archived_runs_are_listed_only_when_asked_for_and_can_be_brought_back(cli: Cli) -> None:
    cli("archive", "good", "other")
    assert (names(cli), names(cli, "--archived"), names(cli, "--all")) == (["bad"], ["other", "good"], ["other", "bad", "good"])
    assert cli.json("show", "good")["archived"] is True
    assert "archived" in cli("show", "good")
    cli("archive", "good")
    cli("unarchive", "good", "other")
    assert names(cli, "--archived") == []


def test_a_run_that_goes_on_is_not_archived(cli: Cli) -> None:
    flag = cli.folder / "flag"
    run = cli("run", "p.py:waiting", "-p", f"file={flag}", "--detach").strip()
    cli.wait_for(flag)
    assert "only a run that has ended" in cli.full("archive", "good", run, status=2).stderr
    assert names(cli, "--archived") == []
    (cli.folder / "flag.go").touch()
    cli("watch", run)
    cli("rm", run)


def test_an_archived_run_is_cloned_with_other_parameters(cli: Cli) -> None:
    cli("archive", "good")
    cloned = cli.json("clone", "good", "-p", "n=2")
    assert (cloned["outputs"], cloned["labels"], cloned["archived"]) == ({"Output": 4}, {"team": "a"}, False)
    cli("rm", str(cloned["run"]))
    cli("unarchive", "good")


@pytest.mark.anyio
async def test_the_client_does_the_same(cli: Cli, home: Path) -> None:
    async with kflite.Client(home=cli.folder / "home") as client:
        (bad,) = await client.runs(where="state=FAILED")
        assert (bad.name, dict(bad.labels)) == ("bad", {"keep": "", "team": "b"})
        await client.label(bad.id, {"keep": None, "more": "1"})
        await client.archive(bad.id)
        assert [run.id for run in await client.runs(where="label.more not label.keep", archived=True)] == [bad.id]
        assert [run.name for run in await client.runs(sort="name")] == ["good", "other"]
        await client.unarchive(bad.id)
        events = [event async for event in (await client.run(bad.id)).events()]
        assert events[-1].kind.value == "run.unarchived"
        await client.label(bad.id, {"keep": "", "more": None})
        with pytest.raises(InputError, match="character 1"):
            await client.runs(where="stat=1")
        with pytest.raises(NotFound):
            await client.archive("nothing")
