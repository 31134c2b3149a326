"""Pipelines of leaves, and exits, that tests of a run share."""

from __future__ import annotations

import json
from random import Random

from runner import FAILURE, LOST, SUCCESS, Driver, Exits

from kflite.core.event import Event
from kflite.core.job import Exit
from kflite.core.run_event import RunRetried

RETRIED = Event("r", RunRetried(), 0.0)
GROUP = {"componentRef": {"name": "comp-group"}}
ALWAYS = {"triggerPolicy": {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}}


def well(task: str, attempt: int) -> Exit:
    return SUCCESS


def document(group: dict[str, object] | None = None, **tasks: dict[str, object]) -> str:
    """A pipeline of leaves; `group` are the tasks of the component `comp-group`."""

    def leaves(named: dict[str, dict[str, object]]) -> dict[str, object]:
        return {"tasks": {name: {"componentRef": {"name": "comp-leaf"}, **fields} for name, fields in named.items()}}

    components: dict[str, object] = {"comp-leaf": {"executorLabel": "exec-leaf"}}
    components |= {"comp-group": {"dag": leaves(group)}} if group else {}  # type: ignore[arg-type]
    executors = {"exec-leaf": {"container": {"image": "i", "command": ["leaf"]}}}
    whole = {"pipelineInfo": {"name": "p"}, "root": {"dag": leaves(tasks)}, "components": components}
    return json.dumps(whole | {"deploymentSpec": {"executors": executors}})


def recover(driver: Driver, *more: Event) -> Driver:
    """What another scheduler makes of the events that are stored, and of some more."""
    return Driver(driver.document, driver.exits).recover([*driver.events, *more])


def drawn(seed: int) -> Exits:
    """Exits that are the same for an attempt, whoever asks."""

    def exits(task: str, attempt: int) -> Exit:
        found = Random(f"{seed}/{task}/{attempt}").random()
        return FAILURE if found < 0.2 else LOST if found < 0.3 else SUCCESS

    return exits
