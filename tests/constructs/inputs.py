"""What goes into tasks and comes out: types, defaults, null, borders of pipelines, big values, artifacts."""

from typing import Dict, List, NamedTuple, Optional

from constructs.case import EVERYWHERE, Case, borrowed, by_hand
from constructs.pieces import (
    add,
    fields,
    given_or_not,
    half,
    light,
    negate,
    numbers,
    person,
    say,
    several,
    shown,
    total,
    write,
)
from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output, OutputPath
from unit.plans.dag.builder import constant, of, outer, parameters, task

LONG = "x" * 4_000_000


@light
def types(i: int, x: float, flag: bool, text: str, items: list, of: dict) -> str:
    return " ".join(f"{v!r}:{type(v).__name__}" for v in (i, x, flag, text, items, of))


@light
def give(kind: str) -> NamedTuple("Out", [("i", int), ("x", float), ("b", bool), ("l", list), ("d", dict)]):
    return 2**53 + 1, 3.0, True, [1, 2.0, "3", None, [True]], {"a": {"b": [1, 1.0]}}


@light
def pathed(text: OutputPath(str), number: OutputPath(int), flag: OutputPath(bool), items: OutputPath(list)):
    for path, value in ((text, " a\n"), (number, " 7\n"), (flag, "True"), (items, "[1, 2]")):
        with open(path, "w") as file:
            file.write(value)


@light
def length(text: str) -> int:
    return len(text)


@light
def long(n: int) -> str:
    return "x" * n


@light
def train(data: Input[Dataset], model: Output[Model], metrics: Output[Metrics]) -> float:
    import os

    os.makedirs(model.path)
    for name in ("weights", "config"):
        with open(os.path.join(model.path, name), "w") as file:
            file.write(name)
    model.framework = "none"
    metrics.log_metric("accuracy", 0.5)
    return float(data.metadata["length"])


@light
def files(model: Input[Model]) -> str:
    import os

    return f"{sorted(os.listdir(model.path))} {model.framework} {model.metadata['framework']}"


@light
def makes_none(data: Output[Dataset]) -> str:
    return "no file"


@light
def exists(data: Input[Dataset]) -> bool:
    import os

    return os.path.exists(data.path)


@dsl.pipeline
def all_types(
    i: int = 3, x: float = 3.0, flag: bool = False, text: str = "3", items: List[int] = [1, 2], of: Dict[str, int] = {"a": 1}
) -> str:
    return types(i=i, x=x, flag=flag, text=text, items=items, of=of).output


@dsl.pipeline
def constants() -> str:
    return types(i=3, x=3.0, flag=True, text="", items=[1, 2.5, "a"], of={"a": [1, {"b": 2.0}]}).output


@dsl.pipeline
def through() -> str:
    made = give(kind="all")
    o = made.outputs
    return types(i=o["i"], x=o["x"], flag=o["b"], text="t", items=o["l"], of=o["d"]).output


@dsl.pipeline
def several_outputs() -> NamedTuple("Out", [("whole", int), ("ok", bool), ("ratio", float)]):
    made = several(n=4)
    Out = NamedTuple("Out", [("whole", int), ("ok", bool), ("ratio", float)])
    return Out(whole=made.outputs["whole"], ok=negate(flag=made.outputs["ok"]).output, ratio=half(x=4.0).output)


@dsl.pipeline
def paths() -> str:
    made = pathed()
    o = made.outputs
    return types(i=o["number"], x=0.5, flag=o["flag"], text=o["text"], items=o["items"], of={}).output


@dsl.pipeline
def in_text(n: int = 2, x: float = 2.0, flag: bool = True, of: dict = {"a": [1, 2]}) -> str:
    made = add(a=n)
    return say(text=f"{n} {x} {flag} {of} {made.output}").output


@dsl.pipeline
def in_struct(n: int = 2) -> str:
    made = add(a=n)
    return shown(value=[n, made.output, {"deep": [made.output, f"<{n}>"]}]).output


@dsl.pipeline
def null_text(text: str = None) -> str:
    return say(text=f"<{text}>").output


@dsl.pipeline
def defaults(n: int = 7) -> str:
    first = given_or_not()
    second = given_or_not(n=n, text="given")
    return say(text=f"{first.output} | {second.output}").output


@dsl.pipeline
def inner(n: Optional[int] = None, text: str = "inner", data: Optional[Input[Artifact]] = None, flag: bool = True) -> str:
    with dsl.If(flag == True):  # noqa: E712 - how kfp's conditions are written
        with dsl.ParallelFor([1]):
            in_loop = given_or_not(n=n, data=data)
        say(text="told").after(in_loop)
    return given_or_not(n=n, text=text, data=data).output


@dsl.pipeline
def optional_borders(n: int = None) -> str:
    first = inner()
    second = inner(n=n)
    third = inner(n=5, text="t", data=write(text="w").outputs["data"])
    return say(text=f"{first.output} | {second.output} | {third.output}").output


@dsl.pipeline
def level3(a: int, b: int = 10) -> int:
    return add(a=a, b=b).output


@dsl.pipeline
def level2(a: int) -> NamedTuple("Out", [("plain", int), ("given", int)]):
    Out = NamedTuple("Out", [("plain", int), ("given", int)])
    return Out(plain=level3(a=a).output, given=level3(a=a, b=1).output)


@dsl.pipeline
def pipelines_in_pipelines(a: int = 1) -> int:
    made = level2(a=a)
    return add(a=made.outputs["plain"], b=made.outputs["given"]).output


@dsl.pipeline
def big(text: str) -> int:
    made = say(text=text)
    again = say(text=f"{made.output}")
    return length(text=again.output).output


