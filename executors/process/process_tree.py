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
    """On Linux, orphans below the zygote become its children and are found; elsewhere only groups are."""

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
        """The file descriptors that a fork of the zygote has to close."""
        return [self._children] if self._children >= 0 else []

    def slim(self) -> None:
        """Return free memory to the system, as each page of it would be a fork's too. This needs glibc."""
        if self._trim:
            self._trim(0)

    def kill_group(self, leader: int) -> bool:
        """Kill what the leader left in its group; returns whether any of it is ours to wait for."""
        try:
            os.killpg(leader, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
            return False
        return self._children >= 0

    def kill_strays(self, own: Container[int], running: Collection[str]) -> None:
        """Kill children that we did not fork and that belong to no running attempt (given by folder)."""
        for pid in self._strays(own):
            homes = _homes(pid)
            if not any(home in running for home in homes) and (homes or not running):
                _kill(pid)

    def end(self) -> None:
        """Kill all children, and their children as they become ours."""
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
    """Folders that show a process's attempt: its working folder, and those of its output files."""
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
