"""The pipeline that is being traced: which task and group names are taken, and which group is open."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from kflite.errors import CompileError

if TYPE_CHECKING:
    from kflite.dsl.channels import Channel
    from kflite.dsl.component import Component
    from kflite.dsl.groups import Group
    from kflite.dsl.task import Task

_HERE = str(Path(__file__).parent)
_told: dict[str | tuple[str, type[Warning], int], int] = {}  # what was warned of, each once
_outside: Callable[[Component, Mapping[str, object]], Task] | None = None  # what a call outside a pipeline does
_current: ContextVar[Trace | None] = ContextVar("kflite_trace", default=None)


class Trace:
    """One pipeline function's execution. groups: the open ones, outermost first; mentioned: channels that became text, by key."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.mentioned: dict[str, Channel] = {}
        self._taken: dict[str, int] = {}
        self._numbers = 0

    def task_name(self, component: str) -> str:
        """A task name that no task or group of the pipeline has yet: NAME, NAME-2, NAME-3..."""
        count = self._taken.get(component, 0)
        name = component if count == 0 else f"{component}-{count + 1}"
        self._taken[component] = count + 1
        if count and name in self._taken:
            return self.task_name(component)
        self._taken.setdefault(name, 1)
        return name

    def group_name(self, kind: str) -> str:
        """A name KIND-N; the numbers are counted over all kinds."""
        self._numbers += 1
        name = f"{kind}-{self._numbers}"
        if name in self._taken:
            return self.group_name(kind)
        self._taken[name] = 1
        return name

    def __enter__(self) -> Trace:
        self._token = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def run_outside(call: Callable[[Component, Mapping[str, object]], Task]) -> None:
    """Let `call` answer calls of components outside a pipeline, which are an error otherwise."""
    global _outside  # noqa: PLW0603 - scripts say it once, for whatever they import
    _outside = call


def outside() -> Callable[[Component, Mapping[str, object]], Task] | None:
    """What answers a call that is made now; None inside a pipeline, and where nothing does."""
    return None if _current.get() else _outside


def current(what: str) -> Trace:
    """The trace that is going on. Raises CompileError outside a pipeline function; `what` says who asks."""
    trace = _current.get()
    if trace is None:
        raise CompileError(
            f"{caller()}: {what} outside a pipeline: put it into a function with @dsl.pipeline, or give it to kflite.run"
        )
    return trace


def refused(why: str) -> CompileError:
    """The error that says where the user's code is now, and why that cannot be compiled."""
    return CompileError(f"{caller()}: {why}")


def warn(what: str, place: str) -> None:
    """Tell of what is written, and has no effect. place: where in the user's code, file:line."""
    file, _, line = place.rpartition(":")
    warnings.warn_explicit(what, UserWarning, file, int(line), registry=_told)


def caller() -> str:
    """Where the user's code is now: file:line of the innermost frame outside this package."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every file on the way
    while frame.f_back and _is_ours(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _is_ours(frame: FrameType) -> bool:
    """Whether this package's code runs in the frame, such as a dataclass made that has no file of its own."""
    return frame.f_code.co_filename.startswith(_HERE) or str(frame.f_globals.get("__name__")).startswith("kflite.dsl.")


def is_asked_by_us() -> bool:
    """Whether the code that called the caller of this is this package's."""
    return _is_ours(sys._getframe(2))  # noqa: SLF001 - as above


def kebab(name: str) -> str:
    """A name as IR wants it: lower-case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
