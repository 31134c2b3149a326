"""An attempt as its zygote sees it: its processes, and why it ended as it did.

Standard library only; the zygote loads this file by its path.
"""

from __future__ import annotations

import os
import re
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kflite.executors.process.message import Ending
    from kflite.executors.process.zygote import Peer

_TAIL = 2048  # bytes of a log in which its last line is looked for
# What moves a terminal's cursor, or colours what it writes: ECMA-48's control sequences, strings and escapes.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])")


class Process:
    """A replica's process; `ending` is None while it runs. leaves_group: its group has members yet to die."""

    __slots__ = ("ending", "leaves_group", "log", "memory", "name", "pid")

    def __init__(self, pid: int, name: str, log: str, memory: int) -> None:
        self.pid, self.name, self.log, self.memory = pid, name, log, memory
        self.ending: Ending | None = None
        self.leaves_group = False


class Attempt:
    """An attempt, until its end has been told. closing_until: set once all replicas ended, while what they left behind dies."""

    def __init__(self, ref: str, follower: Peer) -> None:
        self.ref = ref
        self.followers = [follower]
        self.processes: list[Process] = []
        self.culprit: Process | None = None
        self.kill_at: float | None = None
        self.closing_until: float | None = None
        self.stopped = self.foreign = False

    @property
    def living(self) -> list[Process]:
        """The replicas that run."""
        return [process for process in self.processes if process.ending is None]

    def signal(self, number: int) -> None:
        """Send a signal to the group of each replica that runs."""
        for process in self.living:
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:  # it has not made its group yet
                os.kill(process.pid, number)

    def stop(self, grace_s: float) -> None:
        """Ask all replicas to end, and have them killed after the grace."""
        self.signal(signal.SIGTERM)
        deadline = time.monotonic() + grace_s
        self.kill_at = deadline if self.kill_at is None else min(self.kill_at, deadline)

    def ending(self) -> Ending:
        """How it ended as a whole: as the replica that failed first did."""
        ends = [process.ending for process in self.processes if process.ending]
        first = self.culprit or next((process for process in self.processes if process.ending and process.ending["code"]), None)
        if not first or not first.ending:
            return {**made(0), "replicas": ends if len(ends) > 1 else []}
        message = f"{first.name}: {first.ending['message']}" if len(self.processes) > 1 else first.ending["message"]
        return {**first.ending, "message": message, "replicas": ends if len(ends) > 1 else []}


def made(code: int, reason: str = "", message: str = "", lost: bool = False) -> Ending:
    """An ending."""
    return {"code": code, "reason": reason, "message": message, "lost": lost, "replicas": []}


def judge(running: Attempt, process: Process, code: int, peak: int, note: tuple[str, str]) -> Ending:
    """Why a process ended as it did. peak: the most memory that it had, in bytes; note: reason and message that it left."""
    reason, message = note
    if code == 0:
        return made(0)
    if running.stopped:
        return made(code, "Stopped", "stopped on request")
    if running.culprit:
        return made(code, "PeerFailed", f"stopped, because {running.culprit.name} failed")
    if not reason and process.memory and peak >= 0.9 * process.memory:
        return made(code, "OutOfMemory", f"memory ran out; the limit is {process.memory >> 20} MiB")
    if reason:
        return made(code, reason, message)
    if code < 0:
        return made(code, "Killed", f"killed by {_signal_name(-code)}")
    return made(code, "Error", f"exit status {code}{last_words(process.log)}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def last_words(log: str) -> str:
    """The last line of a log, as the end of a message; "" where there is none."""
    last = last_line(log)
    return f": {last[-300:]}" if last else ""


def last_line(log: str) -> str:
    """The last line of a log that says something, without what is for terminals; "" where there is none."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, os.path.getsize(log) - _TAIL))
            lines = _ESCAPES.sub("", file.read().decode(errors="replace")).split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
