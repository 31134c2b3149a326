"""How a run's objects are named and labelled on a cluster."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from kflite.executors.kubernetes import names

LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def test_a_task_in_a_loop_is_named_as_its_folder_is() -> None:
    assert names.label("for-loop-1[0]/fit") == "for-loop-1.0.fit"


@given(st.text(max_size=200))
def test_any_text_becomes_a_label(text: str) -> None:
    assert LABEL.fullmatch(names.label(text))


@given(st.text(min_size=1, max_size=200))
def test_any_run_has_an_owner_of_a_sound_name(run: str) -> None:
    assert NAME.fullmatch(names.owner(run))


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_runs_have_two_owners(one: str, other: str) -> None:
    assert (names.owner(one) == names.owner(other)) == (one == other)
