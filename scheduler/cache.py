"""The cache's key, and the look-up of many tasks at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, TypeAlias

from kflite.core.value import Artifact, Outputs

if TYPE_CHECKING:
    from kflite.store.base import CacheRow, Store

Hits: TypeAlias = "dict[str, tuple[Outputs, CacheRow]]"


def key_of(key_parts: Mapping[str, str]) -> str:
    """The key that stands for all that decides a task's result."""
    return sha256(json.dumps(key_parts, sort_keys=True).encode()).hexdigest()


def hits(store: Store, keys: list[str], now: float, intact: Callable[[Artifact], bool]) -> Hits:
    """Results by key, those only whose artifacts are all still there, as they were. Blocks."""
    found = {}
    for key, row in store.cached(keys, now).items():
        outputs = Outputs.from_json(row.outputs)
        if all(intact(a) for group in outputs.artifacts.values() for a in group):
            found[key] = outputs, row
    return found
