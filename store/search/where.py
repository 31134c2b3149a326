"""Search expressions for runs: `state=FAILED name~digits (param.c>0.3 or not label.team=a) created>-7d`.

This module parses them, with errors that say where and what to do; `kflite.store.search.query` turns the result into SQL. Pure.

    expression = conditions with `and` (optional), `or`, `not` and parentheses
    condition  = FIELD OPERATOR VALUE; or param.NAME, metric.NAME or label.NAME alone: the run has it
    FIELD      = state run name pipeline version experiment on kind reason created started ended duration
                 param.NAME metric.NAME label.NAME
    OPERATOR   = `=` `!=` `<` `<=` `>` `>=`, and `~` `!~` for "contains", which ignores the case of ASCII letters
    VALUE      = a word, or a text in quotes; a NAME with spaces, quotes, parentheses or operators needs quotes, too

A negation is true wherever the condition is not: `param.c!=1` finds runs without this parameter, too. `metric.NAME` is that of
any task, `metric.TASK/NAME` of one task. Numbers are compared as numbers, texts by their bytes. A time is `2026-11-24`,
`2026-11-24T08:30` (in this machine's zone by default), or before now: `-90s`, `-30m`, `-12h`, `-7d`; `=` means any time of that
day, minute or second. A duration is in seconds, or `90s`, `30m`, `12h`, `7d`; a run that goes on lasts until now. A version is
that of an uploaded pipeline, NAME@VERSION, or NAME for any version; runs cannot be sorted by it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from kflite.core.event_kind import State
from kflite.core.frozen import dataclass
from kflite.errors import InputError
from kflite.store.search.time_text import duration_s, time_range

TEXTS = ("run", "name", "pipeline", "experiment", "on", "kind", "reason")
TIMES = ("created", "started", "ended")
NAMED = ("param", "metric", "label")
FIELDS = ("state", *TEXTS, "version", *TIMES, "duration", *NAMED)
# SQLite takes 999 values in a statement, and a condition has up to four.
MOST_CONDITIONS = 100
MOST_NESTED = 30

_EQUAL, _PART, _ORDER = ("=", "!="), ("~", "!~"), ("<", "<=", ">", ">=")
_OPERATORS = {
    **dict.fromkeys(("state", "version"), _EQUAL),
    **dict.fromkeys(TEXTS, _EQUAL + _PART),
    **dict.fromkeys(TIMES, _EQUAL + _ORDER),
    "duration": _ORDER,
    "param": _EQUAL + _PART + _ORDER,
    "metric": _EQUAL + _ORDER,
    "label": _EQUAL + _PART,
}
_SPACE, _OPENED, _CLOSED = re.compile(r"\s*"), re.compile(r"\("), re.compile(r"\)")
_WORD = re.compile(r"[^\s()'\"=!~<>.]+")
_NAME = re.compile(r"[^\s()'\"=!~<>]+")
_VALUE = re.compile(r"[^\s()'\"]+")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_OPERATOR = re.compile(r"==|!=|!~|<=|>=|[=~<>]")


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition. key: the NAME of a parameter, metric or label; operator: one without negation, or "has".

    number: a numeric value, of times in Unix seconds; until: the end of the day, minute or second of a time.
    """

    field: str
    key: str
    operator: str
    text: str = ""
    number: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Negation:
    """True where the inner node is not."""

    inner: Node


