"""Kinds of components and artifacts, and what people missed in other engines."""

from typing import List, NamedTuple

from constructs.case import EVERYWHERE, Case, borrowed, by_hand
from constructs.pieces import add, fail, light, maybe, pair, read, shown, write
from kfp import compiler, components, dsl
from kfp.dsl import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    InputPath,
    Markdown,
    Metrics,
    Output,
)
from unit.plans.dag.builder import constant, loop, of, outer, parameters, task

import kflite

V1 = """
name: Double it
inputs: [{name: number, type: Integer}, {name: text, type: String, default: x}]
outputs: [{name: doubled, type: Integer}]
implementation:
  container:
    image: python:3.11
    command: [python3, -c, "import sys; open(sys.argv[1], 'w').write(str(2 * int(sys.argv[2])))"]
    args: [{outputPath: doubled}, {inputValue: number}, {concat: [a, {inputValue: text}]}]
"""
double = components.load_component_from_text(V1)


@light
def twice(x: int) -> int:
    return helper(x)


def helper(x: int) -> int:
    return 2 * x


helped = dsl.component(twice.python_func, install_kfp_package=False, additional_funcs=[helper])


@light
def makes_custom(made: Output[Artifact]):
    made.metadata["a"] = {"b": [1, None]}
    with open(made.path, "w") as file:
        file.write("custom")


@light
def pythonic(text: str) -> Dataset:
    data = Dataset(uri=dsl.get_uri("somewhere"), metadata={"text": text})
    with open(data.path, "w") as file:
        file.write(text)
    return data


@light
def pythonic_in(data: Dataset) -> str:
    return open(data.path).read() + data.metadata["text"]


@light
def placed(data: Output[Dataset]):
    import os

    os.makedirs("aside", exist_ok=True)
    data.custom_path = os.path.abspath("aside/data.txt")
    with open(data.custom_path, "w") as file:
        file.write("aside")


@light
def metrics(m: Output[Metrics], c: Output[ClassificationMetrics]):
    m.log_metric("accuracy", 0.5)
    c.log_roc_curve([0.0, 1.0], [0.0, 1.0], [1.0, 0.0])
    c.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])


@light
def pages(html: Output[HTML], text: Output[Markdown]):
    for page, content in ((html, "<b>x</b>"), (text, "# x")):
        with open(page.path, "w") as file:
            file.write(content)


@light
def from_path(text: str, data: InputPath("Dataset")) -> str:
    return text + open(data).read()


@light
def first(data: Input[Dataset]) -> NamedTuple("Out", [("name", str), ("type", str)]):
    return data.name, data.schema_title


@light
def meets(folder: str, me: str, other: str) -> bool:
    """Ends only if the other one runs at the same time."""
    import os
    import time

    open(os.path.join(folder, me), "w").close()
    until = time.monotonic() + 30
    while not os.path.exists(os.path.join(folder, other)):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


@light
def folder() -> str:
    import tempfile

    return tempfile.mkdtemp()


@dsl.pipeline
def at_once() -> NamedTuple("Out", [("a", bool), ("b", bool)]):
    place = folder().output
    Out = NamedTuple("Out", [("a", bool), ("b", bool)])
    return Out(a=meets(folder=place, me="a", other="b").output, b=meets(folder=place, me="b", other="a").output)


@dsl.pipeline
def of_v1() -> int:
    return double(number=21).outputs["doubled"]


@dsl.pipeline
def inner(n: int = 1) -> int:
    return add(a=n, b=1).output


def of_yaml() -> object:
    """A compiled pipeline as a component of another."""
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        compiler.Compiler().compile(inner, file.name)
        loaded = components.load_component_from_file(file.name)

    @dsl.pipeline
    def outer_one() -> int:
        return add(a=loaded(n=4).output, b=loaded().output).output

    return outer_one


@dsl.pipeline
def python_artifacts() -> str:
    return pythonic_in(data=pythonic(text="p").output).output


@dsl.pipeline
def custom_path() -> str:
    return read(data=placed().outputs["data"]).output


@dsl.pipeline
def input_paths() -> str:
    return from_path(text="t", data=write(text="d").outputs["data"]).output


@dsl.pipeline
def named_and_typed() -> NamedTuple("Out", [("name", str), ("type", str)]):
    made = first(data=write(text="x").outputs["data"])
    Out = NamedTuple("Out", [("name", str), ("type", str)])
    return Out(name=made.outputs["name"], type=made.outputs["type"])


