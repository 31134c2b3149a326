"""The machine's CPUs, memory and GPUs, within the limits of our own control group."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import ClassVar
from weakref import WeakSet

from kflite.core.job import Resources
from kflite.errors import ExecutorError

_CGROUPS = Path("/sys/fs/cgroup")


def machine() -> Resources:
    """The machine's total resources."""
    return Resources(_cpus(), _memory(), len(gpus()))


def gpus() -> tuple[str, ...]:
    """The numbers (or names) of usable NVIDIA GPUs, as in CUDA_VISIBLE_DEVICES."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(part.strip() for part in visible.split(",") if part.strip() not in ("", "-1"))
    if not Path("/dev/nvidiactl").exists():
        return ()
    devices = (re.fullmatch(r"nvidia(\d+)", path.name) for path in Path("/dev").glob("nvidia[0-9]*"))
    return tuple(str(number) for number in sorted(int(found[1]) for found in devices if found))


class GpuShare:
    """The GPUs that one executor has assigned, by attempt. Executors of one process never assign the same GPU."""

    _all: ClassVar[WeakSet[GpuShare]] = WeakSet()

    def __init__(self) -> None:
        self._given: dict[str, tuple[str, ...]] = {}
        self._all.add(self)

    def take(self, ref: str, job: str, wanted: int, elsewhere: Collection[str] = ()) -> tuple[str, ...]:
        """Assign GPUs to an attempt. elsewhere: GPUs of others. Raises ExecutorError (NoGPU)."""
        if not wanted:
            return ()
        used = {gpu for share in self._all for gpu in share.given} | set(elsewhere)
        free = [gpu for gpu in gpus() if gpu not in used]
        if len(free) < wanted:
            raise ExecutorError(f"{job} asks for {wanted} GPUs, and {len(free)} are free on this machine", "NoGPU")
        self._given[ref] = tuple(free[:wanted])
        return self._given[ref]

    @property
    def given(self) -> list[str]:
        """All GPUs that its attempts have."""
        return [gpu for gpus in self._given.values() for gpu in gpus]

    def note(self, ref: str, gpus: tuple[str, ...]) -> None:
        """Record the GPUs of a reattached attempt."""
        self._given[ref] = gpus

    def give(self, ref: str) -> None:
        """Free the GPUs of an ended attempt."""
        self._given.pop(ref, None)

    def close(self) -> None:
        """Forget all assignments; reattaching records them again."""
        self._given.clear()


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
    """Our control group and its parents, in the unified hierarchy and in the controller's own (version 1)."""
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
