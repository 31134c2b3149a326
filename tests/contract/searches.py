"""Random runs and searches, and what a search finds as a plain reading of the expression says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contract.stores import ended, made, submitted
from hypothesis import strategies as st

from kflite.core.event import Event
from kflite.core.event_kind import State
from kflite.core.run_event import RunArchived, RunLabelled, RunStarted, RunUnarchived
from kflite.core.value import Value
from kflite.store.base import Query
from kflite.store.search.where import And, Clause, Negation, Node, Or, parse

NOW = 1_000.0
NAMES = ("digits", "Digits_2", "50%", "a!b", "é", "")
LABELS = ("a", "b", "A_b", "")
VALUES: tuple[Value, ...] = (0, 1, 0.3, -2.5, 10**400, True, "0.3", "1", "text", "Text%", "", None, [1, {"k": "v"}])


@dataclass
class Known:
    """A run as the reference knows it."""

    run: str
    texts: dict[str, str]
    created: float
    started: float | None = None
    ended: float | None = None
    archived: bool = False
    param: dict[str, Value] = field(default_factory=dict)
    label: dict[str, str] = field(default_factory=dict)
    metrics: list[tuple[str, str, float]] = field(default_factory=list)


def some_runs(random: Random, count: int) -> Iterator[tuple[Known, list[Event]]]:
    """Runs in any state, each with the events that made it."""
    for n in range(count):
        yield _run(f"r{n:03d}", random)


def _run(run: str, random: Random) -> tuple[Known, list[Event]]:
    created = float(random.randint(1, 40))
    texts = {"name": random.choice(NAMES), "pipeline": random.choice(NAMES), "on": random.choice(("process", "docker"))}
    texts["experiment"] = random.choice(("", "tune", "Other"))
    known = Known(run, texts | {"run": run, "kind": "dag", "reason": "", "state": "QUEUED"}, created)
    known.param = {name: random.choice(VALUES) for name in ("c", "n", "my name") if random.random() < 0.7}
    known.label = {name: random.choice(LABELS) for name in ("team", "x/y.z") if random.random() < 0.6}
    options: Value = {"labels": dict(known.label)}
    events = [submitted(run, created, **texts, parameters=dict(known.param), options=options)]
    for more in (_start, _label, _archive):
        more(known, events, random)
    return known, events


def _start(known: Known, events: list[Event], random: Random) -> None:
    if random.random() < 0.2:
        return
    known.started, known.texts["state"] = known.created + random.random(), "RUNNING"
    events.append(Event(known.run, RunStarted(), known.started))
    for task in ("fit", "loop[0]/fit"):
        if random.random() < 0.5:
            value = random.choice((0, 0.5, 1.5))
            known.metrics.append((task, "acc", float(value)))
            events += made(known.run, task, parameters={"acc": value})
    if random.random() < 0.7:
        state, reason = random.choice((("SUCCEEDED", ""), ("FAILED", "fit: Error"), ("CANCELLED", "enough")))
        known.ended = known.created + random.randint(1, 200)
        known.texts |= {"state": state, "reason": reason}
        events.append(ended(known.run, known.ended, state, reason=reason))


def _label(known: Known, events: list[Event], random: Random) -> None:
    if random.random() < 0.3:
        value = random.choice((None, *LABELS))
        known.label.pop("team", None)
        known.label |= {} if value is None else {"team": value}
        events.append(Event(known.run, RunLabelled({"team": value}), 300.0))


def _archive(known: Known, events: list[Event], random: Random) -> None:
    for told in (RunArchived(), RunUnarchived()):
        if random.random() < 0.3:
            known.archived = isinstance(told, RunArchived)
            events.append(Event(known.run, told, 300.0))


# The reference.


def found(runs: list[Known], query: Query) -> list[str]:
    """What the search finds, without its limit."""
    node = parse(query.where, query.now) if query.where else None
    held = [r for r in runs if (query.archived is None or r.archived is query.archived) and (not node or true(node, r))]
    falls = (query.sort not in ("run", "name", "state")) is not query.reverse
    keyed = [r for r in held if key(r, query.sort) is not None]
    ordered = sorted(keyed, key=lambda r: (key(r, query.sort), r.run), reverse=falls)
    return [r.run for r in (*ordered, *sorted((r for r in held if r not in keyed), key=lambda r: r.run, reverse=falls))]


def key(known: Known, name: str) -> Any:
    """What a run is ordered by, None where it has none."""
    first, _, of = name.partition(".")
    match first:
        case "param":
            return real(known.param.get(of))
        case "metric":
            return max((v for _, n, v in known.metrics if n == of), default=None)
        case "duration":
            return (NOW if known.ended is None else known.ended) - known.created
        case "created" | "started" | "ended":
            return getattr(known, first)
    return known.texts[name].encode()


def true(node: Node, known: Known) -> bool:
    """Whether the expression is true of the run."""
    match node:
        case Negation(of):
            return not true(of, known)
        case And(of):
            return all(true(each, known) for each in of)
        case Or(of):
            return any(true(each, known) for each in of)
        case Clause("param", name, "has") | Clause("label", name, "has"):
            return name in (known.param if node.field == "param" else known.label)
        case Clause("param", name) | Clause("label", name):
            held: dict[str, Any] = known.param if node.field == "param" else dict(known.label)
            return name in held and fits(held[name], node)
        case Clause("metric", name, operator):
            values = [v for t, n, v in known.metrics if name in (n, f"{t}/{n}")]
            return any(operator == "has" or compared(v, operator, node.number) for v in values)
        case Clause("created" | "started" | "ended" | "duration"):
            at = key(known, node.field)
            if node.operator == "=":
                return at is not None and node.number <= at < node.until
            return at is not None and compared(at, node.operator, node.number)
    return fits(known.texts[node.field], node)


def fits(value: Value, test: Clause) -> bool:
    """Whether a parameter, label or text is what the condition says."""
    shown = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    shown = shown[:500]
    if test.operator == "~":
        return folded(test.text) in folded(shown)
    if test.operator == "=":
        number = real(value) if test.field == "param" else None
        return shown == test.text[:500] or (number is not None and number == test.number)
    if test.number is not None:
        return real(value) is not None and compared(real(value), test.operator, test.number)
    return real(value) is None and compared(shown.encode(), test.operator, test.text.encode())


def compared(a: Any, operator: str, b: Any) -> bool:
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "=": a == b}[operator]


def folded(text: str) -> str:
    """With small letters for capitals, of ASCII only."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def real(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value < 1e308 else None


