"""Expressions that runs are searched by: `state=FAILED name~digits (param.c>0.3 or not label.team=a) created>-7d`.

Lives here: reading them, with errors that say where and what to do. Pure; `kflite.store.search.query` makes SQL of what is read.

    expression = conditions, with `and` (which may be left out), `or`, `not` and parentheses
    condition  = FIELD OPERATOR VALUE; or param.NAME, metric.NAME or label.NAME alone: the run has it
    FIELD      = state run name pipeline version experiment on kind reason created started ended duration
                 param.NAME metric.NAME label.NAME
    OPERATOR   = `=` `!=` `<` `<=` `>` `>=`, and `~` `!~`: contains, whatever the case of ASCII letters
    VALUE      = a word, or a text in quotes, as a NAME with spaces, quotes, parentheses or operators in it has to be

A negation is true of all that the condition is not true of: `param.c!=1` also of a run that has no such parameter. A metric is
that of any task; `metric.TASK/NAME` is one task's. Numbers are compared as numbers, texts by their bytes. A time is `2026-11-24`,
`2026-11-24T08:30` (in this machine's zone, unless it names one), or so long before now: `-90s`, `-30m`, `-12h`, `-7d`; `=` means
any time of that day, minute or second. A duration is in seconds, or as `90s`, `30m`, `12h`, `7d`; what goes on lasts until now.
A version is that of an uploaded pipeline, NAME@VERSION, or NAME for any version; there is no order by it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from kflite.core.event_kind import State
from kflite.errors import InputError
from kflite.store.search.time_text import duration_s, moment

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
    """One condition. key: the NAME of a parameter, metric or label; operator: one that negates nothing, or "has".

    number: the value where it is one, in Unix seconds of times; until: where the day, minute or second that it names ends.
    """

    field: str
    key: str
    operator: str
    text: str = ""
    number: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Negation:
    """True of what the other is not true of."""

    of: Node


@dataclass(frozen=True, slots=True)
class And:
    """True of what all are true of."""

    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True of what one is true of."""

    of: tuple[Node, ...]


Node = Clause | Negation | And | Or


def parse(text: str, now: float) -> Node:
    """The expression. now: Unix seconds. Raises InputError."""
    return _Parser("where", text, now).expression()


def only(name: str, text: str) -> Clause:
    """The condition that a field is this. Raises InputError."""
    try:
        return Clause(name, "", "=", *_value(name, text, 0.0))
    except ValueError as error:
        raise InputError(f"{name} {text!r}: {error}") from None


def field(text: str) -> tuple[str, str]:
    """A field alone: `param.c` as ("param", "c"), `created` as ("created", ""). Raises InputError."""
    return _Parser("sort", text, 0.0).lone_field()


class _Parser:
    """Reads from left to right. what: is read, for messages; at: the character that comes next, which is no space."""

    def __init__(self, what: str, text: str, now: float) -> None:
        self.what, self.text, self.now, self.at = what, text, now, 0
        self._conditions = self._nested = 0
        self._take(_SPACE)

    def expression(self) -> Node:
        found = self._any()
        if self.at < len(self.text):
            raise self._wrong(self.at, "this parenthesis was not opened")
        return found

    def lone_field(self) -> tuple[str, str]:
        found = self._field()
        if found == ("version", ""):
            raise self._wrong(0, "a run may be several versions, or none: sort by pipeline, or by created")
        if self.at < len(self.text):
            raise self._wrong(self.at, "nothing may follow the field here")
        return found

    # Reading.

    def _take(self, what: re.Pattern[str]) -> re.Match[str] | None:
        """What comes next, if it is that, and the spaces after it."""
        found = what.match(self.text, self.at)
        if found:
            spaces = _SPACE.match(self.text, found.end())
            self.at = spaces.end() if spaces else found.end()
        return found

    def _next(self) -> str:
        return self.text[self.at : self.at + 1]

    def _is(self, keyword: str) -> bool:
        found = _NAME.match(self.text, self.at)
        return found is not None and found.group().lower() == keyword

    def _takes(self, keyword: str) -> bool:
        return self._is(keyword) and self._take(_NAME) is not None

    def _wrong(self, at: int, message: str) -> InputError:
        return InputError(f"{self.what} {self.text!r}, character {at + 1}: {message}")

    # Logic.

    def _any(self) -> Node:
        found = [self._all()]
        while self._takes("or"):
            found.append(self._all())
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _all(self) -> Node:
        found = [self._one()]
        while self._takes("and") or not (self._next() in ("", ")") or self._is("or")):
            found.append(self._one())
        return found[0] if len(found) == 1 else And(tuple(found))

    def _one(self) -> Node:
        if self._takes("not"):
            return Negation(self._inside(self._one))
        if self._next() == "(":
            return self._parenthesis()
        return self._condition()

    def _parenthesis(self) -> Node:
        opened = self.at
        self._take(_OPENED)
        found = self._inside(self._any)
        if not self._take(_CLOSED):
            raise self._wrong(opened, "this parenthesis is not closed")
        return found

    def _inside(self, read: Callable[[], Node]) -> Node:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise self._wrong(self.at, f"there are more than {MOST_NESTED} levels of parentheses and negations")
        found = read()
        self._nested -= 1
        return found

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
        begun, found = self.at, _WORD.match(self.text, self.at)
        name = found.group() if found else ""
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
        """A word, or a text in quotes; None where there is neither."""
        if quoted := self._take(_QUOTED):
            return str(quoted[1] if quoted[1] is not None else quoted[2])
        if self._next() in ("'", '"'):
            raise self._wrong(self.at, "this quote is not closed")
        found = self._take(word)
        return found.group() if found else None

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
    """Text, number and end of a value. Raises ValueError for one that the field cannot be compared with."""
    from kflite.ir.names import suggestion

    if name == "state":
        if text.upper() not in State.__members__:
            raise ValueError(f"there is no state {text!r}: {suggestion(text.upper(), State.__members__)}")
        return text.upper(), None, None
    if name in TIMES:
        found = moment(text, now)
        if not found:
            raise ValueError(f"{text!r} is no time: write it as 2026-11-24, 2026-11-24T08:30, or -7d for so long ago")
        return text, *found
    number = duration_s(text) if name == "duration" else _number(text)
    if number is None and name in ("duration", "metric"):
        example = "write it as 90s, 30m, 12h or 7d" if name == "duration" else "a metric is compared with one"
        raise ValueError(f"{text!r} is no {'duration' if name == 'duration' else 'number'}: {example}")
    return text, number, None


def _number(text: str) -> float | None:
    try:
        found = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None
