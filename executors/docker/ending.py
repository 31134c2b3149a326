"""The exit of a container, with its reason."""

from __future__ import annotations

import signal
from pathlib import Path

from kflite.core.job import Exit
from kflite.executors.docker.daemon import ContainerState
from kflite.executors.exit_status import SIGNALLED, exited, lost

_RUNNING = frozenset({"running", "paused", "restarting"})
_UNKNOWN_STATUS = 255  # what the daemon makes of a container whose end it missed
_NEVER = "0001-"  # the zero time, in the year 1


def runs(state: ContainerState) -> bool:
    """Whether the container was started and has not ended."""
    return state["Status"] in _RUNNING


def judge(state: ContainerState | None, log: Path, memory: int = 0, daemon_broke: bool = False) -> Exit:
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
    if daemon_broke and code in (SIGNALLED + signal.SIGKILL, SIGNALLED + signal.SIGTERM, _UNKNOWN_STATUS):
        return Exit(-1, "DaemonRestarted", "the Docker daemon ended and took the container with it", lost=True)
    return exited(code, log)
