"""Events as JSON: what is written is read, what is left out has its default, and what is wrong is said with its place."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, get_args

import pytest
from events import data
from hypothesis import given
from hypothesis import strategies as st

from kflite.core.event import Data
from kflite.core.event_json import BY_KIND, from_json, to_json
from kflite.core.event_kind import Kind, State
from kflite.core.run_event import RunSubmitted, SubmittedOptions
from kflite.core.task_event import TaskFailed, TaskQueued, TaskSucceeded
from kflite.core.value import Artifact, Outputs
from kflite.errors import EventError

texts = st.text(max_size=5)
numbers = st.floats(allow_nan=False)
values = st.recursive(st.none() | st.booleans() | st.integers() | numbers | texts, lambda inner: st.lists(inner, max_size=2))
parameters = st.dictionaries(texts, values, max_size=2)
artifact = st.builds(Artifact, texts, texts, metadata=parameters, digest=st.just("") | st.just("b3:1"), outside=texts)
artifacts = st.dictionaries(texts, st.lists(artifact, max_size=2).map(tuple), min_size=1, max_size=2)
labels = st.dictionaries(texts, texts, max_size=2)
states = st.sampled_from(list(State))
OF_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "str": texts,
    "bool": st.booleans(),
    "int": st.integers(),
    "int | None": st.none() | st.integers(),
    "float": numbers,
    "float | None": st.none() | numbers,
    "State": states,
    "State | None": st.none() | states,
    "Value": values,
    "tuple[str, ...]": st.lists(texts, max_size=2).map(tuple),
    "Mapping[str, Value]": parameters,
    "Mapping[str, str]": labels,
    "Mapping[str, str | None]": st.dictionaries(texts, st.none() | texts, max_size=2),
    "Mapping[str, tuple[Artifact, ...]]": artifacts,
    "Outputs": st.builds(Outputs, parameters, artifacts),
    "SubmittedOptions": st.builds(SubmittedOptions, st.booleans(), st.booleans(), st.integers(), st.none() | numbers, labels),
}


def some(kind: type[Data]) -> st.SearchStrategy[Data]:
    return st.builds(kind, **{each.name: OF_TYPE[str(each.type)] for each in fields(kind)})


def test_every_kind_has_its_data() -> None:
    assert set(BY_KIND) == {kind.value for kind in Kind}
    assert len(get_args(Data)) == len(BY_KIND)


@pytest.mark.parametrize("kind", Kind)
@given(st.data())
def test_what_is_written_is_read(kind: Kind, drawn: st.DataObject) -> None:
    told = drawn.draw(some(BY_KIND[kind]))
    assert from_json(kind, json.loads(json.dumps(to_json(told)))) == told


@pytest.mark.parametrize("kind", Kind)
def test_defaults_are_left_out(kind: Kind) -> None:
    told = data(kind)
    assert from_json(kind, to_json(told)) == told
    assert set(to_json(told)) == {each.name for each in fields(told) if each.name in _required(kind)}


def _required(kind: Kind) -> set[str]:
    missing = set[str]()
    for each in fields(BY_KIND[kind]):
        try:
            from_json(kind, {name: value for name, value in to_json(data(kind)).items() if name != each.name})
        except EventError:
            missing.add(each.name)
    return missing


def test_what_a_newer_version_added_is_ignored() -> None:
    told = {"title": "fit", "mood": "calm", "artifacts": {"x": [{"name": "x", "uri": "/x", "colour": "red"}]}}
    assert from_json("task.queued", told) == TaskQueued("fit", artifacts={"x": (Artifact("x", "/x"),)})


@pytest.mark.parametrize(
    ("kind", "document", "why"),
    [
        ("task.failed", {"code": "1"}, "code must be a whole number, and is '1'"),
        ("task.failed", {"code": True}, "code must be a whole number"),
        ("task.failed", {"reason": None}, "reason must be a text"),
        ("task.queued", {}, "title is missing"),
        ("task.queued", {"title": "t", "group": 1}, "group must be true or false"),
        ("task.queued", {"title": "t", "parameters": []}, "parameters must be a mapping"),
        ("task.queued", {"title": "t", "key_parts": {"code": 1}}, "key_parts must be a text"),
        ("task.queued", {"title": "t", "artifacts": {"x": {}}}, "artifacts must be lists of artifacts by name"),
        ("task.queued", {"title": "t", "artifacts": {"x": [{"name": "x"}]}}, "artifacts: uri is missing"),
        (
            "run.submitted",
            {"name": "", "kind": "", "pipeline": "", "plan": "", "options": {"cache": 0}},
            "options: cache must be true",
        ),
        ("task.retrying", {"code": 1, "reason": "", "delay_s": "soon"}, "delay_s must be a number"),
        ("run.ended", {"state": "DONE"}, "state must be a state"),
        ("run.retried", {"tasks": "fit"}, "tasks must be a list"),
        ("run.exploded", {}, "knows no such kind"),
        ("run.started", {"version": 2}, "cannot read version 2"),
        ("run.started", {"version": "x"}, "cannot read version x"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_run_number_and_kind(kind: str, document: dict[str, Any], why: str) -> None:
    with pytest.raises(EventError, match=f"run r, event 7, {kind}: .*{why}"):
        from_json(kind, document, "r", 7)


def test_a_version_is_written_from_the_second_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaskFailed, "VERSION", 2)
    assert to_json(TaskFailed(1)) == {"version": 2, "code": 1}
    assert from_json("task.failed", {"version": 2, "code": 1}) == from_json("task.failed", {"code": 1}) == TaskFailed(1)


def test_what_is_stored_is_short() -> None:
    submitted = RunSubmitted("n", "pipeline", "p", "d", options=SubmittedOptions(parallel=2))
    told = {"name": "n", "kind": "pipeline", "pipeline": "p", "plan": "d", "options": {"parallel": 2}}
    assert to_json(submitted) == told
    assert to_json(TaskSucceeded()) == {}
