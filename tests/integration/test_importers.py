"""Importers: what exists already is fetched when a task reads it, once, and again when it has changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import kflite
from kflite import dsl


@dsl.component
def read(data: dsl.Input[dsl.Dataset], n: int = 0) -> str:
    import os

    if os.path.isdir(data.path):
        return " ".join(open(os.path.join(data.path, name)).read() for name in sorted(os.listdir(data.path)))
    return open(data.path).read()


@dsl.pipeline
def twice(uri: str) -> str:
    found = dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset)
    read(data=found.output, n=1)
    return read(data=found.output).output


@dsl.pipeline
def anew(uri: str) -> str:
    found = dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset, reimport=True)
    read(data=found.output, n=1)
    return read(data=found.output).output


@dsl.pipeline
def unread(uri: str):  # type: ignore[no-untyped-def]
    dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset, metadata={"of": uri})


@dsl.component
def told(data: dsl.Input[dsl.Dataset]) -> dict:  # type: ignore[type-arg]
    return data.metadata


@dsl.component
def word() -> str:
    return "k"


@dsl.pipeline
def described(folder: str, n: int = 3) -> dict:  # type: ignore[type-arg]
    key = word().output
    metadata = {f"a-{key}": {"n": [n, f"n={n}"]}, "of": dsl.PIPELINE_JOB_NAME_PLACEHOLDER}
    found = dsl.importer(artifact_uri=f"{folder}/a", artifact_class=dsl.Dataset, metadata=metadata)
    return told(data=found.output).output


class Web:
    """A web server on a folder, which counts what it is asked for. silent: it tells of no file when it was changed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked, self.silent = folder, list[str](), False
        web = self

        class Handler(SimpleHTTPRequestHandler):
            def send_head(self) -> Any:
                web.asked.append(f"{self.command} {self.path}")
                return super().send_head()

            def send_header(self, keyword: str, value: str) -> None:
                if not (web.silent and keyword in ("Last-Modified", "Content-Length")):
                    super().send_header(keyword, value)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def fetched(self) -> int:
        """How often a file was fetched since the last time that this was asked."""
        found, self.asked[:] = sum(line.startswith("GET") for line in self.asked), []
        return found


@pytest.fixture
def web(home: Path, tmp_path: Path) -> Iterator[Web]:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "a.csv").write_text("first")
    web = Web(tmp_path / "web")
    thread = threading.Thread(target=web.server.serve_forever)
    thread.start()
    yield web
    web.server.shutdown()
    thread.join()
    web.server.server_close()


def output(pipeline: dsl.Component, uri: str, **options: Any) -> object:
    run = kflite.run(pipeline, {"uri": uri}, **options)
    assert run.state == "SUCCEEDED", run.reason
    return run.outputs["Output"]


def test_two_tasks_and_a_later_run_share_what_was_fetched_until_it_changes(web: Web) -> None:
    assert (output(twice, f"{web.url}/a.csv"), web.fetched()) == ("first", 1)
    assert (output(twice, f"{web.url}/a.csv", cache=False), web.fetched()) == ("first", 0)
    (web.folder / "a.csv").write_text("the second")
    assert (output(twice, f"{web.url}/a.csv"), web.fetched()) == ("the second", 1)


def test_a_task_is_cached_while_what_it_reads_is_unchanged(web: Web) -> None:
    def reasons() -> set[str]:
        return {task.reason for name, task in kflite.run(twice, {"uri": f"{web.url}/a.csv"}).tasks.items() if "read" in name}

    assert [reasons(), reasons()] == [{""}, {"cached"}]
    (web.folder / "a.csv").write_text("the second")
    assert reasons() == {""}


def test_reimport_fetches_once_more_in_each_run(web: Web) -> None:
    fetched = [(output(anew, f"{web.url}/a.csv", cache=False), web.fetched())[1] for _ in range(2)]
    assert fetched == [1, 1]


def test_what_may_have_changed_unseen_is_not_cached(web: Web) -> None:
    web.silent = True
    assert output(twice, f"{web.url}/a.csv") == "first"
    run = kflite.run(twice, {"uri": f"{web.url}/a.csv"})
    assert {task.reason for name, task in run.tasks.items() if "read" in name} == {""}


def test_what_no_task_reads_is_not_asked_for(web: Web) -> None:
    run = kflite.run(unread, {"uri": f"{web.url}/a.csv"})
    assert run.tasks["importer"].artifacts["artifact"].metadata == {"of": f"{web.url}/a.csv"}  # type: ignore[union-attr]
    assert web.asked == []


def test_a_file_that_is_not_there_fails_the_task_before_it_starts(web: Web, tmp_path: Path) -> None:
    for uri in (f"{web.url}/none.csv", str(tmp_path / "none.csv")):
        run = kflite.run(twice, {"uri": uri})
        assert (run.tasks["importer"].state, run.tasks["read"].state) == ("SUCCEEDED", "FAILED")
        assert run.tasks["read"].reason == "InputGone"
        assert run.tasks["read"].message.startswith("input 'data': ")
        assert uri in run.tasks["read"].message
        assert run.logs() == ""


@pytest.mark.parametrize(
    ("uri", "reason", "message"),
    [
        ("data.csv", "BadInput", "the importer's URI 'data.csv' has no location: give a URI such as s3://…, or a path"),
        ("oci://registry/model:1", "StagingFailed", "the files of an image are there only on Kubernetes"),
        ("minio://bucket/key", "StagingFailed", "say where the MinIO server is: AWS_ENDPOINT_URL="),
        ("nonsense://a/b", "StagingFailed", "no file system is known for nonsense://"),
    ],
)
def test_a_uri_that_cannot_be_read_here_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, uri: str, reason: str, message: str
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    failed = [task for task in kflite.run(twice, {"uri": uri}).tasks.values() if task.state == "FAILED"]
    assert {task.reason for task in failed} == {reason}
    assert all(message in task.message for task in failed)


def test_a_folder_in_a_store_of_objects_is_fetched_whole(home: Path) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe({"/bucket/folder/x": b"1", "/bucket/folder/y": b"2"})
    assert output(twice, "memory://bucket/folder/") == "1 2"
    assert output(twice, "memory://bucket/folder/y") == "2"
    memory.pipe("/bucket/folder/z", b"3")
    assert output(twice, "memory://bucket/folder") == "1 2 3"


def test_placeholders_in_uri_and_metadata_are_filled_keys_too(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("first")
    run = kflite.run(described, {"folder": str(tmp_path)}, name="mine")
    assert run.outputs == {"Output": {"a-k": {"n": [3, "n=3"]}, "of": "mine"}}


def test_a_container_reads_what_was_fetched_and_what_lies_here(
    web: Web, tmp_path: Path, docker_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KFLITE_IMAGES", f"python:*={docker_image}")
    (tmp_path / "b.csv").write_text("here")
    assert output(twice, f"{web.url}/a.csv", on="docker") == "first"
    assert output(twice, f"{tmp_path}/b.csv", on="docker") == "here"


@pytest.mark.parametrize("on", ["inline", "process"])
def test_a_local_file_is_read_where_it_lies_and_hashed(home: Path, tmp_path: Path, on: str) -> None:
    (tmp_path / "a").write_text("first")
    assert output(twice, f"file://{tmp_path}/a", on=on) == "first"
    (tmp_path / "a").write_text("second")
    assert output(twice, f"{tmp_path}/a", on=on) == "second"
    assert not (home / "staging").exists()
