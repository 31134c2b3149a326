"""The lines of a run where there is no terminal."""

import io
from pathlib import Path

from events import data as of_kind

from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.runs.progress import RunProgress
from kflite.terminal.out import Out
from kflite.terminal.plain import Plain


def event(kind: Kind, task: str, at: float = 1.0, attempt: int = 1, **data: object) -> Event:
    return Event("r", of_kind(kind, **data), at, task, attempt, 1)


def written(*events: Event) -> list[str]:
    stream = io.StringIO()
    view = Plain(Out(stream), RunProgress("r"), lambda task, attempt: Path("/logs", task, str(attempt)))
    view.show(events)
    return stream.getvalue().splitlines()


def test_a_task_is_said_to_start_and_to_end() -> None:
    lines = written(
        event(Kind.TASK_QUEUED, "fit", 1, 0),
        event(Kind.TASK_STARTING, "fit", 2),
        event(Kind.TASK_RUNNING, "fit", 2),
        event(Kind.TASK_SUCCEEDED, "fit", 3.5),
    )
    assert [line[2:] for line in lines] == ["fit  started", "fit  succeeded  1.5 s"]


def test_a_failure_is_said_with_its_reason_and_log() -> None:
    lines = written(
        event(Kind.TASK_QUEUED, "fit", 1, 0),
        event(Kind.TASK_STARTING, "fit", 2),
        event(Kind.TASK_FAILED, "fit", 2.25, reason="Error", message="exit 1"),
    )
    assert lines[1].endswith("fit  FAILED  250 ms: Error: exit 1")
    assert lines[2].strip() == "log: /logs/fit/1"


def test_what_a_task_waits_for_is_said_and_that_it_waits_no_longer() -> None:
    lines = written(
        event(Kind.TASK_QUEUED, "fit", 1, 0),
        event(Kind.TASK_STARTING, "fit", 2),
        event(Kind.TASK_WAITING, "fit", 3, reason="waiting", message="no node is free"),
        event(Kind.TASK_WAITING, "fit", 4, reason="", message=""),
    )
    assert [line[2:] for line in lines[1:]] == ["fit  waiting: no node is free", "fit  waits no longer"]


def test_another_attempt_is_announced() -> None:
    lines = written(
        event(Kind.TASK_QUEUED, "fit", 1, 0),
        event(Kind.TASK_RETRYING, "fit", reason="Error", delay_s=2.0),
        event(Kind.TASK_STARTING, "fit", attempt=2),
    )
    assert lines[0].endswith("fit  failed: Error; again in 2.0 s")
    assert lines[1].endswith("fit  started, attempt 2")


def test_a_cached_task_is_said_to_be() -> None:
    lines = written(event(Kind.TASK_QUEUED, "fit", 1, 0), event(Kind.TASK_SUCCEEDED, "fit", attempt=0, reason="cached"))
    assert lines[0].endswith("fit  succeeded  (cached)")


def test_groups_are_not_said() -> None:
    assert written(event(Kind.TASK_QUEUED, "loop", group=True), event(Kind.TASK_RUNNING, "loop")) == []