@dsl.pipeline
def importers_in_loops() -> List[str]:
    made = write(text="there")
    with dsl.ParallelFor(["x", "y"]) as name:
        found = dsl.importer(artifact_uri="/dev/null", artifact_class=Dataset)
        text = read(data=found.output)
        both = pair(one=name, two=text.output)
    del made
    return dsl.Collected(both.output)


def some_fail() -> dict[str, object]:
    """Results of the iterations that did not fail, for a task that runs all the same."""
    body = {
        "add": task("add", inputs={"a": outer("item")}),
        "fail": task("fail", condition="int(inputs.parameter_values['why']) == 2", inputs={"why": outer("item")}),
        "after": task("add", ["fail"], inputs={"a": of("add", "Output")}, always=True),
    }
    gives = {"parameters": {"n": {"valueFromParameter": {"producerSubtask": "add", "outputParameterKey": "Output"}}}}
    made = borrowed(add, fail, shown)
    made.group("body", body, parameters(item=int), {"parameters": {"n": {"parameterType": "NUMBER_INTEGER"}}}, **gives)
    looped = loop("body", [1, 2, 3])
    return by_hand(made, looped=looped, shown=task("shown", inputs={"value": of("looped", "n")}, always=True))


def exit_takes_outputs() -> dict[str, object]:
    """An exit task that uses what its body gave before it failed."""
    gives = {"parameters": {"n": {"valueFromParameter": {"producerSubtask": "add", "outputParameterKey": "Output"}}}}
    made = borrowed(add, fail, maybe)
    body = {"add": task("add", inputs={"a": constant(5)}), "fail": task("fail", ["add"])}
    made.group("body", body, None, {"parameters": {"n": {"parameterType": "NUMBER_INTEGER"}}}, **gives)
    return by_hand(made, body=task("body"), maybe=task("maybe", inputs={"n": of("body", "n")}, always=True))


def gave(path: str, output: object) -> object:
    def check(run: kflite.Run) -> None:
        assert run.tasks[path].outputs == {"Output": output}

    return check


def shows_metrics(run: kflite.Run) -> None:
    made = run.tasks["metrics"].artifacts
    assert made["m"].metadata == {"accuracy": 0.5}
    assert [one["confidenceThreshold"] for one in made["c"].metadata["confidenceMetrics"]] == [1.0, 0.0]
    assert made["c"].metadata["confusionMatrix"]["rows"] == [{"row": [1, 2]}, {"row": [3, 4]}]


def shows_pages(run: kflite.Run) -> None:
    made = run.tasks["pages"].artifacts
    assert (made["html"].path.read_text(), made["text"].path.read_text()) == ("<b>x</b>", "# x")
    assert (made["html"].type, made["text"].type) == ("system.HTML", "system.Markdown")


def kept_metadata(run: kflite.Run) -> None:
    assert run.tasks["makes-custom"].artifacts["made"].metadata == {"a": {"b": [1, None]}}


CASES = [
    Case("component-alone", add, {"Output": 5}, {"a": 2, "b": 3}),
    Case("component-default", add, {"Output": 2}, {"a": 2}),
    Case("component-helpers", helped, {"Output": 6}, {"x": 3}),
    Case("component-v1", of_v1, {"Output": 42}, on=("process", "docker")),
    Case("component-of-yaml", of_yaml(), {"Output": 7}),
    Case("artifacts-pythonic", python_artifacts, {"Output": "pp"}, on=EVERYWHERE),
    Case("artifacts-custom-path", custom_path, {"Output": "aside"}, on=("process",)),
    Case("artifacts-input-paths", input_paths, {"Output": "td"}),
    Case("artifacts-named", named_and_typed, {"name": "data", "type": "system.Dataset"}),
    Case("artifacts-metadata", makes_custom, {"made": "custom"}, also=kept_metadata),
    Case("artifacts-metrics", metrics, None, also=shows_metrics),
    Case("artifacts-pages", pages, None, also=shows_pages),
    Case("importers-in-loops", importers_in_loops, {"Output": ["x", "y"]}),
    Case("independent-tasks-at-once", at_once, {"a": True, "b": True}, on=("process",), options={"parallel": 2}),
    Case(
        "results-of-what-did-not-fail",
        some_fail(),
        state="FAILED",
        tasks={"looped": "FAILED: 1 of 3 iterations failed", "looped[1]/after": "SUCCEEDED"},
        also=gave("shown", "[1, 2, 3]"),
    ),
    Case("exit-uses-outputs", exit_takes_outputs(), state="FAILED", also=gave("maybe", 5)),
]
