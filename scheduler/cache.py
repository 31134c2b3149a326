"""The cache's key, and the lookup of many tasks at once."""

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
    """The hash of everything that decides a task's result."""
    return sha256(json.dumps(key_parts, sort_keys=True).encode()).hexdigest()


def hits(store: Store, keys: list[str], now: float, intact: Callable[[Artifact], bool]) -> Hits:
    """Results by key, without those whose artifacts are gone or changed. Blocks."""
    results = {}
    for key, row in store.cached(keys, now).items():
        outputs = Outputs.from_json(row.outputs)
        if all(intact(a) for group in outputs.artifacts.values() for a in group):
            results[key] = outputs, row
    return results
