"""Artifacts kept in a store of objects: tasks see copies, what they make is pushed, and the cache looks there."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest
from machine import S3

import kflite
from kflite import dsl
from kflite.runs.artifact import RunArtifact


@dsl.component
def away(data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    import os

    os.mkdir("own")
    data.set_path(os.path.abspath("own"))
    with open("own/x", "w") as file:
        file.write("away")


@dsl.component
def named(data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.uri = dsl.get_uri("named")
    with open(data.path, "w") as file:
        file.write("named")


@dsl.component
def beside(data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.uri = data.uri + ".csv"
    with open(data.path, "w") as file:
        file.write("beside")


@dsl.component
def pushed(uri: str, data: dsl.Output[dsl.Dataset]):  # type: ignore[no-untyped-def]
    data.uri = uri


@dsl.component
def read(data: dsl.Input[dsl.Dataset]) -> str:
    import os

    return open(data.path + "/x" if os.path.isdir(data.path) else data.path).read()


@dsl.pipeline
def through(uri: str) -> str:
    return read(data=pushed(uri=uri).outputs["data"]).output


@pytest.fixture
def root(home: object, monkeypatch: pytest.MonkeyPatch) -> str:
    root = f"memory://root-{id(home)}"
    monkeypatch.setenv("KFLITE_ARTIFACTS", root)
    return root


def made(run: kflite.Run) -> RunArtifact:
    assert run.state == "SUCCEEDED", run.logs()
    (task,) = run.tasks.values()
    found = task.artifacts["data"]
    assert isinstance(found, RunArtifact)
    return found


@pytest.mark.parametrize("component", [away, named, beside])
def test_bytes_come_to_lie_below_the_root_wherever_the_code_wrote_them(root: str, component: dsl.Component) -> None:
    found = made(kflite.run(component))
    assert found.uri.startswith(f"{root}/")
    assert found.digest.startswith("b3")
    text = component.name
    assert fsspec.filesystem("memory").cat_file(found.uri + ("/x" if component is away else "")) == text.encode()
    assert kflite.run(read, {"data": found}).outputs == {"Output": text}


@pytest.mark.parametrize("component", [away, beside])
def test_a_result_that_is_gone_from_there_is_not_used_again(root: str, component: dsl.Component) -> None:
    first, again = (kflite.run(component) for _ in range(2))
    assert [task.reason for run in (first, again) for task in run.tasks.values()] == ["", "cached"]
    fsspec.filesystem("memory").rm(made(first).uri, recursive=True)
    assert [task.reason for task in kflite.run(component).tasks.values()] == [""]


def test_what_the_code_itself_pushed_elsewhere_is_fetched_as_it_is_now(root: str) -> None:
    memory = fsspec.filesystem("memory")
    for text in ("first", "second"):
        memory.pipe("/elsewhere/latest", text.encode())
        assert kflite.run(through, {"uri": "memory://elsewhere/latest"}).outputs == {"Output": text}


@pytest.mark.skipif(not S3, reason="no S3 beside the cluster: tests/run names its own")
def test_minio_is_s3_at_an_address(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = f"kflite/{home.parent.name}"
    for name, value in (("ACCESS_KEY_ID", "kflite"), ("SECRET_ACCESS_KEY", "kflite-secret"), ("ENDPOINT_URL", S3)):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("KFLITE_ARTIFACTS", f"minio://{root}")
    found = made(kflite.run(beside))
    assert found.uri.startswith(f"minio://{root}/")
    assert fsspec.filesystem("s3").cat_file(found.uri.removeprefix("minio://")) == b"beside"
    assert kflite.run(read, {"data": found}).outputs == {"Output": "beside"}
