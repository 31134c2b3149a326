"""A task's part of the platform document under construction: values known only at run time are still channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.dsl import trace
from kflite.dsl.channels import Channel
from kflite.dsl.settings import is_placeholder
from kflite.dsl.types import STRING, Parameter

if TYPE_CHECKING:
    from kflite.dsl.task import PipelineTask

Bind: TypeAlias = Callable[["Value | Channel"], dict[str, Value]]


@runtime_checkable
class Deferred(Protocol):
    """A part of the document that is resolved when the task is written."""

    def resolved(self, bind: Bind) -> Value:
        """The part in the document's form; bind: maps a value to its source in IR."""


# JSON with deferred parts.
Tree: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class DynamicValue:
    """A constant, or a value known only at run time."""

    value: Value | Channel

    def resolved(self, bind: Bind) -> Value:
        return bind(self.value)


def resolved(node: object, bind: Bind) -> Value:
    """A part of the document, with all deferred parts resolved."""
    if isinstance(node, Deferred):
        return node.resolved(bind)
    if isinstance(node, Mapping):
        return {str(key): resolved(item, bind) for key, item in node.items()}
    if isinstance(node, list):
        return [resolved(item, bind) for item in node]
    assert node is None or isinstance(node, bool | int | float | str)
    return node


def tree(task: PipelineTask, call: str) -> Tree:
    """The task's settings so far. Raises CompileError if the task has no container of its own."""
    return task.own_container(f"kubernetes.{call}").kubernetes


def append(task: PipelineTask, call: str, key: str, entry: object) -> PipelineTask:
    """Add an entry to one of the lists of the task's document."""
    entries = tree(task, call).setdefault(key, [])
    assert isinstance(entries, list)
    entries.append(entry)
    return task


def add(task: PipelineTask, call: str, key: str, entry: Mapping[str, object]) -> PipelineTask:
    """Add an entry to one of the lists of the task's document, without empty fields."""
    return append(task, call, key, {name: value for name, value in entry.items() if value not in ("", None, [], {})})


def put(task: PipelineTask, call: str, *keys: str, entry: Mapping[str, object]) -> PipelineTask:
    """Add entries to the mapping at `keys` in the task's document."""
    mapping = tree(task, call)
    for key in keys:
        inner = mapping.setdefault(key, {})
        assert isinstance(inner, dict)
        mapping = inner
    mapping.update(entry)
    return task


def name_of(name: str | Channel, call: str) -> str | Channel:
    """A name, which may be known only at run time. Raises CompileError for other values."""
    if isinstance(name, Channel):
        if name.type and not (isinstance(name.type, Parameter) and name.type.ir == STRING):
            raise trace.refused(f"kubernetes.{call}() takes a name as text, and {name.title} is {name.type}")
    elif not isinstance(name, str) or not name:
        raise trace.refused(f"kubernetes.{call}() takes a name as text, not {name!r}")
    return name


def name_fields(key: str, name: str | Channel, call: str) -> Tree:
    """A name in both of its fields; the old one takes constants only."""
    constant = isinstance(name_of(name, call), str) and not is_placeholder(str(name))
    return {**({key: name} if constant else {}), f"{key}Parameter": DynamicValue(name)}


def constant(text: object, call: str, what: str) -> str:
    """A text that is known at compile time."""
    if isinstance(text, str) and not is_placeholder(text):
        return text
    if isinstance(text, Channel | str):
        shown = text.title if isinstance(text, Channel) else repr(text)
        why = "which only the run knows, and KFP reads it as it is written: give a constant"
        raise trace.refused(f"kubernetes.{call}() was given {what}={shown}, {why}")
    raise trace.refused(f"kubernetes.{call}() was given {what}={text!r}: give a text")


def non_empty(text: object, call: str, what: str) -> str:
    """A text that is known at compile time and not empty."""
    if not (text := constant(text, call, what)):
        raise trace.refused(f"kubernetes.{call}() was given an empty {what}: give a text")
    return text


def path(text: object, call: str, what: str = "mount_path") -> str:
    """An absolute path in the container."""
    text = constant(text, call, what)
    if not text.startswith("/"):
        raise trace.refused(f"kubernetes.{call}() was given {what}={text!r}: give an absolute path, like '/data'")
    return text


def texts(values: object, call: str, what: str) -> dict[str, str]:
    """A mapping of texts to texts that are known at compile time."""
    if not isinstance(values, Mapping):
        raise trace.refused(f"kubernetes.{call}() takes {what} as a dict of texts, not {values!r}")
    return {non_empty(key, call, what): constant(value, call, what) for key, value in values.items()}
