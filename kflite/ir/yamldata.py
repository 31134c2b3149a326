"""Builds plain data from the events of a YAML parser, within limits.

Tags create no objects, a repeated key is an error, and the size of expanded aliases is limited. Scalars are read as by PyYAML's
safe loader, since `kfp` writes with PyYAML; only timestamps stay text. This is twice as fast as that loader, which builds a
graph of nodes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    StreamEndEvent,
)

from kflite.core.value import Value

MOST_VALUES = 5_000_000  # in one document: a pipeline of 10,000 tasks has about 800,000
MOST_REPEATED = 32 * 1024 * 1024  # characters and values that aliases may add: as much as a document may have bytes
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = "tag:yaml.org,2002:"
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_RESOLVERS: Mapping[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_MERGE = object()


class YamlProblem(Exception):
    """The problem of a YAML text, with its line."""


def _problem_at(event: Event, text: str) -> YamlProblem:
    line = event.start_mark.line + 1 if event.start_mark else 0
    return YamlProblem(f"line {line}: {text}")


def load_all(text: str, deepest: int) -> Iterator[Value]:
    """The documents of a YAML text, each nested at most `deepest` levels. Raises YamlProblem."""
    loader = _LOADER(text)
    try:
        while not isinstance(loader.peek_event(), StreamEndEvent):
            event = loader.get_event()
            if isinstance(event, DocumentStartEvent):
                yield _Document(deepest).read(loader.get_event)
    except yaml.YAMLError as error:
        raise YamlProblem(_describe(error, deepest)) from None
    finally:
        loader.dispose()


def _describe(error: yaml.YAMLError, deepest: int) -> str:
    text = _error_text(error)
    if "nesting depth" in text:  # libyaml 0.2.6 reads ahead of the events, and has its own limit
        return f"{text.partition(':')[0]}: {_too_deep(deepest)}"
    return f"this is not YAML: {text}"


def _too_deep(deepest: int) -> str:
    return f"it nests deeper than {deepest} levels; is it a pipeline?"


def _error_text(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())[:300]


@dataclass(slots=True)
class _Open:
    """A list or mapping under construction. key: a mapping's key without its value yet; before: the weight at its beginning."""

    value: list[Value] | dict[str, Value]
    anchor: str | None
    before: int
    key: object = None
    merged: list[Value] = field(default_factory=list)


class _Document:
    """A document under construction; a value's weight is one, plus one for each character of its text."""

    def __init__(self, deepest: int) -> None:
        self.deepest = deepest
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Value, int] | None] = {}
        self.values = self.weight = self.repeated = 0

    def read(self, next_event: Callable[[], Event]) -> Value:
        """The root value, read to its end."""
        while True:
            event = next_event()
            if isinstance(event, ScalarEvent):
                done = self._scalar(event)
            elif isinstance(event, CollectionStartEvent):
                self._open(event)
                continue
            elif isinstance(event, CollectionEndEvent):
                done = self._close()
            elif isinstance(event, AliasEvent):
                done = self._alias(event)
            else:
                return None
            if not self.stack:
                return done
            self._put(done, event)

    def _scalar(self, event: ScalarEvent) -> Value:
        text: str = event.value
        self._count(1, len(text) + 1, event)
        quoted = event.tag is None and not event.implicit[0]
        value = text if quoted or self._at_key() else _plain(text, event)
        if event.anchor:
            self.anchors[event.anchor] = (value, len(text) + 1)
        return value

    def _at_key(self) -> bool:
        top = self.stack[-1] if self.stack else None
        return top is not None and top.key is None and type(top.value) is dict

    def _open(self, event: CollectionStartEvent) -> None:
        mapping = isinstance(event, MappingStartEvent)
        if event.tag and event.tag != _TAGS + ("map" if mapping else "seq"):
            raise _problem_at(event, f"the tag {event.tag!r} is not allowed: use plain values")
        if self._at_key():
            raise _problem_at(event, "a list or mapping cannot be a key: use text")
        if len(self.stack) >= self.deepest:
            raise _problem_at(event, _too_deep(self.deepest))
        if event.anchor:
            self.anchors[event.anchor] = None
        self.stack.append(_Open({} if mapping else [], event.anchor, self.weight))
        self._count(1, 1, event)

    def _close(self) -> Value:
        top = self.stack.pop()
        for base in top.merged:
            assert isinstance(base, dict)
            assert isinstance(top.value, dict)
            top.value.update({k: v for k, v in base.items() if k not in top.value})
        if top.anchor:
            self.anchors[top.anchor] = (top.value, self.weight - top.before)
        return top.value

    def _alias(self, event: AliasEvent) -> Value:
        name = event.anchor or ""
        anchor = self.anchors.get(name)
        if anchor is None:
            inside = name in self.anchors
            raise _problem_at(event, f"the alias *{name} " + ("stands inside itself" if inside else "has no anchor before it"))
        value, weight = anchor
        if self._at_key() and not isinstance(value, str):
            raise _problem_at(event, "an alias of something other than text cannot be a key")
        self.repeated += weight
        if self.repeated > MOST_REPEATED:
            raise _problem_at(event, f"aliases expand to more than {MOST_REPEATED:,} characters: write the values out")
        self._count(0, weight, event)
        return value

    def _put(self, value: Value, event: Event) -> None:
        top = self.stack[-1]
        if type(top.value) is list:
            top.value.append(value)
        elif top.key is None:
            merge = value == "<<" and type(event) is ScalarEvent and event.implicit[0]
            top.key = _MERGE if merge else value
            if not merge and value in top.value:
                raise _problem_at(event, f"the key {value!r} stands twice in one mapping: remove one")
        else:
            self._put_value(top, value, event)

    def _put_value(self, top: _Open, value: Value, event: Event) -> None:
        if top.key is _MERGE:
            bases = value if isinstance(value, list) else [value]
            if not all(isinstance(base, dict) for base in bases):
                raise _problem_at(event, "'<<' merges mappings only")
            top.merged += bases
        else:
            assert isinstance(top.key, str)
            assert isinstance(top.value, dict)
            top.value[top.key] = value
        top.key = None

    def _count(self, values: int, weight: int, event: Event) -> None:
        self.values += values
        self.weight += weight
        if self.values > MOST_VALUES:
            raise _problem_at(event, f"it holds more than {MOST_VALUES:,} values; is it a pipeline?")


def _plain(text: str, event: ScalarEvent) -> Value:
    """The value of an unquoted or tagged scalar by the rules of YAML 1.1."""
    tag = event.tag or _implicit(text)
    name = tag.removeprefix(_TAGS)
    if name in ("str", "timestamp", "merge", "value", "!"):
        return text
    if name not in ("null", "bool", "int", "float"):
        raise _problem_at(event, f"the tag {tag!r} is not allowed: use plain values")
    return _converted(name, text, event)


def _implicit(text: str) -> str:
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return tag
    return _TAGS + "str"


def _converted(name: str, text: str, event: ScalarEvent) -> Value:
    node = yaml.ScalarNode(_TAGS + name, text)
    make: Callable[[yaml.ScalarNode], Value] = getattr(_CONSTRUCTOR, f"construct_yaml_{name}")
    try:
        return make(node)
    except (ValueError, KeyError, OverflowError):
        raise _problem_at(event, f"{text[:40]!r} is not {name}") from None
