"""What plans may ask beside tasks, in a race: a question that is answered once, points that decide, early stops, a service; and
a run that is suspended and goes on."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from race import BOARD, LOSS
from races import Races
from runner import FAILURE, SUCCESS

from kflite.core.event import Event, Point
from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.core.plan import Answer, Points
from kflite.core.run_event import RunResumed, RunSuspendRequested
from kflite.core.value import NOTHING
from kflite.scheduler.action import AnswerQuestion, Enqueue, Reattach, StopAttempt

TERMINATED = Exit(-15, "Stopped", "stopped on request")


def stopped(actions: list[object]) -> list[str]:
    return [action.task for action in actions if isinstance(action, StopAttempt)]


def queued(actions: list[object]) -> list[str]:
    return [action.task for action in actions if isinstance(action, Enqueue)]


def test_a_question_is_answered_outside_and_its_answer_is_stored_before_what_follows() -> None:
    races = Races().answer()
    assert races.kinds() == [Kind.RUN_SUBMITTED, Kind.RUN_STARTED, Kind.RUN_ANSWERED]
    assert queued(races.actions) == ["racer-0", "racer-1", BOARD]


def test_an_answer_that_is_stored_is_not_asked_again() -> None:
    races = Races(racers=2).answer()
    races.racers = 5
    assert [action for action in races.crash() if isinstance(action, AnswerQuestion)] == []
    assert set(dict(races.run.tasks.items())) == {"racer-0", "racer-1", BOARD}


def test_a_question_whose_answer_was_not_stored_is_asked_again() -> None:
    races = Races(racers=2)
    assert [action.id for action in races.crash() if isinstance(action, AnswerQuestion)] == ["racers"]
    assert queued(races.answer().actions) == ["racer-0", "racer-1", BOARD]


def test_a_question_that_cannot_be_answered_is_the_plans_to_judge() -> None:
    races = Races()
    races.run.answered("racers", Answer(error="ValueError: no lanes"))
    races.store()
    assert (races.run.state, races.run.over) == (State.FAILED, True)


def test_an_answer_after_the_run_was_stopped_changes_nothing() -> None:
    races = Races()
    races.run.cancel("enough")
    races.run.answered("racers", Answer(3))
    races.store()
    assert Kind.RUN_ANSWERED not in races.kinds()


def test_the_plan_hears_points_that_it_watches_after_they_are_stored() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD)
    races.run.add_points([Point("r", "racer-0", 1, 0, LOSS, 1, 0.0, 0.5)])
    assert not [news for _, news in races.plan.heard if isinstance(news, Points)]
    races.store()
    assert [name for name, news in races.plan.heard if isinstance(news, Points)] == ["racer-0"]


def test_the_plan_does_not_hear_of_metrics_that_it_does_not_watch() -> None:
    races = Races().answer().start("racer-0")
    races.measure("racer-0", 0.01, metric="accuracy")
    assert (len(races.points), [n for n in races.plan.heard if isinstance(n[1], Points)]) == (1, [])


def test_a_task_that_the_plan_stops_ends_as_the_plan_says_with_its_reason() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD)
    assert stopped(races.measure("racer-0", 0.05)) == ["racer-0"]
    races.end("racer-0", TERMINATED)
    assert races.run.tasks["racer-0"].state is State.SUCCEEDED
    assert races.events[-1].data.reason == "good enough"  # type: ignore[union-attr]


def test_a_task_that_is_stopped_while_it_waits_never_starts() -> None:
    races = Races().answer().start("racer-0", "racer-1")
    races.end("racer-0").end("racer-1")
    assert (races.run.tasks[BOARD].state, races.run.tasks[BOARD].attempts) == (State.SUCCEEDED, 0)
    assert races.run.state is State.SUCCEEDED


def test_points_that_were_stored_decide_the_same_after_a_crash() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD)
    races.run.add_points([Point("r", "racer-0", 1, 0, LOSS, 1, 0.0, 0.05)])
    decisions = races.run.take()
    races.points = [Point(**{f: getattr(p, f) for f in p.__slots__} | {"seq": len(races.events)}) for p in decisions.points]
    actions = races.crash()  # between the commit of the points and the turn in which the plan hears of them
    assert stopped(actions) == ["racer-0", "racer-0"]
    assert Reattach("racer-0", "ref-racer-0") in actions
    assert races.run.tasks["racer-0"].stopping == "good enough"


def test_a_stop_that_was_stored_is_asked_of_the_executor_again_after_a_crash() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD)
    races.measure("racer-0", 0.05)
    assert stopped(races.crash()) == ["racer-0"]
    assert races.kinds("racer-0").count(Kind.TASK_STOPPING) == 1


def test_a_service_that_ends_by_itself_has_failed() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD).end(BOARD)
    assert (races.run.tasks[BOARD].state, races.events[-1].data.reason) == (State.FAILED, "ServiceEnded")  # type: ignore[union-attr]


def test_a_service_is_told_where_it_serves_and_goes_on_until_the_race_is_over() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD)
    races.run.tasks.serving(BOARD, {"main.0/http": "127.0.0.1:8080"})
    races.store()
    assert races.kinds(BOARD)[-1] is Kind.TASK_SERVING
    races.end("racer-0")
    races.run.exited("racer-1", SUCCESS, NOTHING)
    assert stopped(races.store()) == [BOARD]
    races.end(BOARD, TERMINATED)
    assert (races.run.tasks[BOARD].state, races.run.state) == (State.SUCCEEDED, State.SUCCEEDED)


# Suspended and resumed.


def test_a_run_is_suspended_once_what_ran_has_ended_and_that_counts_as_no_failure() -> None:
    races = Races().answer().start("racer-0", BOARD)
    races.run.suspend("make room")
    assert sorted(stopped(races.store())) == [BOARD, "racer-0"]
    races.end("racer-0", TERMINATED)
    assert races.run.state is State.RUNNING
    races.end(BOARD, TERMINATED)
    assert (races.run.state, races.run.over, queued(races.actions)) == (State.SUSPENDED, True, [])
    assert races.run.tasks["racer-0"].failed == 0


def test_a_run_that_is_resumed_goes_on_where_it_was() -> None:
    races = Races().answer().start("racer-0", BOARD)
    races.end("racer-0").run.suspend()
    races.store()
    races.end(BOARD, TERMINATED)
    assert sorted(queued(races.crash(Event("r", RunResumed(), 0.0)))) == [BOARD, "racer-1"]
    races.start("racer-1", BOARD).end("racer-1").end(BOARD, TERMINATED)
    assert (races.run.state, races.run.tasks[BOARD].attempts) == (State.SUCCEEDED, 2)


def test_a_task_that_ends_well_while_its_run_is_suspended_has_succeeded() -> None:
    races = Races().answer().start("racer-0")
    races.run.suspend()
    races.end("racer-0", SUCCESS)
    assert (races.run.tasks["racer-0"].state, races.run.state) == (State.SUCCEEDED, State.SUSPENDED)


def test_a_wish_to_suspend_that_nobody_acted_on_is_acted_on_by_the_next_scheduler() -> None:
    races = Races().answer().start("racer-0")
    assert stopped(races.crash(Event("r", RunSuspendRequested("later"), 0.0))) == ["racer-0"]
    assert races.end("racer-0", TERMINATED).run.state is State.SUSPENDED


def test_a_run_that_is_resumed_before_it_was_suspended_goes_on() -> None:
    races = Races().answer().start("racer-0")
    races.run.suspend()
    races.store()
    races.run.request(RunResumed())
    races.store()
    assert sorted(queued(races.actions)) == [BOARD, "racer-1"]
    races.end("racer-0", TERMINATED)
    assert (queued(races.actions), races.run.state) == (["racer-0"], State.RUNNING)


@pytest.mark.parametrize("kill", [False, True])
def test_a_suspended_run_that_is_cancelled_ends_without_starting_anything(kill: bool) -> None:
    races = Races().answer().start("racer-0")
    races.run.suspend()
    races.store()
    races.end("racer-0", TERMINATED).crash()
    races.run.cancel("enough", kill)
    races.store()
    assert (races.run.state, queued(races.actions)) == (State.CANCELLED, [])


def test_a_run_that_stops_is_not_suspended() -> None:
    races = Races().answer().start("racer-0")
    races.run.cancel("enough")
    races.run.suspend()
    races.store()
    assert races.end("racer-0", TERMINATED).run.state is State.CANCELLED


def test_what_was_to_be_suspended_is_cancelled_when_its_run_is() -> None:
    races = Races().answer().start("racer-0", "racer-1", BOARD)
    races.run.suspend()
    races.run.cancel("enough")
    races.store()
    for task in ("racer-0", "racer-1", BOARD):
        races.end(task, TERMINATED)
    assert {record.state for _, record in races.run.tasks.items()} == {State.CANCELLED}


def test_a_run_out_of_time_is_not_told_by_a_users_own_reason() -> None:
    races = Races().answer().start("racer-0")
    races.run.cancel("timeout")
    races.end("racer-0", TERMINATED)
    assert races.run.tasks["racer-0"].state is State.CANCELLED


def drawn(races: Races, random: Random) -> None:
    """One thing that may happen next."""
    tasks = dict(races.run.tasks.items())
    waiting = [task for task, record in tasks.items() if record.state is State.QUEUED and not races.run.tasks.paused]
    working = [task for task, record in tasks.items() if record.state in (State.STARTING, State.RUNNING, State.STOPPING)]
    resumed = [Event("r", RunResumed(), 0.0)] if races.run.state is State.SUSPENDED else []
    options: list[Callable[[], object]] = [lambda: races.crash(*resumed)]
    if waiting:
        options += [lambda: races.start(random.choice(waiting))] * 4
    if working:
        options += [lambda: races.end(random.choice(working), random.choice([SUCCESS, FAILURE, TERMINATED]))] * 2
        options += [lambda: races.measure(random.choice(working), random.random())] * 2
    if not races.run.over:
        options.append(lambda: (races.run.suspend(), races.store()))
    random.choice(options)()


@pytest.mark.parametrize("seed", range(200))
def test_a_replayed_plan_hears_the_same_in_the_same_order(seed: int) -> None:
    random = Random(seed)
    races = Races(racers=3).answer()
    for _ in range(40):
        if races.run.state and races.run.state.ended:
            break
        drawn(races, random)
        if not races.run.over:
            heard = [(name, _told(news)) for name, news in races.plan.heard]
            races.crash()
            assert [(name, _told(news)) for name, news in races.plan.heard] == heard


def _told(news: object) -> object:
    return [(p.task, p.attempt, p.value) for p in news.points] if isinstance(news, Points) else news
