"""A task's settings: resources, environment, retries, caching, timeout."""

from __future__ import annotations

import os
import re
from collections.abc import Hashable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from kflite.dsl import trace

if TYPE_CHECKING:
    from kflite.dsl.kubernetes.platform import Tree

_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([a-zA-Z]*)")
_CPU_UNITS = {"": 1.0, "m": 0.001}
_DECIMAL = {unit: 10.0 ** (3 * power) for power, unit in enumerate(("", "K", "M", "G", "T", "P", "E"))}
_BINARY = {f"{unit}i": 1024.0**power for power, unit in enumerate(("K", "M", "G", "T", "P", "E"), start=1)}
_MEMORY_UNITS = _DECIMAL | _BINARY | {"k": 1000.0, "m": 0.001}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_GIGA = 1e9
_TRUE = ("1", "true", "t", "yes", "y", "on")  # as KFP reads them


@dataclass(frozen=True, slots=True)
class RetrySettings:
    """Attempts after the first, and the time between them in seconds, multiplied by `factor` after each."""

    count: int
    backoff_s: int = 0
    factor: float = 2.0
    longest_s: int = 3600


@dataclass(slots=True)
class TaskSettings:
    """A task's settings; texts may contain placeholders. Those of the executor come first (see `executor_key`).

    kubernetes: the executor's part of the platform document; caching: None for the default; timeout_s: of a nested pipeline,
    in seconds, 0 for none.
    """

    image: str = ""
    env: dict[str, str] = field(default_factory=dict)
    cpu_request: str = ""
    cpu_limit: str = ""
    memory_request: str = ""
    memory_limit: str = ""
    accelerator_type: str = ""
    accelerator_limit: str = ""
    kubernetes: Tree = field(default_factory=dict)
    retry: RetrySettings | None = None
    caching: bool | None = None
    cache_key: str = ""
    label: str = ""
    ignore_upstream_failure: bool = False
    timeout_s: int = 0

    @property
    def executor_key(self) -> tuple[Hashable, ...]:
        """Equal for tasks that can share an executor in the first document."""
        words = [getattr(self, f.name) for f in fields(self)[:8] if f.name != "env"]
        return (*words, *(word for pair in self.env.items() for word in pair))


def cached_by_default() -> bool:
    """The default of tasks' `caching`."""
    return os.environ.get("KFP_DISABLE_EXECUTION_CACHING_BY_DEFAULT", "").strip().lower() not in _TRUE


def is_placeholder(text: str) -> bool:
    """Whether a setting is known only at run time."""
    return "{{$" in text


def cores(text: str) -> float:
    """CPUs in cores, from "2", "0.5" or "500m"."""
    return _quantity(text, _CPU_UNITS, "a number of CPUs, like '2', '0.5' or '500m'")


def gigabytes(text: str) -> float:
    """Memory in units of 10^9 bytes, from "4Gi", "512M" or a number of bytes."""
    return _quantity(text, _MEMORY_UNITS, "an amount of memory, like '512Mi', '4G' or a number of bytes") / _GIGA


def seconds(duration: str | float) -> int:
    """Whole seconds, from a number or a text like "30s", "5m", "1h"."""
    if isinstance(duration, str):
        match = re.fullmatch(r"(\d+)\s*([smhd])", duration)
        if not match:
            raise trace.refused(f"{duration!r} is no time: write it like '30s', '5m' or '1h'")
        return int(match[1]) * _SECONDS[match[2]]
    if duration < 0 or duration != int(duration):
        raise trace.refused(f"{duration!r} is no time in whole seconds")
    return int(duration)


def _quantity(text: str, units: dict[str, float], expected: str) -> float:
    match = _QUANTITY.fullmatch(text)
    if not match or match[2] not in units:
        raise trace.refused(f"{text!r} is not {expected}")
    return float(match[1]) * units[match[2]]
