"""What every store keeps to: pipelines by version, experiments, and the documents that they and runs share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from contract.stores import another, ended, submitted

from kflite.core.event import Event
from kflite.core.run_event import RunArchived
from kflite.errors import InputError, NotFound
from kflite.store import Database
from kflite.store.base import Query


def upload(opened: Database, document: str, version: str = "", pipeline: str = "p") -> tuple[str, bool]:
    row, new = opened.catalogue.upload(pipeline, version, (f"digest of {document}", document), "", 1.0)
    return row.version, new


def there(opened: Database, document: str) -> bool:
    try:
        return opened.plan(f"digest of {document}") == ("pipeline", document)
    except NotFound:
        return False


def test_versions_are_numbered_and_the_newest_is_meant_where_none_is_named(opened: Database) -> None:
    assert [upload(opened, text) for text in "abc"] == [("v1", True), ("v2", True), ("v3", True)]
    assert opened.catalogue.version("p").version == "v3"
    assert opened.catalogue.version("p", "v1").plan == "digest of a"
    assert [row.title for row in opened.catalogue.versions("p")] == ["p@v3", "p@v2", "p@v1"]


def test_a_document_that_is_there_stays_the_version_that_it_is(opened: Database) -> None:
    assert (upload(opened, "a"), upload(opened, "a"), upload(opened, "a", "v1")) == (("v1", True), ("v1", False), ("v1", False))
    assert upload(opened, "a", pipeline="q") == ("v1", True)
    with pytest.raises(InputError, match="p@v1 is this very document: nothing was uploaded as new"):
        upload(opened, "a", "new")


def test_a_name_that_is_taken_is_refused_or_passed_over(opened: Database) -> None:
    upload(opened, "a", "v2")
    with pytest.raises(InputError, match="p@v2 is there, and is another document"):
        upload(opened, "b", "v2")
    assert upload(opened, "b") == ("v3", True)


def test_uploads_at_once_each_get_a_version_of_their_own(opened: Database) -> None:
    others = [another(opened) for _ in range(4)] if opened.url != "sqlite://" else [opened] * 4
    with ThreadPoolExecutor(4) as pool:
        texts = [f"{n % 6}" for n in range(24)]
        found = list(pool.map(lambda pair: upload(others[pair[0] % 4], pair[1]), enumerate(texts)))
    assert sorted(version for version, new in found if new) == [f"v{n}" for n in range(1, 7)]
    assert {text: version for text, (version, _) in zip(texts, found, strict=True)} == {
        row.plan.removeprefix("digest of "): row.version for row in opened.catalogue.versions("p")
    }


def test_a_document_goes_with_the_last_that_has_it(opened: Database) -> None:
    upload(opened, "a")
    upload(opened, "b")
    opened.append([submitted("r", plan="digest of a"), ended("r")])
    assert opened.catalogue.version("p", "v1").runs == 1
    assert [row.version for row in opened.catalogue.remove("p")] == ["v2", "v1"]
    assert (there(opened, "a"), there(opened, "b")) == (True, False)
    opened.delete_run("r")
    assert not there(opened, "a")


def test_runs_are_found_by_the_version_that_they_run(opened: Database) -> None:
    upload(opened, "a")
    upload(opened, "b", "new")
    opened.append([submitted(run, plan=f"digest of {run}") for run in "abc"])
    found = {where: {row.run for row in opened.search(Query(where))} for where in ("version=p@v1", "version=p", "version!=p@new")}
    assert found == {"version=p@v1": {"a"}, "version=p": {"a", "b"}, "version!=p@new": {"a", "c"}}


def test_a_version_keeps_the_document_of_a_run_that_goes(opened: Database) -> None:
    upload(opened, "a")
    opened.append([submitted("r", plan="digest of a"), ended("r")])
    opened.delete_run("r")
    assert there(opened, "a")


def test_what_is_not_there_is_refused_with_what_is(opened: Database) -> None:
    with pytest.raises(NotFound, match="there is none yet, kflite pipelines upload makes one"):
        opened.catalogue.version("p")
    upload(opened, "a", pipeline="digits")
    with pytest.raises(NotFound, match="did you mean 'digits'"):
        opened.catalogue.version("digit")
    with pytest.raises(NotFound, match="pipeline digits has no version 'v9'"):
        opened.catalogue.remove("digits", "v9")
    with pytest.raises(NotFound, match="there is no experiment 'x'"):
        opened.catalogue.drop("x")


def test_an_experiment_is_made_by_hand_or_by_its_first_run(opened: Database) -> None:
    assert opened.catalogue.create("mine", "about", 5.0).description == "about"
    with pytest.raises(InputError, match="'mine' is there already"):
        opened.catalogue.create("mine", "", 6.0)
    opened.append([submitted("a", 7.0, experiment="mine"), submitted("b", 8.0, experiment="other"), ended("b")])
    assert [(row.name, row.runs, row.created) for row in opened.catalogue.experiments()] == [("other", 1, 8.0), ("mine", 1, 5.0)]
    assert opened.catalogue.states("other") == {"SUCCEEDED": 1}


def test_an_archived_experiment_hides_its_runs_and_gives_back_those_that_were_not_archived_themselves(opened: Database) -> None:
    opened.append([submitted("a", 1.0, experiment="e"), submitted("b", 2.0, experiment="e"), submitted("c", 3.0), ended("b")])
    opened.append([Event("b", RunArchived(), 4.0)])
    assert opened.catalogue.archive("e", 5.0).archived == opened.catalogue.archive("e", 6.0).archived == 5.0
    assert [row.run for row in opened.search(Query())] == ["c"]
    assert [row.run for row in opened.search(Query(archived=True))] == ["b", "a"]
    assert opened.catalogue.experiments() == []
    opened.catalogue.archive("e", None)
    assert [row.run for row in opened.search(Query())] == ["c", "a"]


def test_an_experiment_that_has_runs_stays(opened: Database) -> None:
    opened.append([submitted("a", experiment="e"), ended("a")])
    with pytest.raises(InputError, match="experiment 'e' has 1 run: remove them with it by --runs"):
        opened.catalogue.drop("e")
    opened.delete_run("a")
    opened.catalogue.drop("e")
    assert opened.catalogue.experiments(None) == []
