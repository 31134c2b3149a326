"""Who may start: the room an executor has, what runs, and the line of those that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kflite.core.job import Resources

# How far down the line one looks for a task that fits when the first does not.
LOOK_AHEAD = 64
# After so many starts past it, the first in line is let through before any other.
MOST_PASSED = 256


@dataclass(frozen=True, slots=True)
class Waiting:
    """A task in line. free: needs no CPU of its own (its run says how many tasks it wants at once)."""

    run: str
    task: str
    request: Resources


class Line:
    """Tasks that wait for room, first come first served, but that a small one may pass a big one for a while."""

    def __init__(self, capacity: Resources) -> None:
        self.capacity = self.free = capacity
        self._waiting: dict[tuple[str, str], Waiting] = {}
        self._wanted: Counter[Resources] = Counter()  # how many wait for each: few are different, and most turns have no room
        self._passed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, run: str, task: str, request: Resources) -> str:
        """Join the line; returns why it can never start, or "". CPUs and memory beyond the machine's count as all of it."""
        if request.gpus > self.capacity.gpus:
            asked = f"it asks for {request.gpus} GPUs, and there are {self.capacity.gpus} here"
            pretended = ",".join(map(str, range(min(request.gpus, 16))))
            return (
                f"{asked}: run it --on kubernetes, or, if it can do without, as a process with CUDA_VISIBLE_DEVICES={pretended}"
            )
        bounded = replace(request, cpus=min(request.cpus, self.capacity.cpus), memory=min(request.memory, self.capacity.memory))
        if before := self._waiting.get((run, task)):
            self._want_less(before.request)
        self._waiting[run, task] = Waiting(run, task, bounded)
        self._wanted[bounded] += 1
        return ""

    def _leave(self, waiting: Waiting) -> None:
        del self._waiting[waiting.run, waiting.task]
        self._want_less(waiting.request)

    def _want_less(self, request: Resources) -> None:
        self._wanted[request] -= 1
        if not self._wanted[request]:
            del self._wanted[request]

    def admit(self, room: Callable[[str], bool], waits: Callable[[str, str], bool]) -> Iterator[Waiting]:
        """Those whose turn it is; each has taken its share.

        room: whether a run may have one more task at once; waits: whether a run's task still waits, or leaves the line.
        """
        if not any(request.fits(self.free) for request in self._wanted):
            return
        for place, waiting in enumerate(self._first(waits)):
            if not waiting.request.fits(self.free) or not room(waiting.run):
                if place == 0 and self._passed >= MOST_PASSED and room(waiting.run):
                    return
                continue
            self._passed = 0 if place == 0 else self._passed + 1
            self.take(waiting.request)
            self._leave(waiting)
            yield waiting

    def _first(self, waits: Callable[[str, str], bool]) -> list[Waiting]:
        first: list[Waiting] = []
        gone: list[Waiting] = []
        for waiting in self._waiting.values():
            if len(first) == LOOK_AHEAD:
                break
            (first if waits(waiting.run, waiting.task) else gone).append(waiting)
        for waiting in gone:
            self._leave(waiting)
        return first

    def take(self, request: Resources) -> None:
        """Count what an attempt uses, also where it is more than there is (one that was found running)."""
        self.free -= request

    def give(self, request: Resources) -> None:
        """An attempt has ended."""
        self.free += request