# Expressions.

_quoted = st.sampled_from((*NAMES, *LABELS, "0.3", "1", "-2.5", "1e400", "true", "null", "tex", "T%", "_", "!", "[1", "fit")).map(
    lambda text: f'"{text}"'
)
_words = st.sampled_from(("0", "0.3", "1", "-3", "text", "digits", "true", "1e3"))
_equal = st.sampled_from(("=", "!=", "~", "!~", " = "))
_order = st.sampled_from(("<", "<=", ">", ">="))
_times = st.sampled_from(("1970-01-01", "-995s", "-990", "-16m", "1970-01-01T00:00:20Z", "1970-01-01T00:00Z", "2026-01-01"))
_params = st.sampled_from(("param.c", "param.n", "param.'my name'", "param.none"))
_conditions = st.one_of(
    st.tuples(st.sampled_from(("name", "pipeline", "experiment", "on", "run", "reason", "kind")), _equal, _quoted),
    st.tuples(st.just("state"), st.sampled_from(("=", "!=")), st.sampled_from([*State, "failed"])),
    st.tuples(_params, _equal | _order, _quoted | _words),
    st.tuples(st.sampled_from(("label.team", "label.x/y.z")), _equal, _quoted | _words),
    st.tuples(st.sampled_from(("metric.acc", "metric.fit/acc")), _order | st.just("="), st.sampled_from(("0", "0.5", "1"))),
    st.tuples(st.sampled_from(("created", "started", "ended")), _order | st.sampled_from(("=", "!=")), _times),
    st.tuples(st.just("duration"), _order, st.sampled_from(("30", "1.5m", "0.01h"))),
    st.tuples(st.sampled_from(("param.c", "label.team", "metric.acc", "metric.loop[0]/fit/acc"))),
).map("".join)
expressions = st.recursive(
    _conditions,
    lambda inner: st.one_of(
        inner.map("not {}".format),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({' or '.join(each)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({' and '.join(each)})"),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({' '.join(each)})"),
    ),
    max_leaves=6,
)
searches = st.builds(
    Query,
    where=st.just("") | expressions,
    archived=st.sampled_from((False, True, None)),
    sort=st.sampled_from(
        ("created", "started", "ended", "duration", "name", "state", "run", "param.c", "metric.acc", "metric.none")
    ),
    reverse=st.booleans(),
    limit=st.integers(1, 30),
    now=st.just(NOW),
)
