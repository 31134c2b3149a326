"""Runs are searched as a plain reading of the expression says, page by page, in every store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import TypeAlias

import pytest
from contract.searches import Known, found, searches, some_runs
from contract.stores import KINDS, submitted, url_of
from hypothesis import example, given, settings

from kflite import store
from kflite.core.event import Event
from kflite.core.run_event import RunArchived
from kflite.errors import InputError, NotFound
from kflite.store import Database
from kflite.store.base import Query

Filled: TypeAlias = "tuple[Database, list[Known]]"


@pytest.fixture(scope="module", params=KINDS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A store with runs of all sorts, which nothing changes."""
    opened = store.open(url_of(request.param, request, tmp_path_factory.mktemp("store")))
    made = list(some_runs(Random(7), 80))
    for _, events in made:
        opened.append(events)
    yield opened, [known for known, _ in made]
    opened.close()


@settings(max_examples=150, deadline=None)
@given(searches)
@example(Query("param.c=0.3"))
@example(Query("not (label.team=a or name~'%')", sort="metric.acc", archived=None))
def test_a_search_finds_what_the_expression_says_in_its_order(filled: Filled, query: Query) -> None:
    opened, runs = filled
    assert [row.run for row in opened.search(query)] == found(runs, query)[: query.limit]


@settings(max_examples=40, deadline=None)
@given(searches)
def test_pages_follow_each_other_without_gaps(filled: Filled, query: Query) -> None:
    opened, runs = filled
    pages: list[str] = []
    while page := [row.run for row in opened.search(replace(query, after=pages[-1] if pages else ""))]:
        pages += page
    assert pages == found(runs, query)


def test_rows_have_their_labels_and_when_they_were_archived(filled: Filled) -> None:
    opened, runs = filled
    rows = {row.run: row for row in opened.search(Query(archived=None))}
    assert {run.run: (run.label, run.archived) for run in runs} == {
        run: (dict(row.labels), row.archived is not None) for run, row in rows.items()
    }
    assert opened.run(runs[0].run) == rows[runs[0].run]


def test_a_page_after_a_run_that_is_gone_is_refused(filled: Filled) -> None:
    with pytest.raises(NotFound, match="there is no run 'gone'"):
        filled[0].search(Query(after="gone"))


def test_what_cannot_be_sorted_by_is_refused(filled: Filled) -> None:
    with pytest.raises(InputError, match="sort 'age', character 1: there is no field 'age': there is state, run"):
        filled[0].search(Query(sort="age"))
    with pytest.raises(InputError, match="sort by pipeline, or by created"):
        filled[0].search(Query(sort="version"))


def test_texts_of_a_search_are_values_and_never_a_statement(filled: Filled) -> None:
    assert filled[0].search(Query("""name="'; DROP TABLE run; --" or param."x' OR 1=1"=1""")) == []
    assert filled[0].search(Query("name='\0\ud800'")) == []


def test_a_parameter_of_any_length_is_found_by_its_beginning(filled: Filled) -> None:
    opened = filled[0]
    opened.append([submitted("long", 900.0, name="long", parameters={"text": "é" * 3000})])
    assert [row.run for row in opened.search(Query("param.text=" + "é" * 3000))] == ["long"]
    opened.delete_run("long")
    assert opened.search(Query("param.text")) == []


def test_archiving_twice_keeps_the_first_time(filled: Filled) -> None:
    opened = filled[0]
    opened.append([submitted("old", 900.0), *(Event("old", RunArchived(), at) for at in (901.0, 902.0))])
    assert opened.run("old").archived == 901.0
    opened.delete_run("old")
