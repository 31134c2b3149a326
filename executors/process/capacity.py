"""What this machine gives to tasks: CPUs, memory and GPUs, within the limits of our own control group."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from kflite.core.job import Resources

_CGROUPS = Path("/sys/fs/cgroup")


def machine() -> Resources:
    """All of it."""
    return Resources(_cpus(), _memory(), len(gpus()))


def gpus() -> tuple[str, ...]:
    """Numbers (or names) of the NVIDIA GPUs that we may use, as CUDA_VISIBLE_DEVICES takes them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(part.strip() for part in visible.split(",") if part.strip() not in ("", "-1"))
    if not Path("/dev/nvidiactl").exists():
        return ()
    devices = (re.fullmatch(r"nvidia(\d+)", path.name) for path in Path("/dev").glob("nvidia[0-9]*"))
    return tuple(str(number) for number in sorted(int(found[1]) for found in devices if found))


def _cpus() -> float:
    count = float(len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)
    for folder in _own_cgroups("cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        quota = quota or _read(folder / "cpu.cfs_quota_us")
        period = period or _read(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            count = min(count, int(quota) / int(period))
    return count


def _memory() -> int:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for folder in _own_cgroups("memory"):
        limit = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
        if limit.isdigit():
            total = min(total, int(limit))
    return total


def _own_cgroups(controller: str) -> Iterator[Path]:
    """Our group and those above it, of the unified hierarchy and of the controller's own (version 1)."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        root = _CGROUPS / controller if controllers else _CGROUPS
        group = root / path.lstrip("/")
        yield group
        yield from (above for above in group.parents if above.is_relative_to(root))


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return ""
