"""Where the entries of secrets and config maps are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from kflite.core.job import Mount, MountSource, Role, Secret
from kflite.errors import ExecutorError
from kflite.executors import secrets

WHOLE = Mount("/s", MountSource.SECRET, "registry")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the secret `registry`, with one key."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    made = tmp_path / "kflite" / "secrets" / "registry"
    made.mkdir(parents=True)
    (made / "api-token").write_text("of a file\n")
    return made


def value(**secret: bool) -> str:
    return secrets.values(Role(secrets=(Secret("TOKEN", "registry", "api-token", **secret),)))["TOKEN"]


def test_a_variable_of_its_own_wins_over_one_for_all_and_that_over_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert value() == "of a file"
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY", '{"api-token": "of all"}')
    assert value() == "of all"
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY_API_TOKEN", "its own")
    assert value() == "its own"


def test_a_folder_has_what_files_and_variables_give_together(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "user").write_bytes(b"\xff\n")
    (folder / ".hidden").write_text("")
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY", '{"api-token": "of all", "new": "n"}')
    assert secrets.files(WHOLE) == {"api-token": b"of all", "new": b"n", "user": b"\xff\n"}
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY_API_TOKEN", "its own")
    assert secrets.files(WHOLE)["api-token"] == b"its own"


def test_a_secret_is_no_config_map() -> None:
    with pytest.raises(ExecutorError, match="KFLITE_CONFIG_REGISTRY_API_TOKEN") as told:
        value(config=True)
    assert told.value.reason == "ConfigMapMissing"


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"a": 1}', '{"../a": "x"}', '{"a/b": "x"}', '{"..": "x"}'])
def test_a_variable_for_all_that_holds_something_else_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KFLITE_SECRET_REGISTRY", text)
    with pytest.raises(ExecutorError, match="KFLITE_SECRET_REGISTRY"):
        secrets.files(WHOLE)


@pytest.mark.parametrize("name", ["..", "../secrets", "registry/../..", "."])
def test_a_name_does_not_climb_out_of_the_secrets(name: str) -> None:
    with pytest.raises(ExecutorError, match="is not here"):
        secrets.files(Mount("/s", MountSource.SECRET, name))


def test_a_task_gets_config_maps_and_no_secrets_of_the_environment() -> None:
    assert secrets.without({"KFLITE_SECRET_A": "x", "HOME": "/"}) == {"HOME": "/"}


def test_a_config_map_has_a_digest_and_a_secret_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Secret("DEPTH", "model", "depth", config=True), Secret("TOKEN", "registry", "api-token")]

    def digest() -> str:
        (found,) = secrets.contents(asked, [WHOLE]).items()
        assert found[0] == "model"
        return found[1]

    assert digest() == ""
    monkeypatch.setenv("KFLITE_CONFIG_MODEL", '{"depth": "3"}')
    three = digest()
    monkeypatch.setenv("KFLITE_CONFIG_MODEL", '{"depth": "4"}')
    assert three != digest() != ""
