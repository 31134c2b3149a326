"""Ids of runs: short, unique, ordered by time, and valid as DNS labels.

`digits-20261124-7f3k2pq4` has the pipeline (or the run's name), the UTC day, six characters for the time of day in steps of
80 µs, and two random ones. Every command takes a unique prefix.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # base 32 without letters that look like digits; in ASCII order
_NAME_LENGTH = 22  # leaves 18 of the 40 characters that Katib allows in a name
_DAY_S = 86_400


def run_id(name: str, now: float) -> str:
    """An id for a run of this name that begins at `now` (Unix seconds)."""
    day = datetime.fromtimestamp(now, UTC)
    steps = int(now % _DAY_S / _DAY_S * 32**6)
    chance = secrets.randbelow(32**2)
    return f"{slug(name)}-{day:%Y%m%d}-{_base32(steps, 6)}{_base32(chance, 2)}"


def slug(name: str, longest: int = _NAME_LENGTH) -> str:
    """The name as a DNS label: lower case letters, digits and single hyphens, beginning with a letter."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    text = text if text[:1].isalpha() else f"run-{text}"
    return text[:longest].strip("-")


def _base32(number: int, width: int) -> str:
    return "".join(_DIGITS[number >> 5 * index & 31] for index in reversed(range(width)))