@dsl.pipeline
def big_output() -> int:
    return length(text=long(n=4_000_000).output).output


@dsl.pipeline
def artifacts() -> str:
    model = train(data=write(text="abc").outputs["data"])
    return files(model=model.outputs["model"]).output


@dsl.pipeline
def no_file() -> bool:
    return exists(data=makes_none().outputs["data"]).output


@dsl.pipeline
def fan(n: int = 3) -> int:
    made = numbers(n=n)
    first, second = total(of=made.output), total(of=made.output)
    return add(a=first.output, b=second.output).output


@dsl.pipeline
def structs() -> str:
    return fields(of=person(name="ada", age=36).output).output


def literal_values() -> object:
    """The declared values of an input are held to at run time."""
    made = borrowed(say)
    made.components["comp-say"]["inputDefinitions"]["parameters"]["text"]["literals"] = ["a", "b"]
    return by_hand(made, inputs=parameters(text=str), say=task("say", inputs={"text": outer("text")}))


def selected(selector: str) -> dict[str, object]:
    made = borrowed(say, person)
    source = of("person", "Output") | {"parameterExpressionSelector": selector}
    return by_hand(
        made, person=task("person", inputs={"name": constant("x"), "age": constant(4)}), say=task("say", inputs={"text": source})
    )


def wrong_at_run_time() -> dict[str, object]:
    """A text that goes into an integer: nobody can know before."""
    made = borrowed(say, add).group("inner", {"add": task("add", inputs={"a": outer("n")})}, parameters(n=int))
    source = of("say", "Output") | {"parameterExpressionSelector": 'parseJson(string_value)["n"]'}
    return by_hand(made, say=task("say", inputs={"text": constant('{"n": "many"}')}), inner=task("inner", inputs={"n": source}))


ALL = "3:int 3.0:float False:bool '3':str [1, 2]:list {'a': 1}:dict"
THROUGH = f"{2**53 + 1}:int 3.0:float True:bool 't':str [1, 2.0, '3', None, [True]]:list {{'a': {{'b': [1, 1.0]}}}}:dict"
CASES = [
    Case("types-default", all_types, {"Output": ALL}, on=EVERYWHERE),
    Case(
        "types-given",
        all_types,
        {"Output": "4:int 5.0:float True:bool 'é\\n\"':str [1, 2.0]:list {'b': {'c': None}}:dict"},
        {"i": 4, "x": 5, "flag": True, "text": 'é\n"', "items": [1, 2.0], "of": {"b": {"c": None}}},
    ),
    Case(
        "types-constant", constants, {"Output": "3:int 3.0:float True:bool '':str [1, 2.5, 'a']:list {'a': [1, {'b': 2}]}:dict"}
    ),
    Case(
        "types-through",
        through,
        {"Output": THROUGH},
        on=EVERYWHERE,
    ),
    Case("types-paths", paths, {"Output": "7:int 0.5:float True:bool ' a\\n':str [1, 2]:list {}:dict"}),
    Case("types-wrong", all_types, given={"i": 1.5}, refused="1.5 is not a whole number"),
    Case("types-bool-for-int", all_types, given={"i": True}, refused="is not a whole number"),
    Case("parameter-unknown", all_types, given={"itms": []}, refused="did you mean 'items'"),
    Case("parameter-missing", big, refused="it is required and not given"),
    Case("outputs-several", several_outputs, {"whole": 4, "ok": False, "ratio": 2.0}),
    Case("in-text", in_text, {"Output": '2 2 true {"a":[1,2]} 2'}),
    Case("in-struct", in_struct, {"Output": "[2, 2, {'deep': [2, '<2>']}]"}),
    Case("null-in-text", null_text, {"Output": "<>"}),
    Case("null-given", null_text, {"Output": "<>"}, {"text": None}),
    Case("defaults", defaults, {"Output": "None default None | 7 given None"}),
    Case("defaults-null", defaults, {"Output": "None default None | None given None"}, {"n": None}),
    Case("optional-borders", optional_borders, {"Output": "None inner None | None inner None | 5 t w"}, on=EVERYWHERE),
    Case("optional-borders-given", optional_borders, {"Output": "None inner None | 2 inner None | 5 t w"}, {"n": 2}),
    Case("pipelines-in-pipelines", pipelines_in_pipelines, {"Output": 13}),
    Case("big-parameter", big, {"Output": len(LONG)}, {"text": LONG}, on=EVERYWHERE),
    Case("big-output", big_output, {"Output": len(LONG)}),
    Case("artifact-folder", artifacts, {"Output": "['config', 'weights'] none none"}, on=EVERYWHERE),
    Case("artifact-without-a-file", no_file, {"Output": False}),
    Case("fan", fan, {"Output": 6}),
    Case("structs", structs, {"Output": "{'name': 'ada', 'age': 36, 'of': [36, {'half': 18.0}]}"}),
    Case("literal-value", literal_values(), given={"text": "a"}),
    Case(
        "literal-value-other", literal_values(), given={"text": "c"}, state="FAILED", says="must be one of 'a', 'b', and is 'c'"
    ),
    Case("selector", selected('parseJson(string_value)["age"]'), tasks={"say": "SUCCEEDED"}),
    Case("selector-of-nothing", selected('parseJson(string_value)["size"]'), state="FAILED", says="there is no key 'size'"),
    Case(
        "wrong-at-run-time",
        wrong_at_run_time(),
        state="FAILED",
        tasks={"inner": "FAILED: input 'n' must be a NUMBER_INTEGER, and is 'many'"},
    ),
]
