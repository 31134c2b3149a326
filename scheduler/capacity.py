"""The capacity of a pool, and the queue of tasks that wait for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from kflite.core.frozen import dataclass
from kflite.core.job import Resources

# How many tasks of the queue are considered when the first does not fit.
LOOK_AHEAD = 64
# After so many tasks have passed it, the first of the queue starts before any other.
MOST_PASSED = 256


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """A task in the queue. on: its executor."""

    run: str
    task: str
    request: Resources
    on: str = ""


class Queue:
    """Tasks that wait for capacity, first come first served; a small task may pass a big one for a while.

    Executors of one machine share a queue and its capacity, which is the largest that one of them offers. No executor uses more
    than it offers itself.
    """

    def __init__(self, capacity: Resources, on: str = "") -> None:
        self.capacity = self.free = capacity
        self._offers, self._unused = {on: capacity}, {on: capacity}
        self._waiting: dict[tuple[str, str], QueuedTask] = {}
        # How many tasks wait for each request: few requests differ, so a full pool is recognised fast.
        self._wanted: Counter[tuple[str, Resources]] = Counter()
        self._passed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, on: str, capacity: Resources) -> None:
        """Add an executor to the pool."""
        self._offers[on] = self._unused[on] = capacity
        more = self.capacity.most(capacity) - self.capacity
        self.capacity, self.free = self.capacity + more, self.free + more

    def add(self, run: str, task: str, request: Resources, on: str = "") -> str:
        """Queue a task; returns why it can never start, or "". CPUs and memory are bounded by the machine's."""
        offer = self._offers[on]
        if request.gpus > offer.gpus:
            shortage = f"it asks for {request.gpus} GPUs, and there are {offer.gpus} here"
            devices = ",".join(map(str, range(min(request.gpus, 16))))
            return (
                f"{shortage}: run it --on kubernetes, or, if it can do without, as a process with CUDA_VISIBLE_DEVICES={devices}"
            )
        bounded = self._bounded(request, on)
        if queued := self._waiting.get((run, task)):
            self._uncount(queued)
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
        self._uncount(waiting)

    def _uncount(self, waiting: QueuedTask) -> None:
        key = (waiting.on, waiting.request)
        self._wanted[key] -= 1
        if not self._wanted[key]:
            del self._wanted[key]

    def _offered(self, waiting: QueuedTask) -> bool:
        """Whether the executor still has enough of what it offers."""
        return len(self._unused) == 1 or waiting.request.fits(self._unused[waiting.on])

    def admit(self, has_room: Callable[[str], bool], still_waits: Callable[[str, str], bool]) -> Iterator[QueuedTask]:
        """The tasks whose turn it is; their resources are taken.

        has_room: whether a run may start one more task; still_waits: whether a task still waits, else it leaves the queue.
        """
        if not any(request.fits(self.free) for _, request in self._wanted):
            return
        for index, waiting in enumerate(self._first(still_waits)):
            if not waiting.request.fits(self.free) or not self._offered(waiting) or not has_room(waiting.run):
                if index == 0 and self._passed >= MOST_PASSED and has_room(waiting.run):
                    return
                continue
            self._passed = 0 if index == 0 else self._passed + 1
            self.take(waiting.request, waiting.on)
            self._leave(waiting)
            yield waiting

    def _first(self, still_waits: Callable[[str, str], bool]) -> list[QueuedTask]:
        first: list[QueuedTask] = []
        gone: list[QueuedTask] = []
        for waiting in self._waiting.values():
            if len(first) == LOOK_AHEAD:
                break
            (first if still_waits(waiting.run, waiting.task) else gone).append(waiting)
        for waiting in gone:
            self._leave(waiting)
        return first

    def take(self, request: Resources, on: str = "") -> None:
        """Take an attempt's resources, even when there is no room: a reattached attempt runs already."""
        request = self._bounded(request, on)
        self.free -= request
        self._unused[on] -= request

    def give(self, request: Resources, on: str = "") -> None:
        """Give an ended attempt's resources back."""
        request = self._bounded(request, on)
        self.free += request
        self._unused[on] += request
