"""Who may start: the room of a pool, what runs in it, and the queue of those that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kflite.core.job import Resources

# How far down the queue one looks for a task that fits when the first does not.
LOOK_AHEAD = 64
# After so many starts past it, the first of the queue is let through before any other.
MOST_PASSED = 256


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """A task in the queue. on: the executor that is to run it."""

    run: str
    task: str
    request: Resources
    on: str = ""


class Queue:
    """Tasks that wait for room, first come first served, but that a small one may pass a big one for a while.

    Executors that share a machine share the queue and its room: the most that one of them offers. None gets more than it offers.
    """

    def __init__(self, capacity: Resources, on: str = "") -> None:
        self.capacity = self.free = capacity
        self._offers, self._left = {on: capacity}, {on: capacity}
        self._waiting: dict[tuple[str, str], QueuedTask] = {}
        # How many wait for each: few are different, and most turns have no room.
        self._wanted: Counter[tuple[str, Resources]] = Counter()
        self._passed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, on: str, capacity: Resources) -> None:
        """One more executor of the pool."""
        self._offers[on] = self._left[on] = capacity
        more = self.capacity.most(capacity) - self.capacity
        self.capacity, self.free = self.capacity + more, self.free + more

    def add(self, run: str, task: str, request: Resources, on: str = "") -> str:
        """Join the queue; returns why it can never start, or "". CPUs and memory beyond the machine's count as all of it."""
        offer = self._offers[on]
        if request.gpus > offer.gpus:
            asked = f"it asks for {request.gpus} GPUs, and there are {offer.gpus} here"
            pretended = ",".join(map(str, range(min(request.gpus, 16))))
            return (
                f"{asked}: run it --on kubernetes, or, if it can do without, as a process with CUDA_VISIBLE_DEVICES={pretended}"
            )
        bounded = self._bounded(request, on)
        if before := self._waiting.get((run, task)):
            self._want_less(before)
        self._waiting[run, task] = QueuedTask(run, task, bounded, on)
        self._wanted[on, bounded] += 1
        return ""

    def _bounded(self, request: Resources, on: str) -> Resources:
        offer = self._offers[on]
        if request.cpus <= offer.cpus and request.memory <= offer.memory:
            return request
        return replace(request, cpus=min(request.cpus, offer.cpus), memory=min(request.memory, offer.memory))

    def _leave(self, waiting: QueuedTask) -> None:
        del self._waiting[waiting.run, waiting.task]
        self._want_less(waiting)

    def _want_less(self, waiting: QueuedTask) -> None:
        key = (waiting.on, waiting.request)
        self._wanted[key] -= 1
        if not self._wanted[key]:
            del self._wanted[key]

    def _offered(self, waiting: QueuedTask) -> bool:
        """Whether its executor has so much left of what it offers."""
        return len(self._left) == 1 or waiting.request.fits(self._left[waiting.on])

    def admit(self, room: Callable[[str], bool], waits: Callable[[str, str], bool]) -> Iterator[QueuedTask]:
        """Those whose turn it is; each has taken its share.

        room: whether a run may have one more task at once; waits: whether a run's task still waits, or leaves the queue.
        """
        if not any(request.fits(self.free) for _, request in self._wanted):
            return
        for place, waiting in enumerate(self._first(waits)):
            if not waiting.request.fits(self.free) or not self._offered(waiting) or not room(waiting.run):
                if place == 0 and self._passed >= MOST_PASSED and room(waiting.run):
                    return
                continue
            self._passed = 0 if place == 0 else self._passed + 1
            self.take(waiting.request, waiting.on)
            self._leave(waiting)
            yield waiting

    def _first(self, waits: Callable[[str, str], bool]) -> list[QueuedTask]:
        first: list[QueuedTask] = []
        gone: list[QueuedTask] = []
        for waiting in self._waiting.values():
            if len(first) == LOOK_AHEAD:
                break
            (first if waits(waiting.run, waiting.task) else gone).append(waiting)
        for waiting in gone:
            self._leave(waiting)
        return first

    def take(self, request: Resources, on: str = "") -> None:
        """Count what an attempt uses, also where there is no room for it (one that was found running)."""
        request = self._bounded(request, on)
        self.free -= request
        self._left[on] -= request

    def give(self, request: Resources, on: str = "") -> None:
        """An attempt has ended."""
        request = self._bounded(request, on)
        self.free += request
        self._left[on] += request
