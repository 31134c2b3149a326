"""Owners of leases: a process of a host, told from any other that had or will have its number."""

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
    """Whether an owner is a process of this host that is gone; False where one cannot know."""
    host, *process = owner.split(":")
    return len(process) == 3 and host == _host() and process[0].isdecimal() and started(int(process[0])) != process[1]


@cache
def _host() -> str:
    """Where process numbers mean the same: the host's name, and on Linux this boot of it and this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        return f"{socket.gethostname()}/{boot}.{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def started(pid: int) -> str:
    """When a process was started, in its system's own terms; "" when there is none."""
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
