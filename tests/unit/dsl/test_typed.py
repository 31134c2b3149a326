"""Parameters that are literals, dataclasses or pydantic models: what IR holds, and what is refused."""

# ruff: noqa: B006, B008 - defaults are never called here

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Literal

import pytest
from pydantic import BaseModel, PositiveInt
from unit.dsl.pieces import hold, text

from kflite import dsl
from kflite.errors import CompileError


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


class Job(BaseModel):
    count: PositiveInt = 1
    tags: list[str] = []


@dataclass
class Dated:
    when: datetime


@dsl.component
def train(net: Net, job: Job = Job(count=2), layers: list[Layer] = []) -> Net:
    return net


@dsl.component
def choose(mode: Literal["fast", "slow"], size: Literal[1, 2] = 1) -> str:
    return mode


def parameters(component: dsl.Component) -> dict:
    return dsl.compile(component).documents[0]["root"]["inputDefinitions"]["parameters"]


def test_a_model_is_a_mapping_in_ir_and_its_default_too():
    found = parameters(train)
    assert {name: spec["parameterType"] for name, spec in found.items()} == {"net": "STRUCT", "job": "STRUCT", "layers": "LIST"}
    assert found["job"]["defaultValue"] == {"count": 2, "tags": []}


def test_an_object_is_passed_as_the_mapping_that_it_is():
    @dsl.pipeline
    def p():
        made = train(net=Net([Layer(3)], rate=0.5), job={"count": 3})
        train(net=made.output)
        hold(values=Net(), items=[Layer(1)])

    task = dsl.compile(p).documents[0]["root"]["dag"]["tasks"]["train"]["inputs"]["parameters"]
    net = {"layers": [{"width": 3, "kind": "fast"}], "rate": 0.5, "note": None}
    assert task["net"]["runtimeValue"]["constant"] == net
    assert task["job"]["runtimeValue"]["constant"] == {"count": 3}


def test_an_output_may_stand_inside_an_object():
    @dsl.pipeline
    def p(rate: float):
        train(net=Net(rate=rate, note=text().output))

    task = dsl.compile(p).documents[0]["root"]["dag"]["tasks"]["train"]
    assert task["dependentTasks"] == ["text"]
    assert "pipelinechannel--rate" in str(task["inputs"]["parameters"]["net"])


def test_literals_stand_in_ir():
    found = parameters(choose)
    assert (found["mode"]["literals"], found["size"]["literals"]) == (["fast", "slow"], [1, 2])


def two_kinds(x: Literal["a", 1]): ...
def no_json(x: Dated): ...
def wrong_literal(x: Literal["a", "b"] = "c"): ...
def wrong_default(x: Net = {"rate": "x"}): ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (two_kinds, "which a pipeline cannot pass"),
        (no_json, "the field 'when' of Dated is datetime, which JSON cannot hold"),
        (wrong_literal, "its default 'c' is none of 'a', 'b': change one"),
        (wrong_default, "is declared as Net, and its default .*rate: 'x' is no float: change one"),
    ],
)
def test_what_is_no_model_or_literal_is_refused_at_the_definition(function, words):
    with pytest.raises(CompileError, match=rf"test_typed.py:\d+: parameter 'x' of {function.__name__}\(\).*{words}"):
        dsl.component(function)


def a_wrong_literal():
    choose(mode="medium")


def a_wrong_field():
    train(net={"layers": [{"width": "wide"}]})


def an_unknown_field():
    train(net={"depth": 1})


def a_wrong_number():
    train(net=Net(), job={"count": 0})


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (a_wrong_literal, "'mode' is declared as .*, and 'medium' is none of 'fast', 'slow': change one"),
        (a_wrong_field, "'net' is declared as Net, and .* layers: width: 'wide' is no int: change one"),
        (an_unknown_field, "'net' is declared as Net, and .* unexpected keyword argument 'depth'"),
        (a_wrong_number, "'job' is declared as Job, and .* greater than 0"),
    ],
)
def test_a_constant_that_is_no_such_value_is_refused_with_its_line(function, words):
    with pytest.raises(CompileError, match=rf"test_typed.py:{function.__code__.co_firstlineno + 1}: .*{words}"):
        dsl.pipeline(function)
