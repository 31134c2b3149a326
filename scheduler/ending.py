"""What an attempt's exit means for its task: the end, another attempt, or back to the queue. Pure."""

from __future__ import annotations

from collections.abc import Callable

from kflite.core.event_kind import State
from kflite.core.job import Exit
from kflite.core.plan import Policy
from kflite.core.task_event import TaskCancelled, TaskFailed, TaskRetrying, TaskSucceeded, TaskSuspended
from kflite.core.value import Outputs
from kflite.scheduler.record import TaskState

# Attempts that a machine or daemon lost do not count as the user's retries; so many are allowed.
MOST_LOST = 3
# The reason of a stop by a time limit, the attempt's or a group's.
TIMEOUT = "timeout"

TaskEnded = TaskSucceeded | TaskFailed | TaskCancelled
Consequence = TaskEnded | TaskRetrying | TaskSuspended


def consequence(
    record: TaskState, policy: Policy, exit: Exit, outputs: Outputs, expires: float | None, may_retry: Callable[[float], bool]
) -> Consequence:
    """The event that follows an exit. expires: of the cached result; may_retry: whether an attempt may follow after a delay."""
    if record.stopping and not (record.stopping_outcome is State.QUEUED and exit.code == 0):
        return _stopped(record, policy, exit, outputs, may_retry)
    if policy.service and exit.code == 0:
        exit = Exit(1, "ServiceEnded", "it ended by itself, and should have served until it is stopped")
    if exit.code:
        return _failed(record, policy, exit, may_retry)
    return TaskSucceeded(outputs, key=record.key, key_parts=record.key_parts, expires=expires if record.key else None)


def may_start_again(record: TaskState) -> bool:
    """Whether another attempt may follow the one that is stopped."""
    return record.stopping_outcome is State.QUEUED or (record.stopping_outcome is State.FAILED and record.stopping == TIMEOUT)


def _stopped(record: TaskState, policy: Policy, exit: Exit, outputs: Outputs, may_retry: Callable[[float], bool]) -> Consequence:
    match record.stopping_outcome:
        case State.QUEUED:
            return TaskSuspended(record.stopping)
        case State.FAILED if record.stopping == TIMEOUT:
            timeout = Exit(exit.code or 1, "Timeout", timeout_message(policy, record.stopping_group))
            return _failed(record, policy, timeout, lambda delay_s: not record.stopping_group and may_retry(delay_s))
        case State.SUCCEEDED:
            return TaskSucceeded(outputs, record.stopping)
        case State.FAILED:
            return TaskFailed(exit.code or 1, record.stopping)
    return TaskCancelled(record.stopping)


def _failed(record: TaskState, policy: Policy, exit: Exit, may_retry: Callable[[float], bool]) -> TaskRetrying | TaskFailed:
    retry, reason = policy.retry, exit.reason or "Error"
    retries_left = record.lost < MOST_LOST if exit.lost else record.failed < retry.most
    delay_s = 0.0 if exit.lost else retry.delay_s(record.failed + 1)
    if retries_left and may_retry(delay_s):
        return TaskRetrying(exit.code, reason, exit.message, delay_s, exit.lost)
    return TaskFailed(exit.code, reason, exit.message)


def end_unstarted(outcome: State, reason: str) -> TaskEnded:
    """The end of a task that is stopped before its attempt starts."""
    match outcome:
        case State.SUCCEEDED:
            return TaskSucceeded(reason=reason)
        case State.FAILED:
            return TaskFailed(1, reason)
    return TaskCancelled(reason)


def timeout_message(policy: Policy, group: str) -> str:
    """The message of a time limit: of a group, or of the attempt where group is ""."""
    if group:
        return f"the pipeline {group} ran longer than its {dict(policy.time_limits).get(group, 0):g} s"
    return f"it ran longer than its {policy.timeout_s or 0:g} s"
