"""A plan of a race, which uses all of the seam that a pipeline does not: a question, points, a stop, a service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from kflite.core.event_kind import State
from kflite.core.job import Exit, Job, Port, Resources, Role
from kflite.core.paths import RunPaths
from kflite.core.plan import Answer, Ask, Ended, News, Outcome, Points, Policy, Ready, RetryPolicy, Step, Stop
from kflite.core.value import NOTHING, Artifact, Outputs, Value

LOSS = "loss"
GOOD = 0.1  # a racer that is as good needs to go on no more
BOARD = "board"


@dataclass(frozen=True)
class Lap:
    """The work of a racer, or of the board that serves until the race is over."""

    title: str
    policy: Policy = field(default_factory=Policy)
    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)
    request: Resources = Resources()
    key_parts: Mapping[str, str] | None = None
    definition: str = ""
    unhashed: frozenset[str] = frozenset()

    def with_digests(self, contents: Mapping[str, str]) -> Lap:
        return self

    def job(self, paths: RunPaths, task: str, attempt: int) -> Job:
        ports = (Port("http", ready="tcp"),) if self.policy.service else ()
        return Job(f"{paths.run}/{task}", attempt, (Role(command=(self.title,), ports=ports),), paths.attempt(task, attempt))

    def collect(self, paths: RunPaths, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
        return exit, NOTHING


class Race:
    """As many racers as the answer says, and a board beside them; heard: all that it was told, in order."""

    def __init__(self, draw: Callable[[], Value] = lambda: 3, retries: int = 1) -> None:
        self._draw, self._retries = draw, retries
        self._running: dict[str, None] = {}
        self._halted = False
        self.heard: list[tuple[str, News]] = []

    @property
    def watches(self) -> Collection[str]:
        return (LOSS,)

    def begin(self) -> list[Step]:
        return [Ask("racers", self._draw)]

    def hear(self, name: str, news: News) -> list[Step]:
        self.heard.append((name, news))
        match news:
            case Answer(error=error) if error:
                return [Ended(State.FAILED, reason=error)]
            case Answer(answer):
                assert isinstance(answer, int)
                return self._race(answer)
            case Points(points):
                good = any(point.value <= GOOD for point in points)
                return [Stop(name, "good enough")] if good and name in self._running else []
            case Outcome():
                del self._running[name]
                return self._over()

    def halt(self) -> list[Step]:
        self._halted = True
        return self._over()

    def _race(self, racers: int) -> list[Step]:
        laps = {f"racer-{n}": Lap("racer", Policy(RetryPolicy(self._retries))) for n in range(racers)}
        laps[BOARD] = Lap(BOARD, Policy(service=True))
        self._running = dict.fromkeys(laps)
        return [Ready(task, work) for task, work in laps.items()]

    def _over(self) -> list[Step]:
        if not self._running:
            return [Ended(State.SUCCEEDED)]
        return [Stop(BOARD, "the race is over")] if [*self._running] == [BOARD] else []
