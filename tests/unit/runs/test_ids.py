"""Names of runs."""

import re

from hypothesis import given
from hypothesis import strategies as st

from kflite.runs.ids import run_id, slug

NOON = 1_795_000_000.0


@given(st.text(), st.floats(0, 4e9))
def test_a_run_id_is_a_dns_label_of_at_most_40_characters(name: str, now: float) -> None:
    made = run_id(name, now)
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", made)
    assert len(made) <= 40


def test_ids_of_one_name_sort_by_time() -> None:
    times = [NOON + step for step in (0, 0.001, 1, 3_600, 86_400, 40 * 86_400)]
    made = [run_id("digits", now) for now in times]
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    assert len({run_id("digits", NOON) for _ in range(100)}) > 80


def test_a_slug_keeps_what_can_be_read() -> None:
    assert slug("My Pipeline_2") == "my-pipeline-2"
    assert slug("2 fast") == "run-2-fast"
    assert slug("") == "run"
