"""What the process executor keeps in an attempt's folder, so that another process finds the attempt again.

`claim` tells who supervises it, `process.RANK` its processes, `exit` how it ended. Claims and processes are symbolic links that
point to text: made in one step, whole or not at all. Standard library only, as the zygote loads this file by its path.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kflite.executors.process.message import Ending

_EXIT = "exit"
_CLAIM = "claim"
_PROCESS = "process."


def born(pid: int) -> str:
    """When the process began, as a text that no later process with this number shares; "" when there is no such process."""
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
    """Take the attempt, with those GPUs (numbers, by comma), for an owner: "PID BORN SOCKET". FileExistsError: another has it."""
    os.symlink(f"{gpus or '-'} {owner}", f"{folder}/{_CLAIM}")


def claimed(folder: str) -> tuple[str, str]:
    """GPUs and owner, two empty texts when nobody has taken it."""
    try:
        gpus, _, owner = os.readlink(f"{folder}/{_CLAIM}").partition(" ")
    except OSError:
        return "", ""
    return gpus.removeprefix("-"), owner


def add_process(folder: str, rank: int) -> None:
    """Note this process as the replica with that rank."""
    pid = os.getpid()
    os.symlink(f"{pid} {born(pid)}", f"{folder}/{_PROCESS}{rank}")


def processes(folder: str) -> list[int]:
    """The replicas' processes that live."""
    found = []
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith(_PROCESS):
            pid, _, start = os.readlink(f"{folder}/{name}").partition(" ")
            if start and born(int(pid)) == start:
                found.append(int(pid))
    return found


def write_exit(folder: str, ending: Ending) -> None:
    """Keep how the attempt ended."""
    with open(f"{folder}/.{_EXIT}", "w", encoding="utf-8") as file:
        file.write(json.dumps(ending))
    os.rename(f"{folder}/.{_EXIT}", f"{folder}/{_EXIT}")


def read_exit(folder: str) -> Ending | None:
    """How the attempt ended, None while that is not known."""
    try:
        with open(f"{folder}/{_EXIT}", encoding="utf-8") as file:
            ending: Ending = json.load(file)
    except FileNotFoundError:
        return None
    return ending
