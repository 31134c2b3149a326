"""A retry with a changed pipeline, or from named tasks: what stays, what is done again, and that it can be taken over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from leaves import drawn, well
from pipelines import Builder, changed
from runner import FAILURE, Driver

from kflite.core.event import Event
from kflite.core.event_kind import Kind, State
from kflite.core.run_event import RunEnded, RunRetried
from kflite.scheduler.retries import RetryRequest, retries

S, F, K = State.SUCCEEDED, State.FAILED, State.SKIPPED


def chain(*, code: str = "", **tasks: Sequence[str]) -> str:
    """Leaves that come after others; those named in `code` have another command. `g` is a group of the leaves `x` and `y`."""
    own = {name: _component(name) for name in tasks if name != "g"}
    group = {
        "comp-x": _component("x"),
        "comp-g": {"dag": {"tasks": {name: {"componentRef": {"name": "comp-x"}} for name in "xy"}}},
    }
    named = {n: {"componentRef": {"name": f"comp-{n}"}, "dependentTasks": list(parents)} for n, parents in tasks.items()}
    executors = {f"exec-{n}": {"container": {"image": "i", "command": [n, "new" if n in code else ""]}} for n in (*own, "x")}
    components = {f"comp-{name}": component for name, component in own.items()} | group
    root = {"dag": {"tasks": named}}
    whole = {"pipelineInfo": {"name": "p"}, "root": root, "components": components}
    return json.dumps(whole | {"deploymentSpec": {"executors": executors}})


def _component(name: str) -> dict[str, object]:
    return {"executorLabel": f"exec-{name}", "outputDefinitions": {"parameters": {"x": {"parameterType": "NUMBER_INTEGER"}}}}


def ran(document: str, *failing: str) -> Driver:
    """A run to its end, in which these tasks fail."""
    driver = Driver(document, lambda task, attempt: FAILURE if task in failing else well(task, attempt)).begin()
    return driver.finish(Random(0))


def retried(before: Driver, document: str = "", keep: bool = False, tasks: Sequence[str] = ()) -> Driver:
    """The run after such a retry, to its end."""
    told = Event("r", RunRetried("new" if document else "", keep, tuple(tasks)), 0.0)
    recover = Driver(document or before.document, well).recover([*before.events, told])
    return recover.finish(Random(0))


def started(driver: Driver) -> set[str]:
    """Tasks that were started after the retry."""
    return {event.task for commit in driver.commits[1:] for event in commit if event.kind is Kind.TASK_STARTING}


LINE: dict[str, Sequence[str]] = {"a": "", "b": "a", "c": "b", "d": ""}


def test_what_changed_and_what_comes_after_it_is_done_again_and_the_rest_stays() -> None:
    recover = retried(ran(chain(**LINE), "c"), chain(**LINE, code="b"))
    assert (started(recover), set(recover.states.values()), recover.run.state) == ({"b", "c"}, {S}, S)


def test_a_changed_step_that_failed_is_done_again_alone() -> None:
    recover = retried(ran(chain(**LINE), "c"), chain(**LINE, code="c"))
    assert (started(recover), recover.run.state) == ({"c"}, S)


def test_what_only_comes_after_a_step_in_time_is_done_again_with_it() -> None:
    assert started(retried(ran(chain(**LINE)), chain(**LINE, code="a"))) == {"a", "b", "c"}


def test_all_that_succeeded_stays_where_the_user_keeps_it() -> None:
    recover = retried(ran(chain(**LINE), "c"), chain(**LINE, code="abcd"), keep=True)
    assert (started(recover), recover.run.state) == ({"c"}, S)


def test_named_tasks_are_done_again_with_what_follows_from_them() -> None:
    assert started(retried(ran(chain(**LINE)), tasks=["b"])) == {"b", "c"}
    assert started(retried(ran(chain(**LINE), "d"), tasks=["c"])) == {"c", "d"}


def test_a_group_stays_closed_unless_something_in_it_is_done_again() -> None:
    nested: dict[str, Sequence[str]] = {"a": "", "g": "", "b": "g"}
    kept = retried(ran(chain(**nested), "a"), chain(**nested, code="a"))
    assert started(kept) == {"a"}
    assert not [e for commit in kept.commits[1:] for e in commit if e.task.startswith("g")]
    recover = retried(ran(chain(**nested)), tasks=["g/x"])
    assert started(recover) == {"g/x", "b"}
    assert [e.kind for e in recover.events if e.task == "g"][-3:] == [Kind.TASK_QUEUED, Kind.TASK_RUNNING, Kind.TASK_SUCCEEDED]
    assert started(retried(ran(chain(**nested)), tasks=["g"])) == {"g/x", "g/y", "b"}


def test_new_tasks_run_and_old_ones_count_no_longer() -> None:
    recover = retried(ran(chain(a="", b="a", c="b"), "c"), chain(a="", n="a", c="n"))
    assert started(recover) == {"n", "c"}
    assert recover.states == {"a": S, "b": K, "c": S, "n": S}
    assert recover.run.state is S


def test_a_step_that_turned_stale_stays_so_through_a_plain_retry() -> None:
    told = Event("r", RunRetried("new"), 0.0)
    document = chain(**LINE, code="a")
    failed = Driver(document, lambda task, attempt: FAILURE).recover([*ran(chain(**LINE), "d").events, told]).finish(Random(0))
    assert started(failed) == {"a", "d"}
    last = retried(Driver(document, well).recover(failed.events))
    assert (started(last), last.run.state) == ({"a", "b", "c", "d"}, S)


def test_of_two_retries_that_are_asked_for_at_once_the_first_counts() -> None:
    events = [Event("r", RunEnded(F), 0.0), *(Event("r", RunRetried(plan), 0.0) for plan in "ab")]
    assert list(retries(events)) == [RetryRequest(1, "a")]
    assert list(retries(events[1:])) == []


pipelines = st.randoms(use_true_random=False).map(lambda random: Builder(random).pipeline())
seeds = st.integers(0, 10**6)


@settings(max_examples=80, deadline=None)
@given(pipelines, seeds, st.booleans())
def test_a_changed_run_ends_as_a_new_one_would(pipeline: str, seed: int, keep: bool) -> None:
    before = Driver(pipeline, drawn(seed)).begin().finish(Random(seed))
    document = changed(pipeline)
    after, new = retried(before, document, keep=keep), ran(document)
    assert {t: s for t, s in after.states.items() if t in new.states} == new.states
    assert {s for t, s in after.states.items() if t not in new.states} <= {K}
    if keep:
        succeeded = {task for task, state in before.states.items() if state is S and not before.run.tasks[task].group}
        assert not started(after) & succeeded


@settings(max_examples=60, deadline=None)
@given(pipelines, seeds, st.lists(st.sampled_from(["t0", "t1", "t2/t0", "t1[0]/t0"]), max_size=2), st.booleans())
def test_a_changed_run_that_is_taken_over_at_any_point_comes_to_the_same_end(
    pipeline: str, seed: int, tasks: list[str], bad: bool
) -> None:
    before = Driver(pipeline, drawn(seed)).begin().finish(Random(seed))
    document, exits = changed(pipeline), drawn(seed + 1) if bad else well
    told = Event("r", RunRetried("new", tasks=tuple(tasks)), 0.0)
    whole = Driver(document, exits).recover([*before.events, told]).finish(Random(seed))
    for commits in range(1, len(whole.commits)):
        stored = [event for commit in whole.commits[:commits] for event in commit]
        recover = Driver(document, exits).recover(stored).finish(Random(seed + commits))
        assert (recover.states, recover.run.state) == (whole.states, whole.run.state), f"after {commits} commits"
