"""An attempt as its zygote sees it: its processes, and why it ended as it did.

Standard library only; the zygote loads this file by its path.
"""

from __future__ import annotations

import os
import signal
import time

from kflite.executors.gang import End, verdict
from kflite.executors.logtail import last_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending
    from kflite.executors.gang import Verdict
    from kflite.executors.process.message import StartMessage
    from kflite.executors.process.zygote import Peer


class Process:
    """A replica's process. leaves_group: its group has members yet to die."""

    __slots__ = ("ended", "leaves_group", "log", "memory", "pid", "replica")

    def __init__(self, pid: int, replica: tuple[str, int], log: str, memory: int) -> None:
        self.pid, self.replica, self.log, self.memory = pid, replica, log, memory
        self.ended = self.leaves_group = False


class ZygoteAttempt:
    """An attempt until its end is reported. closing_until: set once all replicas ended, while their other processes die."""

    def __init__(self, start: StartMessage, follower: Peer) -> None:
        self.ref = start["start"]
        self.followers = [follower]
        self.replicas = [replica_of(told["name"]) for told in start["replicas"]]
        self.processes: list[Process] = []
        self.kill_at: float | None = None
        self.closing_until: float | None = None
        self.stopped = self.foreign = False
        self._success_roles = start.get("success_roles", ())
        self._ends: list[End] = []
        self._verdict: Verdict | None = None

    @property
    def living(self) -> list[Process]:
        """The running replicas."""
        return [process for process in self.processes if not process.ended]

    def add(self, end: End) -> bool:
        """Record a replica's end; returns whether the others must be stopped."""
        settled = self._verdict is not None and self._verdict.settled
        self._ends.append(end)
        self._verdict = verdict(self._ends, self.replicas, self._success_roles)
        return self._verdict.settled and not settled and not self.stopped

    def signal(self, number: int) -> None:
        """Send a signal to the group of each replica that runs."""
        for process in self.living:
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:  # it has not made its group yet
                os.kill(process.pid, number)

    def stop(self, grace_s: float) -> None:
        """Send SIGTERM to all replicas, to be killed after the grace period."""
        self.signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        self.kill_at = deadline if self.kill_at is None else min(self.kill_at, deadline)

    def ending(self) -> Ending:
        """The exit of the attempt and of each replica."""
        assert self._verdict is not None
        whole = self._verdict.whole
        ends = {end.replica: end for end in self._verdict.ends}
        ranked = [ends[replica] for replica in self.replicas if replica in ends]
        return {
            "code": whole.code,
            "reason": whole.reason,
            "message": whole.message,
            "lost": whole.lost,
            "replicas": [[*end.replica, end.code, end.reason] for end in ranked],
        }


def replica_of(name: str) -> tuple[str, int]:
    """Role and index of "ROLE.INDEX"."""
    role, _, index = name.rpartition(".")
    return role, int(index)


def end_of(running: ZygoteAttempt, process: Process, code: int, peak: int, note: tuple[str, str]) -> End:
    """The exit of a process. peak: its peak memory in bytes; note: the reason and message that it left."""
    if code == 0:
        return End(process.replica, 0)
    reason, message = note
    if not reason and process.memory and peak >= 0.9 * process.memory:
        reason, message = "OutOfMemory", f"memory ran out; the limit is {process.memory >> 20} MiB"
    elif not reason and code < 0:
        reason, message = "Killed", f"killed by {_signal_name(-code)}"
    elif not reason:
        reason, message = "Error", f"exit status {code}{last_words(process.log)}"
    return End(process.replica, code, reason, message, stopped=running.stopped)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
