"""Every transition of the machine's tables happens in some life of a run, so that none of them is there in vain."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from pipelines import Builder
from race import BOARD
from races import Races
from runner import FAILURE, LOST, SUCCESS, Driver
from unit.plans.dag.builder import Pipeline, parameters, task

from kflite.core.event import Data, Event
from kflite.core.event_kind import Kind, State
from kflite.core.job import Exit
from kflite.core.run_event import RunCancelRequested, RunResumed, RunRetried, RunSuspendRequested
from kflite.core.value import Outputs
from kflite.scheduler import record
from kflite.scheduler.machine import RUN, TASK, run_after, task_after

LIVES = 1500
SECONDS = 0.0
REQUESTS = (RunRetried(), RunCancelRequested(), RunSuspendRequested(), RunResumed())
HAS_FAILED = "inputs.parameter_values['status']['state'] == 'FAILED'"


class Life:
    """A run to which all happens that can, as a seed has it: stops, losses, the cache, other schedulers, retries by users."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.document = Builder(self.random).pipeline()
        self.fail_fast = self.random.random() < 0.2
        self.driver = Driver(self.document, self._exit, self.fail_fast).begin()

    def live(self) -> None:
        for _ in range(60):
            self._turn(self.random.random())
        self.driver.finish(self.random)
        self._taken_over(*self.random.choices(REQUESTS, k=self.random.randint(0, 2)))
        self.driver.finish(self.random)
        self._some_again()
        self._suspended()
        for _ in range(20):
            self._turn(self.random.random())
        self.driver.finish(self.random)

    def _some_again(self) -> None:
        """A user wants some tasks done again, and what follows from them."""
        named: tuple[str, ...] = tuple(self.random.choices(sorted(self.driver.states) or ["t0"], k=2))
        told = Event("r", RunRetried(tasks=named), SECONDS)
        self.driver = Driver(self.document, self._exit, self.fail_fast).recover([*self.driver.events, told])

    def _turn(self, drawn: float) -> None:
        driver, waiting = self.driver, [t for t in self.driver.queued if self.driver.states[t] is State.QUEUED]
        if drawn < 0.03:
            driver.run.cancel("enough", kill=self.random.random() < 0.4)
        elif drawn < 0.06:
            self._suspended()
        elif drawn < 0.1:
            self._taken_over(*self.random.choices([*REQUESTS, None], [1, 1, 1, 1, 8])[:1])
        elif drawn < 0.15 and waiting:
            self._at_the_line(waiting[0])
        elif drawn < 0.3 and driver.running:
            self._under_way(self.random.choice(driver.running))
        else:
            driver.turns(self.random, 1)
        self.driver.take()

    def _at_the_line(self, task: str) -> None:
        self.driver.queued.remove(task)
        if self.random.random() < 0.7:
            self.driver.run.tasks.cached(task, Outputs({"x": 3}), "another")
        else:
            self.driver.run.tasks.refuse(task, "NoCapacity", "no room")

    def _under_way(self, task: str) -> None:
        match self.random.randrange(5):
            case 4:
                self.driver.run.tasks.serving(task, {"main.0/http": "localhost:1"})
            case 0:
                self.driver.running_now(task)
            case 1:
                self.driver.run.tasks.expired(task, self.driver.run.tasks[task].attempts)
            case 2:
                self.driver.run.tasks.waiting(task, self.random.choice(["no node is free", ""]))
            case _:
                self.driver.running.remove(task)
                self.driver.run.exited(task, self.random.choice([FAILURE, LOST]), Outputs())

    def _taken_over(self, *requests: Data | None) -> None:
        """Another scheduler takes the run over, after these requests by users."""
        told = [Event("r", data, SECONDS) for data in requests if data]
        self.driver = Driver(self.document, self._exit, self.fail_fast).recover([*self.driver.events, *told])

    def _suspended(self) -> None:
        """The run is suspended, and then resumed or cancelled, where it does not end by that."""
        self.driver.run.suspend("enough")
        self.driver.take()
        while self.driver.running and self.random.random() < 0.9:
            self.driver.end(self.random.choice(self.driver.running))
        requests = [*self.random.choices(REQUESTS, k=2), self.random.choice([RunResumed(), RunCancelRequested()])]
        self._taken_over(*self.random.choice([requests, requests[-1:]]))

    def _exit(self, task: str, attempt: int) -> Exit:
        return self.random.choice([SUCCESS, SUCCESS, FAILURE, LOST])


def skipped_after_a_retry(end: Callable[[Driver], None]) -> Driver:
    """A task that is there for the failure of another, which succeeds in the end."""
    pipeline = Pipeline().leaf("c", parameters(status={"parameterType": "TASK_FINAL_STATUS"}))
    status = {"status": {"taskFinalStatus": {"producerTask": "p"}}}
    document = pipeline.document(p=task(), t=task("c", inputs=status, always=True, condition=HAS_FAILED))
    driver = Driver(document, lambda task, attempt: SUCCESS).begin().start("p").end("p", FAILURE)
    end(driver)
    recover = Driver(document, driver.exits).recover([*driver.take().events, Event("r", RunRetried(), SECONDS)])
    return recover.start("p").end("p")


def failed(driver: Driver) -> None:
    driver.start("t").end("t", FAILURE)


def cancelled(driver: Driver) -> None:
    driver.run.cancel("enough", kill=True)


@pytest.fixture(scope="module")
def seen() -> set[tuple[State | None, Kind]]:
    found: set[tuple[State | None, Kind]] = set()

    def note(state: State | None, event: Event) -> State:
        found.add((state, event.kind))
        return task_after(state, event) if event.task else run_after(state, event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "task_after", note)
        patch.setattr(record, "run_after", note)
        for seed in range(LIVES):
            Life(seed).live()
        skipped_after_a_retry(failed)
        skipped_after_a_retry(cancelled)
        Races().answer().start("racer-0", BOARD).end("racer-0").start("racer-1").end("racer-1").end(BOARD, LOST)
    return found


def test_every_transition_of_a_task_happens(seen: set[tuple[State | None, Kind]]) -> None:
    assert {(before, kind.name) for before, kind in TASK if (before, kind) not in seen} == set()


def test_every_transition_of_a_run_happens(seen: set[tuple[State | None, Kind]]) -> None:
    assert {(before, kind.name) for before, kind in RUN if (before, kind) not in seen} == set()


@pytest.mark.parametrize("end", [failed, cancelled])
def test_a_task_that_had_run_may_be_skipped_after_a_retry(end: Callable[[Driver], None]) -> None:
    recover = skipped_after_a_retry(end)
    assert recover.states == {"p": State.SUCCEEDED, "t": State.SKIPPED}
    assert recover.run.state is State.SUCCEEDED
