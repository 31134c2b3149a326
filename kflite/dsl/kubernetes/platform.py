"""A task's part of the platform document while it is written: values that only a run knows are still channels in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.settings import is_placeholder
from kflite.dsl.types import STRING, Parameter

if TYPE_CHECKING:
    from kflite.dsl.task import Task

Bind: TypeAlias = Callable[["Value | Channel"], dict[str, Value]]


@runtime_checkable
class Late(Protocol):
    """A part of the document that names an input of the task."""

    def written(self, bind: Bind) -> Value:
        """The part as the document has it; bind: where a value comes from, in IR's words."""


# JSON with parts that are still late.
Tree: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Given:
    """A constant, or a value that the run will have."""

    value: Value | Channel

    def written(self, bind: Bind) -> Value:
        return bind(self.value)


def written(node: object, bind: Bind) -> Value:
    """A part of the document, and all in it, as it is to be read."""
    if isinstance(node, Late):
        return node.written(bind)
    if isinstance(node, Mapping):
        return {str(key): written(item, bind) for key, item in node.items()}
    if isinstance(node, list):
        return [written(item, bind) for item in node]
    assert node is None or isinstance(node, bool | int | float | str)
    return node


def tree(task: Task, call: str) -> Tree:
    """What the task asks for so far. Raises CompileError where the task runs nothing itself."""
    return task.own_container(f"kubernetes.{call}").kubernetes


def append(task: Task, call: str, key: str, entry: object) -> Task:
    """Adds an entry to one of the lists of the task's document."""
    entries = tree(task, call).setdefault(key, [])
    assert isinstance(entries, list)
    entries.append(entry)
    return task


def add(task: Task, call: str, key: str, entry: Mapping[str, object]) -> Task:
    """Adds an entry to one of the lists of the task's document, without what is empty in it."""
    return append(task, call, key, {name: value for name, value in entry.items() if value not in ("", None, [], {})})


def put(task: Task, call: str, *keys: str, entry: Mapping[str, object]) -> Task:
    """Adds entries to the mapping at `keys` in the task's document."""
    held = tree(task, call)
    for key in keys:
        inner = held.setdefault(key, {})
        assert isinstance(inner, dict)
        held = inner
    held.update(entry)
    return task


def name_of(name: str | Channel, call: str) -> str | Channel:
    """A name that may be known in the run only. Raises CompileError for anything else."""
    if isinstance(name, Channel):
        if name.type and not (isinstance(name.type, Parameter) and name.type.ir == STRING):
            raise trace.refused(f"kubernetes.{call}() takes a name as text, and {name.title} is {name.type}")
    elif not isinstance(name, str) or not name:
        raise trace.refused(f"kubernetes.{call}() takes a name as text, not {name!r}")
    return name


def named(key: str, name: str | Channel, call: str) -> Tree:
    """A name in both of its fields: the old one holds constants only."""
    constant = isinstance(name_of(name, call), str) and not is_placeholder(str(name))
    return {**({key: name} if constant else {}), f"{key}Parameter": Given(name)}


def fixed(text: object, call: str, what: str) -> str:
    """A text that is known when the pipeline is compiled."""
    if isinstance(text, str) and not is_placeholder(text):
        return text
    if isinstance(text, Channel | str):
        shown = text.title if isinstance(text, Channel) else repr(text)
        why = "which only the run knows, and KFP reads it as it is written: give a constant"
        raise trace.refused(f"kubernetes.{call}() was given {what}={shown}, {why}")
    raise trace.refused(f"kubernetes.{call}() was given {what}={text!r}: give a text")


def filled(text: object, call: str, what: str) -> str:
    """A text that is known when the pipeline is compiled, and not empty."""
    if not (found := fixed(text, call, what)):
        raise trace.refused(f"kubernetes.{call}() was given an empty {what}: give a text")
    return found


def path(text: object, call: str, what: str = "mount_path") -> str:
    """An absolute path in the container."""
    found = fixed(text, call, what)
    if not found.startswith("/"):
        raise trace.refused(f"kubernetes.{call}() was given {what}={found!r}: give an absolute path, like '/data'")
    return found


def texts(values: object, call: str, what: str) -> dict[str, str]:
    """A mapping of texts to texts that are known when the pipeline is compiled."""
    if not isinstance(values, Mapping):
        raise trace.refused(f"kubernetes.{call}() takes {what} as a dict of texts, not {values!r}")
    return {filled(key, call, what): fixed(value, call, what) for key, value in values.items()}
