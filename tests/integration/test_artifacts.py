"""Artifacts between tasks: where their bytes come to lie, what is told of them, and when what the cache has is used again."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.runs.artifact import RunArtifact


@dsl.component
def away(place: str, data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    import os

    data.set_path(place)
    os.makedirs(place + "/inner", exist_ok=True)
    with open(place + "/inner/x", "w") as file:
        file.write("away")


@dsl.component
def elsewhere(place: str, data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.uri = place
    with open(data.path, "w") as file:
        file.write("elsewhere")


@dsl.component
def named(data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.uri = dsl.get_uri("named")  # type: ignore[attr-defined]
    with open(data.path, "w") as file:
        file.write("named")


@dsl.component
def folder(data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    import os

    os.makedirs(data.path + "/inner")
    for name in ("x", "inner/y"):
        with open(f"{data.path}/{name}", "w") as file:
            file.write(name)


@dsl.component
def file(data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.metadata["rows"] = 3
    with open(data.path, "w") as out:
        out.write("file")


@dsl.component
def measure(metrics: dsl.Output[dsl.Metrics]):  # type: ignore[no-untyped-def]
    metrics.log_metric("loss", 0.5)


@dsl.component
def part(n: int, data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.metadata["n"] = n
    with open(data.path, "w") as file:
        file.write(str(n))


@dsl.component
def joined(parts: dsl.Input[list[dsl.Dataset]]) -> str:
    return " ".join(f"{open(each.path).read()}:{each.metadata['n']}" for each in parts)


@dsl.pipeline
def fan() -> str:
    with dsl.ParallelFor([3, 1, 2]) as n:
        made = part(n=n)
    return joined(parts=dsl.Collected(made.outputs["data"])).output


@pytest.fixture(autouse=True)
def _own(home: Path) -> None:
    """Each test has a home of its own."""


def made(run: kflite.Run, name: str = "data") -> RunArtifact:
    assert run.state == "SUCCEEDED", run.logs()
    (task,) = run.tasks.values()
    found = task.artifacts[name]
    assert isinstance(found, RunArtifact)
    return found


def reason(run: kflite.Run) -> str:
    (task,) = run.tasks.values()
    return task.reason


def test_bytes_at_a_path_of_the_codes_own_are_brought_to_the_artifacts(home: Path, tmp_path: Path) -> None:
    found = made(kflite.run(away, {"place": str(tmp_path / "own")}, on="process"))
    shutil.rmtree(tmp_path / "own")
    assert found.path.is_relative_to(home / "artifacts")
    assert (found.path / "inner" / "x").read_text() == "away"


def test_bytes_at_a_path_inside_a_container_are_brought_to_the_artifacts(
    docker_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KFLITE_IMAGES", f"python:*={docker_image}")
    place = f"/tmp/{uuid.uuid4().hex}"
    found = made(kflite.run(away, {"place": place}, on="docker"))
    assert (found.path / "inner" / "x").read_text() == "away"
    assert not Path(place).exists()


def test_a_uri_of_the_codes_own_is_where_the_artifact_lies(tmp_path: Path) -> None:
    found = made(kflite.run(elsewhere, {"place": str(tmp_path / "own")}, on="process"))
    assert (found.uri, found.size, found.path.read_text()) == (str(tmp_path / "own"), 9, "elsewhere")


def test_what_lies_below_get_uri_is_an_artifact_like_another(home: Path) -> None:
    found = made(kflite.run(named, on="process"))
    assert found.path.is_relative_to(home / "artifacts")
    assert found.path.read_text() == "named"


def test_a_list_keeps_its_order_and_each_artifact_its_metadata() -> None:
    assert kflite.run(fan, on="process").outputs == {"Output": "3:3 1:1 2:2"}


Harm = Callable[[RunArtifact], None]


def remove(found: RunArtifact) -> None:
    shutil.rmtree(found.path) if found.path.is_dir() else found.path.unlink()


def remove_inner(found: RunArtifact) -> None:
    (found.path / "inner" / "y").unlink()


def cut(found: RunArtifact) -> None:
    found.path.write_text("fi")


def write_over(found: RunArtifact) -> None:
    found.path.write_text("ELSEWHERE")


@pytest.mark.parametrize(
    ("component", "harm"),
    [(file, remove), (file, cut), (folder, remove), (folder, remove_inner), (elsewhere, remove), (elsewhere, write_over)],
)
def test_a_result_whose_files_are_not_what_they_were_is_not_used_again(
    component: dsl.Component, harm: Harm, tmp_path: Path
) -> None:
    given = {"place": str(tmp_path / "own")} if component is elsewhere else {}
    harm(made(kflite.run(component, given, on="process")))
    again = kflite.run(component, given, on="process")
    assert (reason(again), made(again).path.exists()) == ("", True)
    assert reason(kflite.run(component, given, on="process")) == "cached"


def test_a_result_that_is_metadata_alone_is_used_again() -> None:
    first, again = (kflite.run(measure, on="process") for _ in range(2))
    assert (reason(first), reason(again)) == ("", "cached")
    assert made(again, "metrics").metadata == {"loss": 0.5}


@dsl.component
def deploy(uri: str, model: dsl.Output[dsl.Model]):  # type: ignore[no-untyped-def]
    model.uri = uri
    model.metadata["resourceName"] = "models/1"


@dsl.component
def told_of(model: dsl.Input[dsl.Model]) -> str:
    return f"{model.uri} {model.path} {model.metadata['resourceName']}"


@dsl.pipeline
def served(uri: str) -> str:
    return told_of(model=deploy(uri=uri).outputs["model"]).output


@pytest.mark.parametrize("uri", ["https://models.invalid/v1/models/1", "bq://project.dataset.table"])
def test_a_thing_on_a_server_that_a_task_names_is_passed_on_by_its_name(home: Path, uri: str) -> None:
    for reason in ("", "cached"):
        run = kflite.run(served, {"uri": uri}, on="process", progress=False)
        assert run.outputs == {"Output": f"{uri} {uri} models/1"}
        assert run.tasks["told-of"].reason == reason
