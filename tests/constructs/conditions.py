"""Branches: If, Elif, Else, OneOf, and conditions in CEL beyond what kfp writes."""

from constructs.case import EVERYWHERE, Case, borrowed, by_hand
from constructs.pieces import add, half, negate, read, say, write
from kfp import dsl
from kfp.dsl import Dataset
from unit.plans.dag.builder import constant, optional, outer, parameters, task


@dsl.pipeline
def branches(n: int = 1) -> str:
    with dsl.If(n == 1):
        one = say(text="one")
    with dsl.Elif(n == 2):
        two = say(text="two")
    with dsl.Else():
        many = say(text="many")
    return dsl.OneOf(one.output, two.output, many.output)


@dsl.pipeline
def lone(n: int = 1):
    with dsl.If(n > 1):
        say(text="big")
    say(text="always")


@dsl.pipeline
def on_output(n: int = 1) -> str:
    made = add(a=n, b=1)
    with dsl.If(made.output >= 3):
        high = say(text="high")
    with dsl.Else():
        low = say(text="low")
    return dsl.OneOf(high.output, low.output)


@dsl.pipeline
def floats(x: float = 5.0) -> str:
    with dsl.If(x > 4):
        more = say(text="more")
    with dsl.Else():
        less = say(text="less")
    return dsl.OneOf(more.output, less.output)


@dsl.pipeline
def float_output(x: float = 8.0) -> str:
    made = half(x=x)
    with dsl.If(made.output == 4):
        same = say(text="four")
    with dsl.Else():
        other = say(text="other")
    return dsl.OneOf(same.output, other.output)


@dsl.pipeline
def two_channels(a: int = 2, b: int = 2) -> str:
    first, second = add(a=a), add(a=b)
    with dsl.If(first.output == second.output):
        same = say(text="same")
    with dsl.Else():
        other = say(text="other")
    return dsl.OneOf(same.output, other.output)


@dsl.pipeline
def int_with_float(a: int = 4, x: float = 4.0) -> str:
    with dsl.If(a == x):
        same = say(text="same")
    with dsl.Else():
        other = say(text="other")
    return dsl.OneOf(same.output, other.output)


@dsl.pipeline
def truths(flag: bool = True) -> str:
    made = negate(flag=flag)
    with dsl.If(made.output == False):  # noqa: E712 - how kfp's conditions are written
        was = say(text="was true")
    with dsl.Else():
        was_not = say(text="was false")
    return dsl.OneOf(was.output, was_not.output)


@dsl.pipeline
def texts(text: str = "a") -> str:
    with dsl.If(text == "a"):
        a = say(text="it is a")
    with dsl.Elif(text == 'it is "b"'):
        b = say(text="it is quoted")
    with dsl.Elif(text > "m"):
        m = say(text="it is late")
    with dsl.Else():
        other = say(text="it is other")
    return dsl.OneOf(a.output, b.output, m.output, other.output)


@dsl.pipeline
def nested(n: int = 5) -> str:
    with dsl.If(n > 1):
        with dsl.If(n > 3):
            with dsl.If(n > 7):
                far = say(text="far")
            with dsl.Else():
                near = say(text="near")
            inner = say(text=dsl.OneOf(far.output, near.output))
        with dsl.Else():
            low = say(text="low")
        outer_ = say(text=dsl.OneOf(inner.output, low.output))
    with dsl.Else():
        none = say(text="none")
    return dsl.OneOf(outer_.output, none.output)


@dsl.pipeline
def artifacts(n: int = 1) -> Dataset:
    with dsl.If(n == 1):
        one = write(text="one")
    with dsl.Else():
        two = write(text="two")
    return dsl.OneOf(one.outputs["data"], two.outputs["data"])


@dsl.pipeline
def artifact_inside(n: int = 1) -> str:
    with dsl.If(n == 1):
        one = write(text="one")
    with dsl.Else():
        two = write(text="two")
    return read(data=dsl.OneOf(one.outputs["data"], two.outputs["data"])).output


@dsl.pipeline
def after_skipped(n: int = 0):
    with dsl.If(n == 1):
        say(text="skipped")
    before = say(text="ran")
    say(text="runs too").after(before)


@dsl.pipeline
def maybe_null(n: int = None):
    with dsl.If(n == 1):
        say(text="one")
    with dsl.Else():
        say(text="not one")


def cel(expression: str, runs: bool, name: str, **given: object) -> Case:
    """A condition written by hand over inputs of any type."""
    kinds = parameters(**{k: type(v) for k, v in given.items()})
    made = borrowed(say).group("branch", {"say": task("say", inputs={"text": constant("yes")})}, kinds)
    branch = task("branch", inputs={k: outer(k) for k in given}, condition=expression)
    document = by_hand(made, inputs=kinds, branch=branch, say=task("say", inputs={"text": constant("yes")}))
    return Case(f"cel-{name}", document, given=given, tasks={"branch": "SUCCEEDED" if runs else "SKIPPED: condition is false"})


