"""What a run says: the data of its events, from what happened or was decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.event import Kind, State
from kflite.core.job import Exit
from kflite.core.plan import Opened, Settled, Work
from kflite.core.value import Outputs, Value
from kflite.scheduler.cache import key_of
from kflite.scheduler.record import Record

Data = dict[str, Value]

END = {
    State.SUCCEEDED: Kind.TASK_SUCCEEDED,
    State.FAILED: Kind.TASK_FAILED,
    State.CANCELLED: Kind.TASK_CANCELLED,
    State.SKIPPED: Kind.TASK_SKIPPED,
}


def queued(work: Work, identity: Mapping[str, str], record: Record) -> Data:
    """A task is to run. identity: what else decides its result where it runs."""
    data: Data = {"title": work.title, "definition": work.definition, **again(record)}
    if work.parameters:
        data["parameters"] = dict(work.parameters)
    if work.artifacts:
        data |= {"artifacts": Outputs({}, work.artifacts).as_json()["artifacts"]}
    material = work.material
    if material is not None:
        whole: Data = {**material, **identity}
        data |= {"key": key_of(whole), "material": whole}
    return data


def again(record: Record) -> Data:
    """What it made before is void."""
    return {"again": True} if record.state is State.SUCCEEDED else {}


def opened(step: Opened, record: Record) -> Data:
    """A group begins."""
    data: Data = {"title": step.title, "group": True, **again(record)}
    return data | ({"parameters": dict(step.parameters)} if step.parameters else {})


def settled(step: Settled) -> Data:
    """A group has ended, or a task without having run."""
    return step.outputs.as_json() | {k: v for k, v in (("reason", step.reason), ("message", step.message)) if v}


def succeeded(outputs: Outputs, record: Record, expires: float | None) -> Data:
    """An attempt has ended well. expires: until when the result may be used again."""
    data = outputs.as_json()
    if record.key:
        data |= {"key": record.key, "material": record.material}
        data |= {"expires": expires} if expires else {}
    return data


def failed(exit: Exit) -> Data:
    """An attempt has ended badly."""
    data: Data = {"code": exit.code, "reason": exit.reason or "Error"}
    return data | ({"message": exit.message} if exit.message else {})


def too_long(work: Work, group: str) -> str:
    """The time is up: of a group around the task, or, where that is "", of its attempt."""
    if group:
        return f"the pipeline {group} ran longer than its {dict(work.within).get(group, 0):g} s"
    return f"it ran longer than its {work.timeout_s or 0:g} s"


def over(state: State, outputs: Outputs, reason: str) -> Data:
    """The run has ended."""
    data: Data = {"state": state.value}
    data |= {"reason": reason} if reason else {}
    parts = outputs.as_json()
    return data | ({"outputs": parts} if parts else {})
