"""Owners of leases: processes, told apart from others that had or will have the same number."""

from __future__ import annotations

import os
import socket
import subprocess
from functools import cache
from pathlib import Path
from secrets import token_hex


def owner_id() -> str:
    """A new owner: "HOST:PID:START:RANDOM"."""
    pid = os.getpid()
    return f"{_host()}:{pid}:{started(pid)}:{token_hex(4)}"


def dead(owner: str) -> bool:
    """Whether an owner is a dead process of this host; False where that is unknown."""
    host, *process = owner.split(":")
    return len(process) == 3 and host == _host() and process[0].isdecimal() and started(int(process[0])) != process[1]


@cache
def _host() -> str:
    """The scope of process numbers: the host's name, and on Linux also its boot and the container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{socket.gethostname()}/{boot}.{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def started(pid: int) -> str:
    """When a process was started, in the system's own terms; "" for no such process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return _by_ps(pid) if not Path("/proc/self").exists() else ""
    except ProcessLookupError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _by_ps(pid: int) -> str:
    found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip().replace(":", ".")
