"""Expressions that runs are searched by: what is read, and what is said of one that cannot be."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kflite.errors import InputError
from kflite.store.search.time_text import duration_s, time_range
from kflite.store.search.where import MOST_CONDITIONS, And, Clause, Negation, Or, parse

A, B = Clause("name", "", "=", "a"), Clause("on", "", "~", "b")


def test_conditions_side_by_side_are_all_to_be_true() -> None:
    assert parse("name=a on~b", 0.0) == parse(" name = a  AND on ~ 'b' ", 0.0) == And((A, B))


def test_and_binds_before_or_and_not_before_both() -> None:
    assert parse("not name=a on~b or name=a", 0.0) == Or((And((Negation(A), B)), A))
    assert parse("not (name=a or on~b)", 0.0) == Negation(Or((A, B)))
    assert parse("name!=a", 0.0) == Negation(A)


def test_names_and_values_may_be_quoted_and_hold_what_the_language_uses() -> None:
    assert parse("""param."a (b)"='c "d"'""", 0.0) == Clause("param", "a (b)", "=", 'c "d"')
    assert parse("label.kflite.dev/x=or", 0.0) == Clause("label", "kflite.dev/x", "=", "or")
    assert parse("name=a=b<c", 0.0) == Clause("name", "", "=", "a=b<c")


def test_a_parameter_metric_or_label_alone_asks_whether_there_is_one() -> None:
    assert parse("param.c not label.x", 0.0) == And((Clause("param", "c", "has"), Negation(Clause("label", "x", "has"))))


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 1, "a field belongs here: there is state, run"),
        ("sate=x", 1, "there is no field 'sate': did you mean state"),
        ("state=FAILD", 7, "there is no state 'FAILD': did you mean 'FAILED'"),
        ("name=x state>FAILED", 13, "state cannot be compared by >: there is = !="),
        ("name", 5, "after name comes one of = != ~ !~"),
        ("name=", 6, "a value belongs here"),
        ("name='x", 6, "this quote is not closed"),
        ("param=3", 1, "param needs a name, as param.x"),
        ("(name=a or (name=b)", 1, "this parenthesis is not closed"),
        ("name=a)", 7, "this parenthesis was not opened"),
        ("name=a or", 10, "a field belongs here"),
        ("created>soon", 9, "'soon' is no time: write it as 2026-11-24"),
        ("created>2026-13-01", 9, "is no time"),
        ("duration>5x", 10, "'5x' is no duration: write it as 90s"),
        ("metric.a>high", 10, "'high' is no number"),
        ("(" * 31 + "name=a", 32, "more than 30 levels"),
        ("on=a " * (MOST_CONDITIONS + 1), 501, "more than 100 conditions"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, at: int, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text, 0.0)
    assert f", character {at}: " in str(error.value)
    assert message in str(error.value)


@given(st.text(alphabet="astenmpr.c=!~<>()'\" or0-\n\0", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        parse(text, 0.0)


def test_a_day_a_minute_and_a_second_last_as_long() -> None:
    day = datetime(2026, 11, 24).astimezone().timestamp()
    assert time_range("2026-11-24", 0.0) == (day, day + 86_400)
    assert time_range("2026-11-24T08:30Z", 0.0) == (1795509000.0, 1795509060.0)
    assert time_range("2026-11-24T08:30:05+00:00", 0.0) == (1795509005.0, 1795509006.0)


def test_times_may_be_said_from_now() -> None:
    assert time_range("-2h", 10_000.0) == (2800.0, pytest.approx(2800.0))
    assert [duration_s(text) for text in ("90", "90s", "1.5m", "2h", "7d", "", "d", "-1")] == [
        90.0,
        90.0,
        90.0,
        7200.0,
        604_800.0,
        None,
        None,
        None,
    ]
