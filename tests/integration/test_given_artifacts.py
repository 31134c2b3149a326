"""Runs that are given artifacts: a path, a URI, or what an earlier run made."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.cli import Cli

import kflite
from kflite import dsl
from kflite.errors import InputError

PIPELINE = """
from kflite import dsl


@dsl.component
def write(text: str, made: dsl.Output[dsl.Dataset]):
    made.metadata["rows"] = 1
    with open(made.path, "w") as file:
        file.write(text)


@dsl.component
def read(data: dsl.Input[dsl.Dataset]) -> str:
    import os

    names = sorted(os.listdir(data.path)) if os.path.isdir(data.path) else [data.path]
    return " ".join(open(os.path.join(data.path, name)).read() for name in names) + str(data.metadata or "")


@dsl.component
def join(parts: dsl.Input[list[dsl.Dataset]], model: dsl.Input[dsl.Model] | None = None) -> str:
    return " ".join(open(part.path).read() for part in parts) + (" and a model" if model else "")


@dsl.pipeline
def inner(data: dsl.Input[dsl.Dataset]) -> str:
    return read(data=data).output


@dsl.pipeline
def outer(data: dsl.Input[dsl.Dataset]) -> str:
    return inner(data=data).output
"""


@pytest.fixture
def cli(home: Path, tmp_path: Path) -> Cli:
    (tmp_path / "g.py").write_text(PIPELINE)
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("x")
    (tmp_path / "folder" / "y").write_text("y")
    return Cli.at(tmp_path)


def output(cli: Cli, *arguments: str) -> object:
    run = cli.json("run", *arguments, "--on", "process")
    outputs = run["outputs"]
    assert isinstance(outputs, dict)
    return outputs["Output"]


def test_a_run_takes_files_folders_and_uris(cli: Cli) -> None:
    assert output(cli, "g.py:outer", "--artifact", "data=a.txt") == "a"
    assert output(cli, "g.py:outer", "--param", "data=folder") == "x y"
    assert output(cli, "g.py:read", "--artifact", f"data=file://{cli.folder}/a.txt") == "a"
    assert output(cli, "g.py:join", "-a", "parts=folder/y", "-a", "parts=a.txt") == "y a"
    assert f"with parts = {cli.folder}/folder/y  Dataset, 1 B" in cli("show")


def test_a_compiled_pipeline_takes_them_too(cli: Cli) -> None:
    cli("compile", "g.py:outer", "-o", "g.yaml")
    assert "takes data: system.Dataset  by --artifact" in cli("check", "g.yaml")
    assert output(cli, "g.yaml", "--artifact", "data=a.txt") == "a"


def test_a_run_takes_what_an_earlier_run_made_with_its_metadata(cli: Cli) -> None:
    made = cli.json("run", "g.py:write", "--param", "text=earlier")["run"]
    assert output(cli, "g.py:outer", "--artifact", f"data={made}/write/made") == "earlier{'rows': 1}"
    cli("rm", str(made))
    assert (
        cli.full("run", "g.py:outer", "--artifact", f"data=run:{made}/write/made", status=2).stderr.count("there is no run") == 1
    )


def test_the_content_decides_whether_a_task_is_cached(cli: Cli) -> None:
    def reason() -> object:
        (task,) = cli.json("run", "g.py:read", "--artifact", "data=folder")["tasks"]  # type: ignore[attr-defined]
        return task["reason"]

    assert [reason(), reason()] == ["", "cached"]
    (cli.folder / "folder" / "x").write_text("other")
    assert reason() == ""
    (cli.folder / "folder" / "x").write_text("x")
    assert reason() == "cached"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["g.py:outer"], "artifact data: it is required and not given"),
        (["g.py:outer", "-a", "data=b.txt"], "artifact data: nothing is at "),
        (["g.py:outer", "-a", "data=no/such/run"], "and there is no run 'no'"),
        (["g.py:outer", "-a", "data=nonsense://x"], "artifact data: nonsense://x: no file system is known for nonsense://"),
        (["g.py:outer", "-a", "data=memory://nothing"], "artifact data: memory://nothing: nothing is there"),
        (["g.py:outer", "-a", "data=oci://registry/model:1"], "the files of an image are there only on Kubernetes"),
        (["g.py:read", "-a", "data=a.txt", "-a", "data=a.txt"], "artifact data: it is one artifact, and 2 are given"),
    ],
)
def test_what_cannot_be_given_is_refused_before_anything_starts(cli: Cli, arguments: list[str], message: str) -> None:
    assert message in cli.full("run", *arguments, status=2).stderr
    assert cli("ls", "--json").strip() == "[]"


def test_a_clone_looks_at_its_artifacts_anew(cli: Cli) -> None:
    first = str(cli.json("run", "g.py:read", "-a", "data=a.txt")["run"])
    (cli.folder / "a.txt").write_text("changed")
    assert cli.json("clone", first)["outputs"] == {"Output": "changed"}
    assert cli.json("clone", first, "-a", "data=folder/y")["outputs"] == {"Output": "y"}
    (cli.folder / "a.txt").unlink()
    assert "nothing is at" in cli.full("clone", first, status=2).stderr


@dsl.component
def make(made: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    with open(made.path, "w") as file:
        file.write("made")


@dsl.component
def length(data: dsl.Input[dsl.Dataset], more: dsl.Input[list[dsl.Artifact]]) -> int:
    return len(open(data.path).read()) + len(more)


@dsl.component
def fit(model: dsl.Output[dsl.Model]):  # type: ignore[no-untyped-def]
    open(model.path, "w").close()


def test_python_hands_over_paths_and_what_runs_made(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    earlier = kflite.run(make)
    more = [earlier.outputs["made"], tmp_path / "a.txt", str(tmp_path / "a.txt"), f"{earlier.id}/make/made"]
    assert kflite.run(length, {"data": earlier.outputs["made"], "more": more}).outputs == {"Output": 8}
    given = kflite.run(length, {"data": earlier.outputs["made"], "more": []}).inputs["data"]
    assert given.path.read_text() == "made"  # type: ignore[union-attr]
    described = dsl.Dataset(uri=str(tmp_path / "a.txt"), metadata={"rows": 1})
    assert kflite.run(length, {"data": described, "more": []}).outputs == {"Output": 1}


def test_an_artifact_of_another_type_is_refused(home: Path) -> None:
    model = kflite.run(fit).outputs["model"]
    with pytest.raises(InputError, match=r"the pipeline takes a system\.Dataset here, and .*/model is a system\.Model"):
        kflite.run(length, {"data": model, "more": []})
