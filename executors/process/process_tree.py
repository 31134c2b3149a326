"""The processes below a zygote: groups, and strays that left their group. Standard library only; the zygote loads it by path."""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container

_PR_SET_CHILD_SUBREAPER = 36


class ProcessTree:
    """On Linux what loses its parent below the zygote becomes the zygote's child, and so is found; elsewhere groups must do."""

    def __init__(self) -> None:
        self._children = -1
        self._trim: Callable[[int], object] | None = None
        if sys.platform == "linux":
            import ctypes

            libc = ctypes.CDLL(None)
            libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            self._trim = getattr(libc, "malloc_trim", None)
            self._children = os.open(f"/proc/self/task/{os.getpid()}/children", os.O_RDONLY)

    @property
    def descriptors(self) -> list[int]:
        """What a fork of the zygote has to close."""
        return [self._children] if self._children >= 0 else []

    def slim(self) -> None:
        """Give back memory that is free: each page of it would be a fork's too. Only glibc can."""
        if self._trim:
            self._trim(0)

    def kill_group(self, leader: int) -> bool:
        """Kill what the leader left in its group; whether there is any of it whose end we shall be told."""
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return False
        return self._children >= 0

    def kill_strays(self, own: Container[int], running: Collection[str]) -> None:
        """Kill children that we did not fork and that belong to none of the attempts that run (their folders)."""
        for pid in self._strays(own):
            homes = _homes(pid)
            if not any(home in running for home in homes) and (homes or not running):
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
        if self._children < 0:
            return []
        return [pid for pid in map(int, os.pread(self._children, 1 << 16, 0).split()) if pid not in own]


def _homes(pid: int) -> list[str]:
    """Folders of attempts that a process shows signs of: where it works, and where its output goes."""
    found = []
    for sign in ("cwd", "fd/1", "fd/2"):
        try:
            folder = os.path.dirname(os.readlink(f"/proc/{pid}/{sign}"))
        except OSError:
            continue
        if os.path.lexists(f"{folder}/claim"):
            found.append(folder)
    return found


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
