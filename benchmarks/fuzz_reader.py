"""Spoiled pipelines by the thousand: python benchmarks/fuzz_reader.py [--seconds 600] [--seed 0]

Each input is a sound document with mutations that know its structure: types are swapped, keys renamed, tasks dropped and doubled,
references left dangling, values nested deep, numbers made huge, texts made odd, and then sometimes its bytes are mangled. It is
read, checked, written again and planned, and the plan is driven to its end with outputs of the declared types. Whatever comes out
must be a pipeline or one of kflite's own errors, within LONGEST_S. A finding is printed with its seed, which alone brings it back
(`--seed N --count 1`), and makes the exit status 1.
"""

# ruff: noqa: ANN401

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 5.0
MOST_STEPS = 300  # of one plan; a loop over ten thousand items is sound, and takes its time
PLACEHOLDERS = ["{{$}}", "{{$.", "{{$.inputs.parameters['x']}}", "{{$.inputs.artifacts['x'].path}}", "{{$.pipeline_job_name}}"]
JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 2.5, 10**18, 2**63, 10**400, 1e308, -1e-300, float("inf"), float("nan"), "", " ", "x",
    "3", "true", "null", "../..", "a/b", "a\nb", "\u0000", "é", "\u202e", "\U0001f600", "\ud800", "x" * 300, "[" * 200,
    "(" * 300, "[1, 2]", '{"a": 1}', '{"IfPresent": {}}', "60s", "-1s", "1e9s",
    '{"Concat": ["a", {"IfPresent": {"InputName": "x", "Then": ["{{$}}"]}}]}',
    "inputs.parameter_values['x'] == 1", "!(", "1 +",
    "parseJson(string_value)[\"a\"]", [], {}, [[]], [None], [1, "a"], {"": None},
    {"a": {"b": []}}, *PLACEHOLDERS,
]  # fmt: skip
WORDS = [
    "STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT", "TASK_FINAL_STATUS", "TASK_CONFIG",
    "STRATEGY_UNSPECIFIED",
    "ALL_UPSTREAM_TASKS_COMPLETED", "ALL_UPSTREAM_TASKS_SUCCEEDED", "PARAMETER_TYPE_ENUM_UNSPECIFIED",
]  # fmt: skip
PIECES = [
    b"",
    b"[",
    b"{",
    b"&a ",
    b"*a",
    b"- ",
    b": ",
    b"\n",
    b"\t",
    b"!!x ",
    b"|",
    b">",
    b"\xff",
    b"? ",
    b"---\n",
    b"#",
    b"'",
    b'"',
]


class Hang(Exception):
    """An input took too long."""


def sound() -> list[Any]:
    """Documents to spoil: one with a bit of everything, and, where kfp is installed, what it makes of the constructs' cases."""
    sys.path.insert(0, str(ROOT / "tests"))
    from unit.ir.documents import SOUND

    found: list[Any] = [SOUND]
    try:
        from constructs import conditions, exits, failures, inputs, loops, placeholders
    except ImportError:
        return found
    from google.protobuf.json_format import MessageToDict

    for table in (conditions, exits, failures, inputs, loops, placeholders):
        for case in table.CASES:
            spec = getattr(case.pipeline, "pipeline_spec", None)
            found.append(MessageToDict(spec) if spec is not None else case.pipeline)
    return found


# Mutations. Each changes the document in place.


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (mapping or list, key or index) of a document."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in places(node[key])]


def replaced(random: Random, document: Any) -> None:
    node, key = random.choice(places(document))
    node[key] = deepcopy(random.choice(JUNK))


def removed(random: Random, document: Any) -> None:
    node, key = random.choice(places(document))
    del node[key]


def copied(random: Random, document: Any) -> None:
    (node, key), (other, other_key) = random.choice(places(document)), random.choice(places(document))
    node[key] = deepcopy(other[other_key])


def renamed(random: Random, document: Any) -> None:
    node, key = random.choice(places(document))
    if isinstance(node, dict):
        names = [k for n, k in places(document) if isinstance(n, dict)]
        node[random.choice([*names, *(j for j in JUNK if isinstance(j, str))])] = node.pop(key)


def retyped(random: Random, document: Any) -> None:
    """Another word of the format where one stands, or another reference where a name stands."""
    texts = [(n, k) for n, k in places(document) if isinstance(n[k], str)]
    if texts:
        node, key = random.choice(texts)
        other, other_key = random.choice(texts)
        node[key] = random.choice(WORDS) if node[key] in WORDS else other[other_key]


def doubled(random: Random, document: Any) -> None:
    """A task, component or executor under a second name, or without its own."""
    maps = [
        n[k] for n, k in places(document) if k in ("tasks", "components", "executors", "parameters") and isinstance(n[k], dict)
    ]
    found = [m for m in maps if m]
    if found:
        chosen = random.choice(found)
        name = random.choice(list(chosen))
        chosen[f"{name}-2"] = deepcopy(chosen[name]) if random.random() < 0.5 else chosen.pop(name)


def nested(random: Random, document: Any) -> None:
    node, key = random.choice(places(document))
    for _ in range(random.choice([3, 30, 85, 120])):
        node[key] = [node[key]] if random.random() < 0.5 else {"a": node[key]}


MUTATIONS: list[Callable[[Random, Any], None]] = [replaced, removed, copied, renamed, retyped, retyped, doubled, nested]


