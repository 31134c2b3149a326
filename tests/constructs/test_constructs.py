"""Every construct of KFP v2 and of ours, run on every executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")

from constructs import conditions, exits, failures, inputs, kinds, loops, placeholders
from constructs.case import Case
from contract.kube import namespace
from invariants import Violation, check_groups
from machine import IMAGE

import kflite

TABLES = (conditions, loops, exits, inputs, placeholders, failures, kinds)
CASES = [case for table in TABLES for case in table.CASES]
# A pod takes seconds, so that a cluster gets one case of each kind.
ON_A_CLUSTER = (
    *("if", "oneof-artifact", "loop-literal", "loop-artifacts", "exit-bad", "types-through", "optional-borders"),
    *("pipelines-in-pipelines", "big-parameter", "artifact-folder", "words", "words-artifact-list", "words-names"),
    *("writes-nothing", "no-such-program", "fails-loudly", "retried", "environment", "resources-of-the-run-wrong"),
)
PLACES = {on: [case for case in CASES if on in case.on] for on in ("inline", "process", "docker")}
PLACES["kubernetes"] = [case for case in CASES if case.name in ON_A_CLUSTER]
MARKS = {"docker": [pytest.mark.docker], "kubernetes": [pytest.mark.timeout(300), pytest.mark.kubernetes]}
RUNS = [pytest.param(on, case, id=f"{on}-{case.name}", marks=MARKS.get(on, ())) for on, cases in PLACES.items() for case in cases]
NEEDS = {"docker": "docker_image", "kubernetes": "cluster"}
Ended = dict[str, kflite.Run | Exception]


@pytest.fixture(scope="session")
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ended]:
    """How the cases that are selected ended on an executor; they all run at once, when the first is asked for."""
    known: dict[str, Ended] = {}
    ours = test_a_construct_does_what_it_must.__name__
    asked = [item.callspec.params for item in request.session.items if getattr(item, "originalname", "") == ours]

    def on(executor: str) -> Ended:
        if executor not in known:
            cases = [params["case"] for params in asked if params["on"] == executor]
            with place(executor) as where:
                known[executor] = asyncio.run(all_of(cases, where, str(tmp_path_factory.mktemp(executor))))
        return known[executor]

    return on


@contextmanager
def place(on: str) -> Iterator[str]:
    """What `on` is for the runs; in a cluster a namespace of theirs, in which they leave nothing."""
    if on != "kubernetes":
        yield on
        return
    with namespace(IMAGE) as space:
        yield f"kubernetes:/{space.name}"
        assert space.ours() == []


async def all_of(cases: list[Case], on: str, home: str) -> Ended:
    async with kflite.Client(home=home, store=f"sqlite:///{home}/kflite.db", artifacts=f"{home}/artifacts", on=on) as client:
        begun = [await begin(client, case) for case in cases]
        found = [run if isinstance(run, Exception) else await run.wait() for run in begun]
        return {case.name: checked(client, run) for case, run in zip(cases, found, strict=True)}


async def begin(client: kflite.Client, case: Case) -> kflite.Run | Exception:
    try:
        options: dict[str, Any] = {"cache": False, "name": case.name} | dict(case.options)
        return await client.submit(case.pipeline, case.given, **options)
    except kflite.KfliteError as refusal:
        return refusal


def checked(client: kflite.Client, run: kflite.Run | Exception) -> kflite.Run | Exception:
    """The run, or what its events violate."""
    try:
        if isinstance(run, kflite.Run):
            check_groups(client.session.store.events(run.id, limit=100_000))
    except Violation as violation:
        return violation
    return run


@pytest.mark.parametrize(("on", "case"), RUNS)
def test_a_construct_does_what_it_must(
    ended: Callable[[str], Ended], on: str, case: Case, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if on in NEEDS:
        monkeypatch.setenv("KFLITE_IMAGES", f"python:*={request.getfixturevalue(NEEDS[on])}")
    found = ended(on)[case.name]
    if isinstance(found, Exception) and not case.refused:
        raise found
    case.check(found)
