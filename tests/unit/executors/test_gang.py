"""What the ends of replicas mean for the others and for the job."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kflite.executors.gang import End, Verdict, verdict

CHIEF, ONE, TWO = ("chief", 0), ("worker", 0), ("worker", 1)
ALL = (CHIEF, ONE, TWO)


def failed(replica: tuple[str, int], code: int = 5, stopped: bool = False) -> End:
    return End(replica, code, "Error", f"exit status {code}", stopped=stopped)


def good(replica: tuple[str, int], message: str = "") -> End:
    return End(replica, 0, message=message)


@dataclass(frozen=True)
class Case:
    ends: tuple[End, ...]
    whole: tuple[int, str, str]
    reasons: tuple[str, ...]
    settled: bool
    success_roles: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        Case((), (0, "", ""), (), False),
        Case((good(ONE),), (0, "", ""), ("",), False),
        Case((good(ONE), good(TWO), good(CHIEF)), (0, "", ""), ("", "", ""), False),
        Case((failed(ONE),), (5, "Error", "worker.0: exit status 5"), ("Error",), True),
        Case(
            (failed(ONE), failed(CHIEF, -15), failed(TWO, -9)),
            (5, "Error", "worker.0: exit status 5"),
            ("Error", "PeerFailed", "PeerFailed"),
            True,
        ),
        Case((failed(ONE), good(CHIEF)), (5, "Error", "worker.0: exit status 5"), ("Error", ""), True),
        Case((failed(ONE, -15, stopped=True),), (-15, "Stopped", "worker.0: stopped on request"), ("Stopped",), False),
        Case(
            (failed(ONE), failed(TWO, -15, stopped=True)),
            (5, "Error", "worker.0: exit status 5"),
            ("Error", "Stopped"),
            True,
        ),
        Case((good(CHIEF),), (0, "", ""), ("",), True, ("chief",)),
        Case((good(CHIEF), failed(ONE, -15), good(TWO)), (0, "", ""), ("", "PeerSucceeded", ""), True, ("chief",)),
        Case((good(ONE),), (0, "", ""), ("",), False, ("worker",)),
        Case((good(ONE), good(TWO), failed(CHIEF, -15)), (0, "", ""), ("", "", "PeerSucceeded"), True, ("worker",)),
        Case(
            (failed(ONE), good(CHIEF), failed(TWO, -15)),
            (5, "Error", "worker.0: exit status 5"),
            ("Error", "", "PeerFailed"),
            True,
            ("chief",),
        ),
        Case((good(CHIEF), failed(ONE, -15, stopped=True)), (0, "", ""), ("", "Stopped"), True, ("chief",)),
        Case((good(CHIEF, "the log is incomplete"),), (0, "", "the log is incomplete"), ("",), False),
    ],
)
def test_the_first_that_fails_by_itself_decides_unless_success_roles_succeeded_before(case: Case) -> None:
    found = verdict(case.ends, ALL, case.success_roles)
    assert (found.whole.code, found.whole.reason, found.whole.message) == case.whole
    assert tuple(end.reason for end in found.ends) == case.reasons
    assert found.settled is case.settled


def test_a_single_replica_is_the_job() -> None:
    end = failed(CHIEF)
    assert verdict([end], [CHIEF]) == Verdict(end, (end,), settled=True)


def test_whose_machine_was_lost_is_lost_and_its_peers_are_not() -> None:
    found = verdict([End(ONE, -1, "Lost", "its pod is gone", lost=True), End(TWO, -1, "Lost", lost=True)], ALL)
    assert (found.whole.lost, [end.lost for end in found.ends]) == (True, [True, False])


@st.composite
def gangs(draw: st.DrawFn) -> tuple[list[End], list[tuple[str, int]], tuple[str, ...]]:
    """Some replicas that ended, in some order, all of them, and which roles' success counts."""
    sizes = draw(st.dictionaries(st.sampled_from("abc"), st.integers(1, 3), min_size=1))
    replicas = [(role, index) for role, size in sizes.items() for index in range(size)]
    order = draw(st.permutations(replicas))
    codes = [draw(st.sampled_from([0, 0, 1, -9])) for _ in order]
    calm = draw(st.integers(0, len(order)))  # after so many ends it is stopped
    ends = [
        End(replica, code, "Error" if code else "", stopped=place >= calm)
        for place, (replica, code) in enumerate(zip(order, codes, strict=True))
    ]
    return ends[: draw(st.integers(0, len(ends)))], replicas, tuple(draw(st.sets(st.sampled_from(sorted(sizes)))))


@given(gangs())
def test_codes_are_kept_and_order_too(gang: tuple[list[End], list[tuple[str, int]], tuple[str, ...]]) -> None:
    ends, replicas, success_roles = gang
    found = verdict(ends, replicas, success_roles)
    assert [(end.replica, end.code) for end in found.ends] == [(end.replica, end.code) for end in ends]


@given(gangs())
def test_what_is_settled_stays_as_it_is(gang: tuple[list[End], list[tuple[str, int]], tuple[str, ...]]) -> None:
    ends, replicas, success_roles = gang
    verdicts = [verdict(ends[:count], replicas, success_roles) for count in range(len(ends) + 1)]
    for before, after in itertools.pairwise(verdicts):
        assert after.ends[: len(before.ends)] == before.ends
        if before.settled:
            assert after.settled
            assert (after.whole.code, after.whole.reason) == (before.whole.code, before.whole.reason)


@given(gangs())
def test_one_replica_at_most_failed_by_itself(gang: tuple[list[End], list[tuple[str, int]], tuple[str, ...]]) -> None:
    ends, replicas, success_roles = gang
    found = verdict(ends, replicas, success_roles)
    own = [end for end in found.ends if end.code and end.reason == "Error"]
    assert len(own) <= 1
    assert not own or found.whole.replica == own[0].replica


@given(gangs())
def test_success_is_that_of_the_roles_that_count(gang: tuple[list[End], list[tuple[str, int]], tuple[str, ...]]) -> None:
    ends, replicas, success_roles = gang
    whole = verdict(ends, replicas, success_roles).whole
    if len(ends) == len(replicas):
        counts = [end for end in ends if end.replica[0] in success_roles or not success_roles]
        if whole.code == 0:
            assert all(end.code == 0 for end in counts)
        if all(end.code == 0 for end in ends):
            assert whole.code == 0