def spoiled(random: Random, documents: list[Any]) -> bytes:
    """A document as text, with one to five things changed in it."""
    document = deepcopy(random.choice(documents))
    for _ in range(random.choice([1, 1, 1, 2, 2, 3, 5])):
        if places(document):
            random.choice(MUTATIONS)(random, document)
    if random.random() < 0.85:
        return json.dumps(document).encode()
    try:
        data = bytearray(yaml.safe_dump(document).encode())
    except (yaml.YAMLError, UnicodeEncodeError, ValueError):
        return json.dumps(document).encode()
    for _ in range(random.randint(0, 6)):
        at = random.randrange(len(data))
        data[at : at + random.randint(0, 3)] = random.choice(PIECES)
    return bytes(data)


# What is done with each.


def outputs(random: Random, work: Any) -> Any:
    """What a task may give: values of the declared types, now and then none of them."""
    from kflite.core.value import Artifact, Outputs

    of_type: dict[str, Any] = {"NUMBER_INTEGER": 1, "NUMBER_DOUBLE": 0.5, "BOOLEAN": True, "LIST": [1, "a"], "STRUCT": {"a": 1}}
    component = work.component
    given = {name: of_type.get(p.type, "[1]") for name, p in component.outputs.items() if random.random() < 0.95}
    return Outputs(given, {name: (Artifact(name, f"/tmp/{name}"),) for name in component.output_artifacts})


def driven(random: Random, document: str, given: dict[str, Any]) -> None:
    """The plan from its beginning to its end."""
    from kflite.core.event_kind import State
    from kflite.core.paths import RunPaths
    from kflite.core.plan import Ended, Origin, Outcome, Ready
    from kflite.plans import dag

    plan = dag.plan(document, given, Origin("run", "a run", 0.0, "/artifacts"))
    place = RunPaths(Path("/nowhere"), "/artifacts", "p", "run")
    steps, ready = plan.begin(), []
    for _ in range(MOST_STEPS):
        ready += [step for step in steps if isinstance(step, Ready)]
        if any(isinstance(step, Ended) for step in steps):
            return
        if not ready:
            raise AssertionError("the plan gives no more tasks, and has not ended")
        step = ready.pop(random.randrange(len(ready)))
        step.work.job(place, step.task, 1)
        step.work.key_parts  # noqa: B018 - it is worked out when it is asked for
        good = random.random() < 0.9 and hasattr(step.work, "component")
        outcome = Outcome(State.SUCCEEDED, outputs(random, step.work)) if good else Outcome(State.FAILED, reason="Error")
        steps = plan.hear(step.task, outcome)


def put_to_use(random: Random, data: bytes) -> str:
    """Read, check, write, plan; returns how far it came. Raises what must not be raised."""
    from kflite.errors import InputError
    from kflite.ir.check import check, ignored
    from kflite.ir.parameter import bind
    from kflite.ir.read import documents, pipeline
    from kflite.ir.write import dumps_yaml
    from kflite.target.document import of_bytes

    try:
        found = of_bytes(data, "fuzz").pipeline
        if found is None:
            return "another kind"
        if check(found):
            return "unsound"
        ignored(found)
        again = pipeline(documents(dumps_yaml(found).encode(), "again"), "again")
        assert again == found, "written and read again it is another"
        values = {"STRING": "x", "NUMBER_INTEGER": 3, "NUMBER_DOUBLE": 0.5, "BOOLEAN": True, "LIST": [1], "STRUCT": {"a": 1}}
        root = found.documents[0]["root"].get("inputDefinitions", {}).get("parameters", {})  # type: ignore[union-attr, call-overload]
        needed = {k: values.get(v.get("parameterType"), "x") for k, v in root.items() if not v.get("isOptional")}
        given = bind(found, needed)
        driven(random, found.dumps(), given)
    except InputError:
        return "refused"
    return "planned"


def judged(seed: int, documents: list[Any]) -> tuple[str, str, float]:
    """(how far the input came, the finding or "", seconds)."""
    random = Random(seed)
    try:
        data = spoiled(random, documents)
    except RecursionError:  # several nestings came together
        data = b'{"root": ' * random.randint(80, 2000)
    began = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        kind = put_to_use(random, data)
        taken = time.perf_counter() - began
        return kind, f"it took {taken:.1f} s" if taken > LONGEST_S else "", taken
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "broken", "".join(traceback.format_exception(error)[-6:]), time.perf_counter() - began
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def seeds(first: int, count: int, until: float) -> Iterator[int]:
    seed = first
    while (seed - first < count) if count else time.perf_counter() < until:
        yield seed
        seed += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=0, help="so many inputs, however long they take")
    asked = parser.parse_args()

    def hang(*_: object) -> None:
        raise Hang(f"more than {LONGEST_S} s")

    signal.signal(signal.SIGALRM, hang)
    documents, came, findings, slowest = sound(), Counter[str](), 0, 0.0
    began = time.perf_counter()
    for seed in seeds(asked.seed, asked.count, began + asked.seconds):
        kind, finding, taken = judged(seed, documents)
        came[kind] += 1
        slowest = max(slowest, taken)
        if finding:
            findings += 1
            print(f"seed {seed}: {finding}"[:3000], flush=True)
    total = sum(came.values())
    parts = ", ".join(f"{n} {kind}" for kind, n in came.most_common())
    print(f"{total} inputs from {len(documents)} documents in {time.perf_counter() - began:.0f} s: {parts}")
    print(f"slowest {slowest:.2f} s, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
