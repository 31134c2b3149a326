"""Files in an attempt's folder, by which executors of processes find the attempt again from another process.

`claim` tells who supervises it, `process.RANK` its processes, `exit` how it ended. All are links that point to text: made by
one call, whole or not at all. Standard library only, as the zygote loads this file by its path.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Ending(TypedDict):
        """An exit as JSON. replicas: role, index, code and reason of each, by rank."""

        code: int
        reason: str
        message: str
        lost: bool
        replicas: list[list[str | int]]


GIVEN = "mounts"  # what a replica was given to mount; gone when the attempt has ended
SERVES = "serves.json"  # written with the attempt's files, before it starts
_EXIT = "exit"
_CLAIM = "claim"
_PROCESS = "process."
# What is left out of an ending that is too much: a link has room for 4 KiB, and on a full disk for some 60 characters.
_LESS: tuple[tuple[str, ...], ...] = ((), ("message",), ("message", "replicas"))
_TOO_MUCH = (errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT)
_CLOCK_S = 2.0  # by which times of processes and of files may differ; a number comes round again much later


def born(pid: int) -> str:
    """The start time of a process, as a text that no later process with this number shares; "" for no such process."""
    if sys.platform != "linux":
        import subprocess

        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return found.stdout.strip().replace(" ", "_")
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode()


def claim(folder: str, owner: str, gpus: str = "") -> None:
    """Claim the attempt, with these GPUs (numbers and commas), for an owner "PID BORN SOCKET". FileExistsError: it is taken."""
    os.symlink(f"{gpus or '-'} {owner}", f"{folder}/{_CLAIM}")


def claimed(folder: str) -> tuple[str, str]:
    """GPUs and owner; two empty texts for an unclaimed attempt."""
    try:
        gpus, _, owner = os.readlink(f"{folder}/{_CLAIM}").partition(" ")
    except OSError:
        return "", ""
    return gpus.removeprefix("-"), owner


def add_process(folder: str, rank: int) -> None:
    """Record this process as the replica with this rank."""
    os.symlink(str(os.getpid()), f"{folder}/{_PROCESS}{rank}")


def processes(folder: str) -> list[int]:
    """The live processes of replicas. A process that began after it was recorded is another one with the same number."""
    found = []
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith(_PROCESS):
            link = f"{folder}/{name}"
            pid, noted = int(os.readlink(link)), os.lstat(link).st_mtime
            if 0 < _began(pid) <= noted + _CLOCK_S:
                found.append(pid)
    return found


def _began(pid: int) -> float:
    """The start time of a process in Unix seconds, 0 for no such process."""
    start = born(pid)
    if not start or sys.platform != "linux":
        return time.mktime(time.strptime(start, "%a_%b_%d_%H:%M:%S_%Y")) if start else 0.0
    with open("/proc/stat", "rb") as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith(b"btime"))
    return boot + int(start) / os.sysconf("SC_CLK_TCK")


def holds_mounts(folder: str) -> bool:
    """Whether mounts of its replicas are left; most attempts have none."""
    return os.path.isdir(f"{folder}/{GIVEN}")


def serves(folder: str) -> dict[str, str]:
    """The addresses that the attempt is to serve at, if any. None once it has ended, as others may have the ports."""
    try:
        with open(f"{folder}/{SERVES}", encoding="utf-8") as file:
            asked: dict[str, str] = json.load(file)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {} if os.path.lexists(f"{folder}/{_EXIT}") else asked


def write_exit(folder: str, ending: Ending) -> None:
    """Record how the attempt ended; only the first record counts."""
    for left_out in _LESS:
        told = {key: value for key, value in ending.items() if value and key not in left_out}
        try:
            os.symlink(json.dumps(told), f"{folder}/{_EXIT}")
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in _TOO_MUCH or left_out == _LESS[-1]:
                raise
        else:
            return


def read_exit(folder: str) -> Ending | None:
    """How the attempt ended, None while unknown."""
    try:
        told = json.loads(os.readlink(f"{folder}/{_EXIT}"))
    except FileNotFoundError:
        return None
    ending: Ending = {"code": 0, "reason": "", "message": "", "lost": False, "replicas": []}
    return {**ending, **told}
