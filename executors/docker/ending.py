"""Why a container ended as it did. Pure, but for the log's last line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

from kflite.executors.docker.daemon import State
from kflite.job import Exit

_TAIL = 2048  # bytes of a log in which its last line is looked for
_SIGNALLED = 128  # a status above it is that of a process killed by a signal
_RUNNING = frozenset({"running", "paused", "restarting"})
_UNKNOWN_STATUS = 255  # what the daemon makes of a container whose end it missed
_NEVER = "0001-"  # the zero time, in the year 1


def runs(state: State) -> bool:
    """Whether the container was started and has not ended."""
    return state["Status"] in _RUNNING


def judge(state: State | None, log: Path, memory: int = 0, daemon_broke: bool = False) -> Exit:
    """The exit of a container that is known to run no more; None: it is not there.

    memory: its limit in bytes; daemon_broke: the daemon did not answer for a while during its life.
    """
    if state is None:
        return lost("its container is gone: somebody removed it")
    code = state.get("ExitCode", -1)
    if state.get("FinishedAt", _NEVER).startswith(_NEVER) or runs(state):
        return lost(state.get("Error") or "its container ended, and its exit status is not known")
    if code and state.get("OOMKilled"):
        return Exit(-9, "OutOfMemory", f"memory ran out; the limit is {memory >> 20} MiB" if memory else "memory ran out")
    if daemon_broke and code in (_SIGNALLED + signal.SIGKILL, _SIGNALLED + signal.SIGTERM, _UNKNOWN_STATUS):
        return Exit(-1, "DaemonRestarted", "the Docker daemon ended and took the container with it", lost=True)
    return _exit(code, log)


def lost(why: str) -> Exit:
    """The exit of an attempt of which nothing more can be learnt."""
    return Exit(-1, "Lost", why, lost=True)


def _exit(code: int, log: Path) -> Exit:
    if code == 0:
        return Exit(0)
    last = last_words(log)
    if code == 137 and last.startswith("MemoryError"):
        return Exit(code, "OutOfMemory", "memory ran out")
    if code - _SIGNALLED in set(_signals()):
        return Exit(_SIGNALLED - code, "Killed", f"killed by {signal.Signals(code - _SIGNALLED).name}")
    if code == 1 and last.lower().endswith("docker-init: argument list too long"):
        return Exit(code, "ArgumentTooLong", "its arguments and environment together are longer than the kernel takes")
    reason = {126: "NotExecutable", 127: "CommandNotFound"}.get(code, "Error")
    return Exit(code, reason, f"exit status {code}" + (f": {last}" if last else ""))


def _signals() -> Iterator[int]:
    return (number.value for number in signal.Signals)


def last_words(log: Path) -> str:
    """The last line of a log that is not empty, shortened."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")
