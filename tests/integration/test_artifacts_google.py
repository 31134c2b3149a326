"""Artifacts in Google's store of objects, by its own driver and an emulator: made there, read there, imported, and removed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine import IN_CI

import kflite
from kflite import dsl

if not IN_CI:
    pytest.importorskip("gcsfs")
    pytest.importorskip("gcp_storage_emulator")


@dsl.component
def make(data: dsl.Output[dsl.Dataset], model: dsl.Output[dsl.Model]):  # type: ignore[no-untyped-def]
    import os

    with open(data.path, "w") as file:
        file.write("grüße")
    os.makedirs(model.path + "/deep")
    for name in ("a", "deep/b"):
        with open(f"{model.path}/{name}", "w") as file:
            file.write(name)


@dsl.component
def read(data: dsl.Input[dsl.Dataset], model: dsl.Input[dsl.Model]) -> str:
    import os

    files = [os.path.join(folder, name)[len(model.path) :] for folder, _, names in os.walk(model.path) for name in names]
    return " ".join([open(data.path).read(), *sorted(files)])


@dsl.component
def text(data: dsl.Input[dsl.Dataset]) -> str:
    return open(data.path).read()


@dsl.pipeline
def through() -> str:
    made = make()
    return read(data=made.outputs["data"], model=made.outputs["model"]).output


@dsl.pipeline
def imported(uri: str) -> str:
    return text(data=dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset).output).output


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    from gcp_storage_emulator.server import create_server

    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
    with server:
        host, port = server._api._httpd.server_address
        yield f"http://{host}:{port}"


@pytest.fixture
def root(emulator: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    monkeypatch.setenv("KFLITE_ARTIFACTS", f"gs://bucket/{home.name}")
    return f"gs://bucket/{home.name}"


def objects(uri: str) -> list[str]:
    import gcsfs

    found: list[str] = gcsfs.GCSFileSystem(use_listings_cache=False).find(uri)
    return [os.path.relpath(name, uri.removeprefix("gs://")) for name in found if "/.logs/" not in name]


def test_files_and_folders_are_made_there_and_read_from_there(root: str, capfd: pytest.CaptureFixture[str]) -> None:
    run = kflite.run(through)
    assert run.outputs == {"Output": "grüße /a /deep/b"}
    made = {name: artifact.uri for name, artifact in run.tasks["make"].artifacts.items()}  # type: ignore[union-attr]
    assert {name: objects(uri) for name, uri in made.items()} == {"data": ["."], "model": ["a", "deep/b"]}
    assert "bucket type" not in capfd.readouterr().err


def test_a_result_is_used_again_until_it_is_gone_from_there(root: str) -> None:
    import gcsfs

    def made() -> tuple[str, str]:
        task = kflite.run(through).tasks["make"]
        return task.reason, task.artifacts["model"].uri  # type: ignore[union-attr]

    (first, uri), (second, same) = made(), made()
    assert (first, second, same) == ("", "cached", uri)
    gcsfs.GCSFileSystem().rm(f"{uri}/deep/b")
    assert made()[0] == ""


def test_what_lies_there_is_imported_and_read_again_when_it_changes(root: str) -> None:
    import gcsfs

    for words in ("first", "the second"):
        gcsfs.GCSFileSystem().pipe(f"{root}/in.csv", words.encode())
        assert kflite.run(imported, {"uri": f"{root}/in.csv"}).outputs == {"Output": words}
    failed = kflite.run(imported, {"uri": f"{root}/none.csv"}).tasks["text"]
    assert (failed.reason, failed.message) == ("InputGone", f"input 'data': {root}/none.csv: nothing is there")


def test_a_run_that_is_removed_leaves_nothing_there(root: str) -> None:
    run = kflite.run(through)

    async def remove() -> None:
        async with kflite.Client() as client:
            await client.delete(run.id)

    asyncio.run(remove())
    assert objects(f"{root}/through/{run.id}") == []
