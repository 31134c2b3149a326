"""The pipeline being traced: its names of tasks and groups, and the open groups."""

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
    from kflite.dsl.task import PipelineTask

_PACKAGE = str(Path(__file__).parent)
_warned: dict[str | tuple[str, type[Warning], int], int] = {}  # what was warned of, each once
_outside_handler: Callable[[Component, Mapping[str, object]], PipelineTask] | None = None  # what a call outside a pipeline does
_current: ContextVar[Trace | None] = ContextVar("kflite_trace", default=None)


class Trace:
    """One execution of a pipeline function. groups: the open ones, outermost first; mentioned: channels in texts, by key."""

    def __init__(self) -> None:
        self.groups: list[Group] = []
        self.mentioned: dict[str, Channel] = {}
        self._taken: dict[str, int] = {}
        self._numbers = 0

    def task_name(self, component: str) -> str:
        """A new task name: NAME, NAME-2, NAME-3..."""
        count = self._taken.get(component, 0)
        name = component if count == 0 else f"{component}-{count + 1}"
        self._taken[component] = count + 1
        if count and name in self._taken:
            return self.task_name(component)
        self._taken.setdefault(name, 1)
        return name

    def group_name(self, kind: str) -> str:
        """A new group name KIND-N, numbered over all kinds."""
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


def set_outside_handler(call: Callable[[Component, Mapping[str, object]], PipelineTask]) -> None:
    """Let `call` handle calls of components outside a pipeline, which are errors otherwise."""
    global _outside_handler  # noqa: PLW0603 - scripts say it once, for whatever they import
    _outside_handler = call


def outside_handler() -> Callable[[Component, Mapping[str, object]], PipelineTask] | None:
    """The handler of calls outside a pipeline; None inside a pipeline, and if none is set."""
    return None if _current.get() else _outside_handler


def current(what: str) -> Trace:
    """The current trace. Raises CompileError outside a pipeline function; what: the caller, for the message."""
    trace = _current.get()
    if trace is None:
        raise CompileError(
            f"{caller()}: {what} outside a pipeline: put it into a function with @dsl.pipeline, or give it to kflite.run"
        )
    return trace


def refused(why: str) -> CompileError:
    """An error with the location in the user's code, and the reason."""
    return CompileError(f"{caller()}: {why}")


def warn(what: str, location: str) -> None:
    """Warn about code without effect. location: in the user's code, file:line."""
    file, _, line = location.rpartition(":")
    warnings.warn_explicit(what, UserWarning, file, int(line), registry=_warned)


def caller() -> str:
    """The location in the user's code: file:line of the innermost frame outside this package."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every file on the way
    while frame.f_back and _is_internal(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _is_internal(frame: FrameType) -> bool:
    """Whether a frame runs code of this package, or code that a dataclass of it generated, which has no file."""
    return frame.f_code.co_filename.startswith(_PACKAGE) or str(frame.f_globals.get("__name__")).startswith("kflite.dsl.")


def is_internal_call() -> bool:
    """Whether the caller of the calling function is in this package."""
    return _is_internal(sys._getframe(2))  # noqa: SLF001 - as above


def kebab(name: str) -> str:
    """A name as IR wants it: lower-case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