@dataclass(frozen=True, slots=True)
class And:
    """True where all inner nodes are."""

    inner: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where one of the inner nodes is."""

    inner: tuple[Node, ...]


Node = Clause | Negation | And | Or


def parse(text: str, now: float) -> Node:
    """The expression. now: Unix seconds. Raises InputError."""
    return _Parser("where", text, now).expression()


def only(name: str, text: str) -> Clause:
    """The condition that a field equals this text. Raises InputError."""
    try:
        return Clause(name, "", "=", *_value(name, text, 0.0))
    except ValueError as error:
        raise InputError(f"{name} {text!r}: {error}") from None


def field(text: str) -> tuple[str, str]:
    """A lone field: `param.c` as ("param", "c"), `created` as ("created", ""). Raises InputError."""
    return _Parser("sort", text, 0.0).lone_field()


class _Parser:
    """Parses from left to right. what: the name of the text in messages; at: the index of the next character."""

    def __init__(self, what: str, text: str, now: float) -> None:
        self.what, self.text, self.now, self.at = what, text, now, 0
        self._conditions = self._nested = 0
        self._take(_SPACE)

    def expression(self) -> Node:
        node = self._any()
        if self.at < len(self.text):
            raise self._wrong(self.at, "this parenthesis was not opened")
        return node

    def lone_field(self) -> tuple[str, str]:
        field = self._field()
        if field == ("version", ""):
            raise self._wrong(0, "a run may be several versions, or none: sort by pipeline, or by created")
        if self.at < len(self.text):
            raise self._wrong(self.at, "nothing may follow the field here")
        return field

    # Reading.

    def _take(self, what: re.Pattern[str]) -> re.Match[str] | None:
        """Consume this pattern, if it comes next, and the spaces after it."""
        match = what.match(self.text, self.at)
        if match:
            spaces = _SPACE.match(self.text, match.end())
            self.at = spaces.end() if spaces else match.end()
        return match

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _is(self, keyword: str) -> bool:
        match = _NAME.match(self.text, self.at)
        return match is not None and match.group().lower() == keyword

    def _takes(self, keyword: str) -> bool:
        return self._is(keyword) and self._take(_NAME) is not None

    def _wrong(self, at: int, message: str) -> InputError:
        return InputError(f"{self.what} {self.text!r}, character {at + 1}: {message}")

    # Logic.

    def _any(self) -> Node:
        nodes = [self._all()]
        while self._takes("or"):
            nodes.append(self._all())
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _all(self) -> Node:
        nodes = [self._one()]
        while self._takes("and") or not (self._next() in ("", ")") or self._is("or")):
            nodes.append(self._one())
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _one(self) -> Node:
        if self._takes("not"):
            return Negation(self._inside(self._one))
        if self._next() == "(":
            return self._parenthesis()
        return self._condition()

    def _parenthesis(self) -> Node:
        opened = self.at
        self._take(_OPENED)
        node = self._inside(self._any)
        if not self._take(_CLOSED):
            raise self._wrong(opened, "this parenthesis is not closed")
        return node

    def _inside(self, read: Callable[[], Node]) -> Node:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise self._wrong(self.at, f"there are more than {MOST_NESTED} levels of parentheses and negations")
        node = read()
        self._nested -= 1
        return node

    # Conditions.

    def _condition(self) -> Node:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise self._wrong(self.at, f"there are more than {MOST_CONDITIONS} conditions")
        begun = self.at
        name, key = self._field()
        at, operator = self.at, self._take(_OPERATOR)
        if not operator:
            if name in NAMED:
                return Clause(name, key, "has")
            raise self._wrong(at, f"after {self.text[begun:at].strip()} comes one of {' '.join(_OPERATORS[name])}")
        sign = operator.group().replace("==", "=")
        if sign not in _OPERATORS[name]:
            raise self._wrong(at, f"{name} cannot be compared by {sign}: there is {' '.join(_OPERATORS[name])}")
        test = self._test(name, key, sign.removeprefix("!"))
        return Negation(test) if sign.startswith("!") else test

    def _field(self) -> tuple[str, str]:
        begun, match = self.at, _WORD.match(self.text, self.at)
        name = match.group() if match else ""
        if name not in FIELDS:
            raise self._wrong(begun, _unknown(name))
        self.at += len(name)
        if name not in NAMED:
            self._take(_SPACE)
            return name, ""
        dot, self.at = self._next() == ".", self.at + 1
        key = self._text(_NAME) if dot else None
        if not key:
            raise self._wrong(begun, f"{name} needs a name, as {name}.x")
        return name, key

    def _text(self, word: re.Pattern[str]) -> str | None:
        """A word or a quoted text, None for neither."""
        if quoted := self._take(_QUOTED):
            return str(quoted[1] if quoted[1] is not None else quoted[2])
        if self._next() in ("'", '"'):
            raise self._wrong(self.at, "this quote is not closed")
        match = self._take(word)
        return match.group() if match else None

    def _test(self, name: str, key: str, operator: str) -> Clause:
        at, text = self.at, self._text(_VALUE)
        if text is None:
            raise self._wrong(at, "a value belongs here; one that is empty, or has spaces or parentheses in it, in quotes")
        try:
            return Clause(name, key, operator, *_value(name, text, self.now))
        except ValueError as error:
            raise self._wrong(at, str(error)) from None


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, FIELDS)
    known = f"did you mean {' or '.join(close)}?" if close else f"there is {', '.join(FIELDS)}"
    return f"there is no field {name!r}: {known}" if name else f"a field belongs here: {known}"


def _value(name: str, text: str, now: float) -> tuple[str, float | None, float | None]:
    """Text, number and end of a value. Raises ValueError for a value that does not fit the field."""
    from kflite.ir.names import suggestion

    if name == "state":
        if text.upper() not in State.__members__:
            raise ValueError(f"there is no state {text!r}: {suggestion(text.upper(), State.__members__)}")
        return text.upper(), None, None
    if name in TIMES:
        times = time_range(text, now)
        if not times:
            raise ValueError(f"{text!r} is no time: write it as 2026-11-24, 2026-11-24T08:30, or -7d for so long ago")
        return text, *times
    number = duration_s(text) if name == "duration" else _number(text)
    if number is None and name in ("duration", "metric"):
        example = "write it as 90s, 30m, 12h or 7d" if name == "duration" else "a metric is compared with one"
        raise ValueError(f"{text!r} is no {'duration' if name == 'duration' else 'number'}: {example}")
    return text, number, None


def _number(text: str) -> float | None:
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None
