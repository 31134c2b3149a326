"""Components out of files run: compiled ones inline and as processes, those of version 1 as processes and in containers."""

from __future__ import annotations

import pytest

import kflite
from kflite import components, dsl
from kflite.core.event_kind import State
from kflite.ir.write import dumps_yaml


@dsl.component
def double(n: int) -> int:
    return 2 * n


@dsl.pipeline
def four_times(n: int = 1) -> int:
    return double(n=double(n=n).output).output


VERSION_1 = """
name: Count Words
inputs:
- {name: Text, type: String}
- {name: Extra Words, type: Integer, optional: true}
outputs:
- {name: Count, type: Integer}
- {name: Kept}
implementation:
  container:
    image: IMAGE
    command:
    - sh
    - -ec
    - 'file=$1; echo "$0" > "$2"; shift 2; echo "$@" >&2; set -- $0 "$@"; echo $# > "$file"'
    - {inputValue: Text}
    - {outputPath: Count}
    - {outputPath: Kept}
    - {concat: [a, {if: {cond: {isPresent: Extra Words}, then: {inputValue: Extra Words}, else: none}}]}
    - if: {cond: {isPresent: Extra Words}, then: [x, y]}
"""


def test_a_compiled_component_and_a_compiled_pipeline_run_inside_another(run_each):
    loaded = components.load_component_from_text(dumps_yaml(dsl.compile(double)))
    whole = components.load_component_from_text(dumps_yaml(dsl.compile(four_times)))

    @dsl.pipeline
    def outer(n: int) -> int:
        return loaded(n=whole(n=n).output).output

    assert run_each(outer, n=3).outputs["Output"] == 24


def test_a_loaded_component_runs_alone(run_each):
    assert run_each(components.load_component_from_text(dumps_yaml(dsl.compile(double))), n=3).outputs["Output"] == 6


def check(image: str, on: str) -> None:
    count_words = components.load_component_from_text(VERSION_1.replace("IMAGE", image))

    @dsl.pipeline
    def p(text: str = "one two"):
        first = count_words(text=text)
        count_words(text=text, extra_words=first.outputs["count"])

    ended = kflite.run(p, on=on, progress=False)
    assert ended.state is State.SUCCEEDED, ended.tasks["count-words"].logs()
    assert ended.tasks["count-words"].outputs["count"] == 3
    assert ended.tasks["count-words-2"].outputs["count"] == 5
    assert ended.tasks["count-words"].logs() == "anone\n"
    assert ended.tasks["count-words-2"].logs() == "a3 x y\n"
    assert ended.tasks["count-words"].artifacts["kept"].path.read_text() == "one two\n"


def test_a_component_of_version_1_runs_as_a_process(home):
    check("nothing/of-the-kind", "process")


@pytest.mark.usefixtures("home")
def test_a_component_of_version_1_runs_in_a_container(docker_image):
    check(docker_image, "docker")
