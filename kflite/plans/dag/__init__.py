"""The plan of a pipeline: a DAG of tasks, with branches, loops and nested pipelines.

Lives here: the shape of a pipeline as read from IR, the pure plan over it, and the work of a task: its job and its outputs.
Imports the core and IR; never executors, store or scheduler.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kflite.core.plan import Origin
from kflite.core.value import Value
from kflite.plans.dag.plan import DagPlan
from kflite.plans.dag.read import read

__all__ = ["DagPlan", "plan"]


def plan(document: str, inputs: Mapping[str, Value], origin: Origin, prefix: str = "") -> DagPlan:
    """The plan of a checked document from `kflite.ir.Pipeline.dumps`; task paths begin with `prefix`."""
    first, *rest = (json.loads(line) for line in document.splitlines())
    return DagPlan(read(first, rest[0]["platforms"] if rest else {}), inputs, origin, prefix)
