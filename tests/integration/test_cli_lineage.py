"""`kflite lineage`: the tree that a person reads, and the graph that a program does."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.cli import Cli

import kflite

PIPELINE = """
from kflite import dsl


@dsl.component
def clean(raw: dsl.Input[dsl.Dataset], data: dsl.Output[dsl.Dataset]):
    with open(data.path, "w") as file:
        file.write(open(raw.path).read())


@dsl.component
def fit(data: dsl.Input[dsl.Dataset], n: int, model: dsl.Output[dsl.Model]):
    with open(model.path, "w") as file:
        file.write(open(data.path).read() * n)


@dsl.pipeline
def train(uri: str, n: int = 1):
    raw = dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset)
    cleaned = clean(raw=raw.output)
    fit(data=cleaned.outputs["data"], n=n)


@dsl.pipeline
def again(data: dsl.Input[dsl.Dataset]):
    fit(data=data, n=7)
"""


@pytest.fixture
def cli(home: Path, tmp_path: Path) -> Cli:
    (tmp_path / "l.py").write_text(PIPELINE)
    (tmp_path / "raw.csv").write_text("raw")
    return Cli.at(tmp_path)


def started(cli: Cli, *arguments: str) -> str:
    return str(cli.json("run", *arguments)["run"])


def test_both_ways_are_trees_across_runs_and_cached_results(cli: Cli) -> None:
    raw = f"{cli.folder}/raw.csv"
    first = started(cli, "l.py:train", "-p", f"uri={raw}", "--name", "first")
    second = started(cli, "l.py:train", "-p", f"uri={raw}", "-p", "n=2", "--name", "second")
    third = started(cli, "l.py:again", "-a", f"data={second}/clean/data", "--name", "third")
    said = cli("lineage", f"{first}/clean/data")
    assert said.splitlines() == [
        f"{first}/clean/data  Dataset, 3 B",
        "from",
        f"└─ ✓ {first}/clean",
        f"   └─ {raw}  Dataset  known as {first}/importer/artifact, {second}/importer/artifact",
        "to",
        f"├─ ✓ {first}/fit",
        f"│  └─ {first}/fit/model  Model, 3 B",
        f"├─ ✓ {second}/fit",
        f"│  └─ {second}/fit/model  Model, 6 B",
        f"└─ ✓ {third}/fit",
        f"   └─ {third}/fit/model  Model, 21 B",
    ]
    assert f"✓ {second}/clean  cached from {first}" in cli("lineage", raw, "--down")
    assert "to" not in cli("lineage", f"{third}/fit", "--up").splitlines()


def test_json_holds_every_artifact_and_task_once(cli: Cli) -> None:
    run = started(cli, "l.py:train", "-p", f"uri={cli.folder}/raw.csv")
    graph = cli.json("lineage", f"{run}/clean/data")
    tasks, artifacts = graph["tasks"], graph["artifacts"]
    assert isinstance(tasks, list)
    assert isinstance(artifacts, list)
    assert {(t["task"], t["side"], *t["reads"], *t["makes"]) for t in tasks} == {
        (f"{run}/clean", "up", f"{cli.folder}/raw.csv", f"{run}/clean/data"),
        (f"{run}/fit", "down", f"{run}/clean/data", f"{run}/fit/model"),
    }
    assert {(a["id"], a["side"]) for a in artifacts} == {
        (f"{cli.folder}/raw.csv", "up"),
        (f"{run}/clean/data", "start"),
        (f"{run}/fit/model", "down"),
    }


@pytest.mark.anyio
async def test_python_has_the_same_graph(cli: Cli) -> None:
    run = started(cli, "l.py:train", "-p", f"uri={cli.folder}/raw.csv")
    async with kflite.Client(home=cli.folder / "home") as client:
        graph = await client.lineage(f"{run}/fit/model", down=False)
    assert list(graph.tasks) == [f"{run}/fit", f"{run}/clean"]


def test_what_a_run_holds_by_the_cache_is_listed_and_copied_out(cli: Cli) -> None:
    uri = f"uri={cli.folder}/raw.csv"
    started(cli, "l.py:train", "-p", uri)
    second = started(cli, "l.py:train", "-p", uri)
    assert f"{second}/clean/data" in cli("artifacts", "ls", second)
    cli("artifacts", "get", f"{second}/clean/data", "copy")
    assert (cli.folder / "copy").read_text() == "raw"


def test_what_nobody_knows_is_told_in_a_line(cli: Cli) -> None:
    said = cli.full("lineage", "nothing", status=2).stderr
    assert said == "kflite: there is no artifact 'nothing': give RUN/TASK/OUTPUT, RUN/TASK, a path or a URI\n"
