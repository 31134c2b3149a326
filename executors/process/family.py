"""The processes below a zygote: groups, and strays that left their group. Standard library only; the zygote loads it by path."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

_PR_SET_CHILD_SUBREAPER = 36


class Family:
    """On Linux what loses its parent below the zygote becomes the zygote's child, and so is found; elsewhere groups must do."""

    def __init__(self) -> None:
        self._children = ""
        if sys.platform == "linux":
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            self._children = f"/proc/self/task/{os.getpid()}/children"

    def kill_group(self, leader: int) -> None:
        """Kill what the leader left in its group."""
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return

    def group_lives(self, leader: int) -> bool:
        """Whether the group has members; where their ends are not told to us, it counts as gone once killed."""
        if not self._children:
            return False
        try:
            os.killpg(leader, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def kill_strays(self, own: Container[int], marks: Sequence[Sequence[bytes]]) -> None:
        """Kill children that we did not fork, but those that carry the environment entries of an attempt that runs."""
        for pid in self._strays(own):
            entries = _environment(pid)
            if entries is None:
                continue
            unmarked = not any(entry.startswith(b"KFLITE_JOB=") for entry in entries)
            if (unmarked and marks) or any(all(entry in entries for entry in mark) for mark in marks):
                continue
            _kill(pid)

    def end(self) -> None:
        """Kill every child, and theirs as they become ours."""
        while True:
            for pid in self._strays(()):
                _kill(pid)
            try:
                os.wait()
            except ChildProcessError:
                return

    def _strays(self, own: Container[int]) -> list[int]:
        try:
            with open(self._children, "rb") as file:
                return [pid for pid in map(int, file.read().split()) if pid not in own]
        except OSError:
            return []


def _environment(pid: int) -> list[bytes] | None:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return None


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
