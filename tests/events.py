"""Data of events for tests, with what a kind cannot do without filled in where the test does not care."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kflite.core.event import Data
from kflite.core.event_json import BY_KIND
from kflite.core.event_kind import Kind, State

REQUIRED: Mapping[Kind, Mapping[str, object]] = {
    Kind.RUN_SUBMITTED: {"name": "n", "kind": "pipeline", "pipeline": "p", "plan": ""},
    Kind.RUN_STOPPING: {"reason": "enough"},
    Kind.RUN_ENDED: {"state": State.FAILED},
    Kind.RUN_LABELLED: {"labels": {}},
    Kind.RUN_ANSWERED: {"id": "q", "answer": None},
    Kind.TASK_QUEUED: {"title": ""},
    Kind.TASK_STARTING: {"executor": "process"},
    Kind.TASK_SERVING: {"addresses": {}},
    Kind.TASK_STOPPING: {"reason": "enough"},
    Kind.TASK_RETRYING: {"code": 1, "reason": "Error"},
}


def fields(kind: Kind) -> frozenset[str]:
    """What an event of the kind may tell."""
    return frozenset(BY_KIND[kind].__dataclass_fields__)


def data(kind: Kind, **fields: Any) -> Data:
    """What an event of the kind tells."""
    return BY_KIND[kind](**{**REQUIRED.get(kind, {}), **fields})
