"""Scripts written for kfp.local run, with kflite in the place of kfp; what they may expect of kfp's client is answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kflite
from kflite import dsl, local
from kflite.dsl import trace
from kflite.errors import CompileError, InvalidPipeline, KfliteError

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(autouse=True)
def _afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "_outside_handler", None)


@dsl.component
def add(a: int, b: int = 2) -> int:
    return a + b


@dsl.component
def write(text: str, note: str, data: dsl.Output[dsl.Dataset]) -> int:  # type: ignore[empty-body]
    with open(data.path, "w") as file:
        file.write(text)
    data.metadata["note"] = note
    return len(text)


@dsl.component
def fail():
    raise ValueError("on purpose")


@dsl.pipeline
def twice(a: int = 3) -> int:
    return add(a=add(a=a).output).output


def test_a_component_or_pipeline_that_is_called_runs_and_gives_its_output():
    local.init(runner=local.SubprocessRunner(use_venv=False))
    assert (add(a=1).output, add(1, b=3).output, twice().output, twice(a=1).outputs) == (3, 4, 7, {"Output": 5})


def test_artifacts_come_with_their_path_and_metadata(tmp_path):
    local.init(pipeline_root=str(tmp_path / "root"))
    ended = write(text="abc", note="n")
    made = ended.outputs["data"]
    assert (Path(made.path).read_text(), made.metadata) == ("abc", {"note": "n"})
    assert Path(made.path).is_relative_to(tmp_path / "root")
    with pytest.raises(KfliteError, match=r"write has 2 outputs: use \.outputs, which has"):
        _ = ended.output


def test_a_run_that_fails_is_an_error_unless_that_is_not_wanted():
    local.init(local.SubprocessRunner())
    with pytest.raises(KfliteError, match=r"fail ended as FAILED: .*ValueError: on purpose; see kflite show fail-"):
        fail()
    local.init(local.SubprocessRunner(), raise_on_error=False)
    assert fail().outputs == {}


def test_a_wrong_argument_is_refused_before_anything_runs():
    local.init(local.SubprocessRunner())
    with pytest.raises(InvalidPipeline, match="'x' is not a whole number"):
        add(a="x")


def test_without_init_a_call_outside_a_pipeline_is_an_error_that_says_what_to_do():
    with pytest.raises(CompileError, match=r"put it into a function with @dsl\.pipeline, or give it to kflite\.run"):
        add(a=1)


def test_a_method_of_kfps_client_is_answered_with_what_does_the_same_here():
    client = kflite.Client()
    told = "'Client' object has no attribute 'create_run_from_pipeline_func'; kfp's client has it, and here it is kflite.run("
    with pytest.raises(AttributeError, match=re.escape(told)):
        client.create_run_from_pipeline_func(twice)
    with pytest.raises(AttributeError, match=r"no attribute 'nothing'$"):
        _ = client.nothing
