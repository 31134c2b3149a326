"""A secret reaches its task, and nothing else that kflite writes."""

from __future__ import annotations

from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.core.event_kind import State

VALUE = "hunter2-do-not-tell"


@dsl.component
def use_token() -> int:
    import os

    return len(os.environ["TOKEN"])


@dsl.pipeline
def with_secret() -> int:
    return use_token().use_secret_as_env("registry", {"api-token": "TOKEN"}).output


def everything_written(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.is_symlink())


@pytest.mark.parametrize("on", ["process", "inline"])
def test_a_secret_of_the_environment_reaches_its_task_only(on: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY_API_TOKEN", VALUE)
    run = kflite.run(with_secret, on=on, progress=False)
    assert run.outputs == {"Output": len(VALUE)}
    assert VALUE.encode() not in everything_written(home)


def test_a_secret_of_a_file_reaches_a_container(
    home: Path, docker_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("KFLITE_IMAGES", f"python:*={docker_image}")
    file = tmp_path / "kflite" / "secrets" / "registry" / "api-token"
    file.parent.mkdir(parents=True)
    file.write_text(VALUE + "\n")
    run = kflite.run(with_secret, on="docker", progress=False)
    assert run.outputs == {"Output": len(VALUE)}
    assert VALUE.encode() not in everything_written(home)


@dsl.component
def what_is_there() -> list:
    import os

    return sorted(name for name in os.environ if "SECRET" in name)


def test_a_task_sees_no_secret_that_it_did_not_ask_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY_API_TOKEN", VALUE)
    run = kflite.run(what_is_there, on="process", progress=False)
    assert run.outputs == {"Output": []}


@pytest.mark.usefixtures("home")
def test_a_secret_that_is_nowhere_is_asked_for_by_name() -> None:
    run = kflite.run(with_secret, on="process", progress=False)
    task = run.tasks["use-token"]
    assert (task.state, task.reason) == (State.FAILED, "SecretMissing")
    assert "KFLITE_SECRET_REGISTRY_API_TOKEN" in task.message


@pytest.mark.usefixtures("home")
def test_a_name_that_climbs_out_of_the_secrets_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "outside").write_text(VALUE)

    @dsl.pipeline
    def climbing() -> int:
        return use_token().use_secret_as_env("../..", {"outside": "TOKEN"}).output

    run = kflite.run(climbing, on="process", progress=False)
    assert run.tasks["use-token"].reason == "SecretMissing"
