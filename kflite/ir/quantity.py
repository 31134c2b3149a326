"""Quantities as Kubernetes and protobuf write them: `500m` cores, `4Gi` bytes, `1.5s`."""

from __future__ import annotations

import re

from kflite.errors import InputError

_UNITS: dict[str, float] = {"m": 0.001, "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_UNITS |= {f"{p}i": 2 ** (10 * n) for n, p in enumerate("KMGTPE", 1)} | {"K": 10**3}
_QUANTITY = r"(\d+(?:\.\d*)?|\.\d+)([a-zA-Z]*)"


def cpus(text: str) -> float:
    """Cores: `2`, `0.5` or `500m`; "" is 0. Raises InputError."""
    if not text:
        return 0.0
    match = re.fullmatch(_QUANTITY, text)
    if not match or match[2] not in ("", "m"):
        raise InputError(f"{text!r} is not a number of CPUs: write cores as '2' or thousandths as '500m'")
    return float(match[1]) / (1000 if match[2] else 1)


def memory(text: str) -> int:
    """Bytes: `512Mi`, `4G`, `1000000`; "" is 0. Raises InputError."""
    if not text:
        return 0
    match = re.fullmatch(_QUANTITY, text)
    if not match or match[2] not in _UNITS:
        raise InputError(f"{text!r} is not an amount of memory: write bytes with a unit as '512Mi' or '4G'")
    return int(float(match[1]) * _UNITS[match[2]])


def seconds(text: str) -> float:
    """Seconds from protobuf's JSON form of a duration: `60s`, `0.5s`. Raises InputError."""
    try:
        return float(text.removesuffix("s"))
    except ValueError:
        raise InputError(f"{text!r} is not a duration: write seconds as '60s'") from None


def accelerators(text: str) -> int:
    """Whole accelerators: `1`; "" is 0. Raises InputError."""
    if text and not text.isdecimal():
        raise InputError(f"{text!r} is not a number of GPUs: write a whole number as '1'")
    return int(text or 0)
