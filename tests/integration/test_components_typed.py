"""Components with dataclasses, pydantic models and literals, run inline and as processes."""

# ruff: noqa: B006, B008 - defaults are never called here

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import pytest
from pydantic import BaseModel, PositiveInt

from kflite import dsl
from kflite.core.event_kind import State
from kflite.errors import InvalidPipeline


class Kind(Enum):
    FAST = "fast"
    SLOW = "slow"


@dataclass
class Layer:
    width: int
    kind: Kind = Kind.FAST


@dataclass
class Net:
    layers: list[Layer] = field(default_factory=list)
    rate: float = 0.1
    note: str | None = None

    def total(self) -> int:
        return sum(layer.width for layer in self.layers)


class Job(BaseModel):
    count: PositiveInt = 1
    tags: list[str] = []


@dsl.component
def build(widths: list[int], job: Job = Job(count=2)) -> Net:
    return Net([Layer(width * job.count, Kind.SLOW) for width in widths], rate=1)


@dsl.component
def measure(net: Net, layers: list[Layer] = [], job: Job | None = None) -> dict:
    kinds = [layer.kind.name for layer in (*net.layers, *layers)]
    return {"total": net.total(), "rate": repr(net.rate), "kinds": kinds, "job": repr(job)}


@dsl.component
def choose(mode: Literal["fast", "slow"], count: Literal[1, 2] = 1) -> str:
    return mode * count


@dsl.pipeline
def objects(widths: list[int], job: Job = Job()) -> dict:
    made = build(widths=widths)
    build(widths=widths, job=job)
    return measure(net=made.output, layers=[Layer(1)]).output


@dsl.pipeline
def chosen(mode: Literal["fast", "slow"] = "fast") -> str:
    return choose(mode=mode, count=2).output


@dsl.component
def several(modes: list[Literal["fast", "slow"]] = ["fast"]) -> Literal["fast", "slow"]:
    return modes[0] * len(modes)


@dsl.component
def word() -> str:
    return "medium"


@dsl.pipeline
def mistaken() -> str:
    return choose(mode=word().output).output


@dsl.component
def wrong() -> dict:
    return {"layers": [{"width": "wide"}]}


@dsl.pipeline
def broken() -> dict:
    return measure(net=wrong().output).output


def test_objects_come_into_components_and_go_out(run_each):
    ended = run_each(objects, widths=[1, 2])
    assert ended.outputs["Output"] == {"total": 6, "rate": "1.0", "kinds": ["SLOW", "SLOW", "FAST"], "job": "None"}


def test_an_object_is_a_parameter_of_a_run(run_each):
    ended = run_each(objects, widths=[1], job=Job(tags=["a"]))
    assert ended.parameters["job"] == {"count": 1, "tags": ["a"]}


def test_a_literal_is_given(run_each):
    assert run_each(chosen, mode="slow").outputs["Output"] == "slowslow"


def test_literals_in_a_list_and_what_is_returned_are_held_to_their_values(run_each):
    assert run_each(several).outputs["Output"] == "fast"
    told = run_each(several, modes=["slow", "slow"]).tasks["several"].logs()
    assert "output 'Output' is 'slowslow' (str), which is none of ['fast', 'slow']" in told
    told = run_each(several, modes=["other"]).tasks["several"].logs()
    assert "input 'modes' is given ['other'] (list): 'other' is none of 'fast', 'slow'" in told


def test_a_parameter_that_is_none_of_the_literals_starts_nothing(run_each):
    with pytest.raises(InvalidPipeline, match="'medium' is none of 'fast', 'slow'"):
        run_each(chosen, mode="medium")


def test_an_output_that_is_none_of_the_literals_fails_the_task_that_gets_it(run_each):
    ended = run_each(mistaken)
    assert "input 'mode' must be one of 'fast', 'slow', and is 'medium'" in ended.tasks["choose"].message


def test_a_mapping_that_is_no_such_object_fails_the_task_with_the_field(run_each):
    ended = run_each(broken)
    assert ended.state is State.FAILED
    told = "component measure: input 'net' is given {'layers': [{'width': 'wide'}]} (dict): layers: width: 'wide' is no int"
    assert told in ended.tasks["measure"].logs()
