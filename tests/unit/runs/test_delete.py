"""What goes with a run that is removed, and what stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from contract.stores import document, ended, made, queued, submitted, succeeded

from kflite import config, store
from kflite.config import Settings
from kflite.core.event import Event
from kflite.errors import InputError
from kflite.runs.delete import delete
from kflite.store import Database


@pytest.fixture
def settings(home: Path) -> Settings:
    return config.load({})


@pytest.fixture
def opened() -> Database:
    return store.open("sqlite://")


def written(path: str | Path) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("content")
    return str(path)


def maker(run: str, uri: str) -> list[Event]:
    return [submitted(run), *made(run, "fit", key="k", artifacts={"model": [document("model", uri)]}), ended(run)]


def user(run: str, source: str, uri: str) -> list[Event]:
    hit = succeeded(run, "fit", 0, source=source, reason="cached", artifacts={"model": [document("model", uri)]})
    return [submitted(run), queued(run, "fit"), hit, ended(run)]


def test_a_run_goes_with_its_artifacts_and_logs(opened: Database, settings: Settings) -> None:
    model = written(f"{settings.artifacts}/digits/a/fit/1/model")
    log = written(settings.home / "runs/a/fit/1/log")
    opened.append(maker("a", model))
    delete(opened, opened.run("a"), settings)
    assert (opened.runs(), Path(model).exists(), Path(log).exists()) == ([], False, False)


def test_an_artifact_stays_until_the_last_run_that_holds_it_is_removed(opened: Database, settings: Settings) -> None:
    model = written(f"{settings.artifacts}/digits/a/fit/1/model")
    own = written(f"{settings.artifacts}/digits/a/fit/1/other")
    opened.append([*maker("a", model), *user("b", "a", model), *user("c", "a", model)])
    for run, there in (("a", True), ("b", True), ("c", False)):
        delete(opened, opened.run(run), settings)
        assert (Path(model).exists(), Path(own).exists()) == (there, False)


def test_what_lies_outside_of_the_artifacts_root_is_the_users_own(opened: Database, settings: Settings, tmp_path: Path) -> None:
    data = written(tmp_path / "mine" / "data.csv")
    opened.append([*maker("a", data), *user("b", "a", data)])
    for run in "ab":
        delete(opened, opened.run(run), settings)
    assert Path(data).exists()


def test_a_run_that_goes_on_is_not_removed(opened: Database, settings: Settings) -> None:
    opened.append([submitted("a")])
    with pytest.raises(InputError, match="kflite cancel a"):
        delete(opened, opened.run("a"), settings)
    assert opened.run("a").run == "a"


def test_pages_that_compare_it_with_others_go_too(opened: Database, settings: Settings) -> None:
    opened.append(maker("run-one", written(f"{settings.artifacts}/digits/run-one/fit/1/model")))
    shown, other = (written(settings.home / "comparisons" / name) for name in ("a.html", "b.html"))
    Path(shown).write_text("<td>run-two</td><td>run-one</td>")
    delete(opened, opened.run("run-one"), settings)
    assert (Path(shown).exists(), Path(other).exists()) == (False, True)
