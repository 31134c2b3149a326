"""Two state tables: which event may follow in which state, for tasks and for runs. Any other event is an error.

None is the state before the first event. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.event import Event
from kflite.core.event_kind import ENDED, Kind, State
from kflite.core.run_event import RunEnded
from kflite.errors import TransitionError

_S = State
_ACTIVE = (_S.STARTING, _S.RUNNING)

# A group (sub-DAG, loop) is queued and runs at once; it ends as a task does.
TASK: Mapping[tuple[State | None, Kind], State] = {
    (None, Kind.TASK_QUEUED): _S.QUEUED,
    (None, Kind.TASK_SKIPPED): _S.SKIPPED,
    (_S.QUEUED, Kind.TASK_STARTING): _S.STARTING,
    (_S.QUEUED, Kind.TASK_RUNNING): _S.RUNNING,
    (_S.QUEUED, Kind.TASK_SUCCEEDED): _S.SUCCEEDED,
    (_S.QUEUED, Kind.TASK_FAILED): _S.FAILED,
    (_S.QUEUED, Kind.TASK_CANCELLED): _S.CANCELLED,
    (_S.STARTING, Kind.TASK_RUNNING): _S.RUNNING,
    (_S.RUNNING, Kind.TASK_SUCCEEDED): _S.SUCCEEDED,
    (_S.RUNNING, Kind.TASK_CANCELLED): _S.CANCELLED,
    (_S.STOPPING, Kind.TASK_RUNNING): _S.STOPPING,
    (_S.STOPPING, Kind.TASK_SUCCEEDED): _S.SUCCEEDED,
    (_S.STOPPING, Kind.TASK_CANCELLED): _S.CANCELLED,
    (_S.STOPPING, Kind.TASK_SUSPENDED): _S.QUEUED,
    (_S.STOPPING, Kind.TASK_FAILED): _S.FAILED,
    (_S.STOPPING, Kind.TASK_RETRYING): _S.QUEUED,
    (_S.STOPPING, Kind.TASK_STOPPING): _S.STOPPING,
    **{(s, Kind.TASK_STOPPING): _S.STOPPING for s in _ACTIVE},
    **{(s, Kind.TASK_WAITING): s for s in _ACTIVE},
    **{(s, Kind.TASK_SERVING): s for s in (*_ACTIVE, _S.STOPPING)},
    **{(s, Kind.TASK_FAILED): _S.FAILED for s in _ACTIVE},
    **{(s, Kind.TASK_RETRYING): _S.QUEUED for s in _ACTIVE},
    # After a retry of the run.
    **{(s, Kind.TASK_QUEUED): _S.QUEUED for s in ENDED},
    **{(s, Kind.TASK_SKIPPED): _S.SKIPPED for s in ENDED},
}

_OPEN = (_S.QUEUED, _S.RUNNING, _S.STOPPING, _S.SUSPENDED)
_OVER = (_S.SUCCEEDED, _S.FAILED, _S.CANCELLED)

# RUN_ENDED leads to the state that it names. A request changes no state, except a retry of a run that has ended and a resume of a
# suspended one; in other states these come from two users who asked at once.
RUN: Mapping[tuple[State | None, Kind], State | None] = {
    (None, Kind.RUN_SUBMITTED): _S.QUEUED,
    (_S.QUEUED, Kind.RUN_STARTED): _S.RUNNING,
    (_S.RUNNING, Kind.RUN_STARTED): _S.RUNNING,
    (_S.STOPPING, Kind.RUN_STARTED): _S.STOPPING,
    (_S.SUSPENDED, Kind.RUN_STARTED): _S.SUSPENDED,
    (_S.RUNNING, Kind.RUN_STOPPING): _S.STOPPING,
    (_S.SUSPENDED, Kind.RUN_STOPPING): _S.STOPPING,
    (_S.RUNNING, Kind.RUN_SUSPENDED): _S.SUSPENDED,
    (_S.RUNNING, Kind.RUN_ANSWERED): _S.RUNNING,
    # A suspended run that is cancelled may have nothing left to do.
    **{(s, Kind.RUN_ENDED): None for s in (_S.RUNNING, _S.STOPPING, _S.SUSPENDED)},
    **{(s, Kind.RUN_CANCEL): s for s in (*_OPEN, *_OVER)},
    **{(s, Kind.RUN_SUSPEND): s for s in (*_OPEN, *_OVER)},
    **{(s, Kind.RUN_RESUMED): s for s in (*_OPEN, *_OVER)},
    (_S.SUSPENDED, Kind.RUN_RESUMED): _S.QUEUED,
    **{(s, Kind.RUN_RETRIED): s for s in _OPEN},
    **{(s, Kind.RUN_RETRIED): _S.QUEUED for s in _OVER},
}

# What users may change in any state, which stays.
ANNOTATIONS = frozenset({Kind.RUN_LABELLED, Kind.RUN_ARCHIVED, Kind.RUN_UNARCHIVED})


def task_after(state: State | None, event: Event) -> State:
    """The task's state after the event. Raises TransitionError."""
    following = TASK.get((state, event.kind))
    if following is None:
        raise TransitionError(f"run {event.run}, task {event.task}: {event.kind} cannot follow in state {state}")
    return following


def run_after(state: State | None, event: Event) -> State:
    """The run's state after the event. Raises TransitionError."""
    if event.kind in ANNOTATIONS and state:
        return state
    if (state, event.kind) not in RUN:
        raise TransitionError(f"run {event.run}: {event.kind} cannot follow in state {state}")
    return event.data.state if isinstance(event.data, RunEnded) else RUN[state, event.kind]  # type: ignore[return-value]