def value(name: str) -> str:
    return f"inputs.parameter_values['{name}']"


def with_default() -> dict[str, object]:
    """The condition's input has no value but the default that the component itself declares."""
    kinds = {"parameters": {"n": optional(int, defaultValue=3), "none": optional(int)}}
    made = borrowed(say).group("branch", {"say": task("say", inputs={"text": constant("yes")})}, kinds)
    branch = task("branch", inputs={"n": outer("n")}, condition="int(inputs.parameter_values['n']) == 3")
    return by_hand(
        made, inputs={"parameters": {"n": optional(int)}}, branch=branch, say=task("say", inputs={"text": constant("")})
    )


def of_an_artifact() -> dict[str, object]:
    kind = {"artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset"}}}}
    made = borrowed(say, write).group("branch", {"say": task("say", inputs={"text": constant("yes")})}, kind)
    branch = task("branch", condition="inputs.artifacts['data'].artifacts[0].metadata['length'] == 3.0")
    branch["inputs"] = {"artifacts": {"data": {"taskOutputArtifact": {"producerTask": "write", "outputArtifactKey": "data"}}}}
    return by_hand(made, write=task("write", inputs={"text": constant("abc")}), branch=branch)


CASES = [
    Case("if", branches, {"Output": "one"}, tasks={"condition-branches-1/condition-3": "SKIPPED"}, on=EVERYWHERE),
    Case("elif", branches, {"Output": "two"}, {"n": 2}, tasks={"condition-branches-1/condition-3/say-2": "SUCCEEDED"}),
    Case("else", branches, {"Output": "many"}, {"n": 3}),
    Case("if-alone-false", lone, tasks={"condition-1": "SKIPPED: condition is false: n > 1", "say-2": "SUCCEEDED"}),
    Case("if-alone-true", lone, given={"n": 2}, tasks={"condition-1/say": "SUCCEEDED"}),
    Case("if-on-output", on_output, {"Output": "high"}, {"n": 2}),
    Case("if-on-output-else", on_output, {"Output": "low"}, {"n": 1}),
    Case("float-against-int", floats, {"Output": "more"}),
    Case("float-against-int-else", floats, {"Output": "less"}, {"x": 4}),
    Case("float-output-against-int", float_output, {"Output": "four"}),
    Case("int-against-float", int_with_float, {"Output": "same"}),
    Case("two-channels", two_channels, {"Output": "same"}),
    Case("two-channels-else", two_channels, {"Output": "other"}, {"b": 3}),
    Case("bool", truths, {"Output": "was true"}),
    Case("bool-else", truths, {"Output": "was false"}, {"flag": False}),
    Case("text", texts, {"Output": "it is a"}),
    Case("text-order", texts, {"Output": "it is late"}, {"text": "z"}),
    Case("text-else", texts, {"Output": "it is other"}, {"text": ""}),
    Case("text-quoted", texts, {"Output": "it is quoted"}, {"text": 'it is "b"'}),
    *[Case(f"nested-{n}", nested, {"Output": o}, {"n": n}) for n, o in ((0, "none"), (2, "low"), (5, "near"), (8, "far"))],
    Case("oneof-artifact", artifacts, {"Output": "one"}, on=EVERYWHERE),
    Case("oneof-artifact-else", artifacts, {"Output": "two"}, {"n": 2}),
    Case("oneof-artifact-inside", artifact_inside, {"Output": "two"}, {"n": 2}),
    Case("beside-a-skipped-branch", after_skipped, tasks={"say-3": "SUCCEEDED"}),
    Case(
        "null-in-a-condition",
        maybe_null,
        state="FAILED",
        tasks={"condition-branches-1": "FAILED", "condition-branches-1/condition-2": "FAILED: 'n' is null"},
    ),
    cel(f"{value('n')} == 3", True, "number", n=3),
    cel(f"{value('x')} == 3", True, "double-against-int", x=3.0),
    cel(f"{value('n')} > 2.5", True, "int-against-double", n=3),
    cel(f"int({value('n')}) % 2 == 0", False, "modulo", n=3),
    cel(f"size({value('l')}) > 2 && 'b' in {value('l')}", True, "lists", l=["a", "b", "c"]),
    cel(f"{value('d')}.a.b == 1", True, "structs", d={"a": {"b": 1}}),
    cel(f"{value('t')}.startsWith('ab') || {value('t')}.matches('^z+$')", True, "texts", t="zzz"),
    cel(f"parseJson({value('t')})['k'] == 'v'", True, "json", t='{"k": "v"}'),
    cel(f"{value('l')}.exists(n, n > 2)", False, "macro", l=[1, 2]),
    cel(f"({value('b')} ? 1 : 2) == 1", True, "choice", b=True),
    cel(f"has({value('d')}.x) && {value('d')}.x == 1", False, "has", d={"a": 1}),
    Case("condition-on-a-default", with_default(), tasks={"branch": "SUCCEEDED"}),
    Case("condition-on-an-artifact", of_an_artifact(), tasks={"branch": "SUCCEEDED"}),
]
