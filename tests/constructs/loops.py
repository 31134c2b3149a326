"""Loops and fan-in: order, types, nesting, limits, sub-keys, artifacts, and nothing to loop over."""

from typing import List

from constructs.case import EVERYWHERE, Case, borrowed, by_hand
from constructs.pieces import add, fail, join, note, numbers, pair, person, read, say, several, shown, total, write
from kfp import dsl
from kfp.dsl import Dataset, Input
from unit.plans.dag.builder import constant, loop, optional, outer, parameters, task

import kflite


@dsl.pipeline
def literal() -> int:
    with dsl.ParallelFor([3, 1, 2]) as n:
        plus = add(a=n, b=10)
    return total(of=dsl.Collected(plus.output)).output


@dsl.pipeline
def of_parameter(items: List[int] = [5, 6]) -> str:
    with dsl.ParallelFor(items) as n:
        plus = add(a=n)
    return shown(value=dsl.Collected(plus.output)).output


@dsl.pipeline
def of_output(n: int = 4) -> str:
    made = numbers(n=n)
    with dsl.ParallelFor(made.output) as i:
        plus = add(a=i, b=1)
    return shown(value=dsl.Collected(plus.output)).output


@dsl.pipeline
def given_out(items: List[int] = [1, 2, 3]) -> List[int]:
    with dsl.ParallelFor(items, parallelism=1) as n:
        plus = add(a=n)
    return dsl.Collected(plus.output)


@dsl.pipeline
def texts() -> str:
    with dsl.ParallelFor(["b", "a", ""]) as text:
        said = say(text=f"<{text}>")
    return shown(value=dsl.Collected(said.output)).output


@dsl.pipeline
def floats_and_bools() -> str:
    with dsl.ParallelFor([1.5, 2.0]) as x:
        one = say(text=f"{x}")
    return shown(value=dsl.Collected(one.output)).output


@dsl.pipeline
def sub_keys() -> str:
    with dsl.ParallelFor([{"who": "ada", "age": 36}, {"who": "bob", "age": 4}]) as item:
        age = say(text=item.age)
        both = pair(one=item.who, two=age.output)
    return shown(value=dsl.Collected(both.output)).output


@dsl.pipeline
def over_a_sub_key() -> str:
    with dsl.ParallelFor([{"of": [1, 2]}, {"of": [3]}, {"of": []}]) as item, dsl.ParallelFor(item.of) as n:
        told = say(text=n)
    return shown(value=dsl.Collected(told.output)).output


@dsl.pipeline
def nested() -> str:
    with dsl.ParallelFor([10, 20]) as tens, dsl.ParallelFor([1, 2, 3]) as ones:
        both = add(a=tens, b=ones)
    return shown(value=dsl.Collected(both.output)).output


@dsl.pipeline
def inner_then_outer() -> str:
    with dsl.ParallelFor([2, 3]) as n:
        made = numbers(n=n)
        with dsl.ParallelFor(made.output) as i:
            plus = add(a=i, b=n)
        sums = total(of=dsl.Collected(plus.output))
    return shown(value=dsl.Collected(sums.output)).output


@dsl.pipeline
def three_deep() -> str:
    with dsl.ParallelFor([1, 2]) as a, dsl.ParallelFor([10, 20]) as b:
        ab = add(a=a, b=b)
        with dsl.ParallelFor([100]) as c:
            abc = add(a=ab.output, b=c)
    return shown(value=dsl.Collected(abc.output)).output


@dsl.pipeline
def empty(items: List[int] = []) -> str:
    with dsl.ParallelFor(items) as n:
        plus = add(a=n)
    return shown(value=dsl.Collected(plus.output)).output


@dsl.pipeline
def empty_of_artifacts(items: List[str] = []) -> str:
    with dsl.ParallelFor(items) as text:
        made = write(text=text)
    return join(parts=dsl.Collected(made.outputs["data"])).output


@dsl.pipeline
def artifacts() -> str:
    with dsl.ParallelFor(["x", "y", "z"]) as text:
        made = write(text=text)
    return join(parts=dsl.Collected(made.outputs["data"])).output


@dsl.pipeline
def artifacts_out() -> List[Dataset]:
    with dsl.ParallelFor(["x", "y"]) as text:
        made = write(text=text)
    return dsl.Collected(made.outputs["data"])


@dsl.pipeline
def artifacts_nested() -> str:
    with dsl.ParallelFor(["a", "b"]) as one, dsl.ParallelFor(["1", "2"]) as two:
        made = write(text=pair(one=one, two=two).output)
    return join(parts=dsl.Collected(made.outputs["data"])).output


@dsl.pipeline
def each(parts: Input[List[Dataset]]) -> str:
    with dsl.ParallelFor(parts) as part:
        again = read(data=part)
    return shown(value=dsl.Collected(again.output)).output


@dsl.pipeline
def over_artifacts() -> str:
    with dsl.ParallelFor(["x", "y"]) as text:
        made = write(text=text)
    return each(parts=dsl.Collected(made.outputs["data"])).output


@dsl.pipeline
def conditions_inside() -> str:
    with dsl.ParallelFor([1, 2, 3, 4]) as n:
        with dsl.If(n > 2):
            big = add(a=n)
        with dsl.Else():
            small = add(a=n, b=100)
        one = add(a=dsl.OneOf(big.output, small.output))
    return shown(value=dsl.Collected(one.output)).output


@dsl.pipeline
def inside_conditions(n: int = 2) -> str:
    with dsl.If(n > 1):
        with dsl.ParallelFor([1, 2]) as i:
            plus = add(a=i, b=n)
        many = shown(value=dsl.Collected(plus.output))
    with dsl.Else():
        none = say(text="none")
    return dsl.OneOf(many.output, none.output)


@dsl.pipeline
def item_in_inner_text():
    with dsl.ParallelFor(["a", "b"]) as one, dsl.ParallelFor(["1", "2"]) as two:
        say(text=f"{one}{two}")


@dsl.pipeline
def sum_of(n: int) -> int:
    made = numbers(n=n)
    with dsl.ParallelFor(made.output) as i:
        plus = add(a=i, b=1)
    return total(of=dsl.Collected(plus.output)).output


@dsl.pipeline
def pipelines_inside() -> str:
    with dsl.ParallelFor([2, 3]) as n:
        sums = sum_of(n=n)
    return shown(value=dsl.Collected(sums.output)).output


@dsl.pipeline
def some_fail():
    with dsl.ParallelFor([1, 2, 3]) as n:
        with dsl.If(n == 2):
            fail()
        add(a=n)
    note(text="never").after(say(text="other"))


@dsl.pipeline
def several_out() -> str:
    with dsl.ParallelFor([0, 1]) as n:
        made = several(n=n)
    ok = shown(value=dsl.Collected(made.outputs["ok"]))
    text = shown(value=dsl.Collected(made.outputs["text"]))
    return say(text=f"{ok.output} {text.output}").output


@dsl.pipeline
def structs_out() -> str:
    with dsl.ParallelFor(["a", "b"]) as name:
        made = person(name=name, age=3)
    return shown(value=dsl.Collected(made.output)).output


@dsl.pipeline
def many() -> int:
    with dsl.ParallelFor(list(range(40)), parallelism=7) as n:
        plus = add(a=n)
    return total(of=dsl.Collected(plus.output)).output


def in_turn(most: int) -> object:
    def check(run: kflite.Run) -> None:
        spans = [(t.row.started, t.row.ended) for path, t in run.tasks.items() if path.endswith("]/add")]
        assert spans
        assert all(sum(a <= begin < b for a, b in spans) <= most for begin, _ in spans), spans

    return check


def after_a_loop() -> dict[str, object]:
    made = borrowed(say, note).group("body", {"say": task("say", inputs={"text": outer("item")})}, parameters(item=str))
    return by_hand(made, looped=loop("body", ["a", "b"]), note=task("note", ["looped"]))


def nothing_to_loop_over() -> dict[str, object]:
    items = parameters(items=optional(list))
    made = borrowed(say).group(
        "body", {"say": task("say", inputs={"text": outer("item")})}, parameters(item=str, items=optional(list))
    )
    iterator = {"items": {"inputParameter": "items"}, "itemInput": "item"}
    looped = task("body", inputs={"items": outer("items")}, parameterIterator=iterator)
    return by_hand(made, inputs=items, looped=looped)


def of_text() -> dict[str, object]:
    """The list comes as JSON in a text."""
    made = borrowed(say).group("body", {"say": task("say", inputs={"text": outer("item")})}, parameters(item=str, items=str))
    iterator = {"items": {"inputParameter": "items"}, "itemInput": "item"}
    looped = task("body", inputs={"items": constant('["a", {"b": 1}]')}, parameterIterator=iterator)
    return by_hand(made, looped=looped)


def mixed() -> dict[str, object]:
    body = {"say": task("say", inputs={"text": outer("item")})}
    return by_hand(
        borrowed(say).group("body", body, parameters(item=str)), looped=loop("body", [1, 2.5, True, None, "x", [1], {"a": 2.0}])
    )


def said(*texts: str) -> object:
    def check(run: kflite.Run) -> None:
        assert sorted(str(t.outputs["Output"]) for path, t in run.tasks.items() if path.endswith("/say")) == sorted(texts)

    return check


CASES = [
    Case("loop-literal", literal, {"Output": 36}),
    Case("loop-parameter", of_parameter, {"Output": "[5, 6]"}),
    Case("loop-parameter-given", of_parameter, {"Output": "[7, 8, 9]"}, {"items": [7, 8, 9]}),
    Case("loop-output", of_output, {"Output": "[1, 2, 3, 4]"}),
    Case("loop-given-out", given_out, {"Output": [1, 2, 3]}, also=in_turn(1)),
    Case("loop-texts", texts, {"Output": "['<b>', '<a>', '<>']"}),
    Case("loop-floats", floats_and_bools, {"Output": "['1.5', '2']"}),
    Case("loop-sub-keys", sub_keys, {"Output": "['ada36', 'bob4']"}),
    Case("loop-over-a-sub-key", over_a_sub_key, {"Output": "[['1', '2'], ['3'], []]"}),
    Case("loop-nested", nested, {"Output": "[[11, 12, 13], [21, 22, 23]]"}),
    Case("loop-inner-then-outer", inner_then_outer, {"Output": "[5, 12]"}),
    Case("loop-three-deep", three_deep, {"Output": "[[[111], [121]], [[112], [122]]]"}),
    Case("loop-empty", empty, {"Output": "[]"}, tasks={"for-loop-1": "SUCCEEDED"}),
    Case("loop-empty-artifacts", empty_of_artifacts, {"Output": ""}),
    Case("loop-artifacts", artifacts, {"Output": "x y z"}, on=EVERYWHERE),
    Case("loop-artifacts-out", artifacts_out, {"Output": ["x", "y"]}),
    Case("loop-artifacts-nested", artifacts_nested, {"Output": "a1 a2 b1 b2"}),
    Case("loop-over-artifacts", over_artifacts, {"Output": "['x', 'y']"}),
    Case("loop-conditions-inside", conditions_inside, {"Output": "[101, 102, 3, 4]"}),
    Case("loop-inside-conditions", inside_conditions, {"Output": "[3, 4]"}),
    Case("loop-inside-false-condition", inside_conditions, {"Output": "none"}, {"n": 1}),
    Case("loop-after", after_a_loop(), tasks={"note": "SUCCEEDED"}),
    Case("loop-pipelines-inside", pipelines_inside, {"Output": "[3, 6]"}),
    Case(
        "loop-some-fail",
        some_fail,
        state="FAILED",
        says="for-loop-2",
        tasks={
            "for-loop-2": "FAILED: 1 of 3 iterations failed",
            "for-loop-2[1]/condition-3/fail": "FAILED: it broke",
            "for-loop-2[1]/add": "SUCCEEDED",
            "for-loop-2[2]/condition-3": "SKIPPED",
            "for-loop-2[2]/add": "SUCCEEDED",
            "note": "SUCCEEDED",
        },
    ),
    Case("loop-several-outputs", several_out, {"Output": "[False, True] ['0', '1']"}),
    Case(
        "loop-structs",
        structs_out,
        {"Output": "[{'name': 'a', 'age': 3, 'of': [3, {'half': 1.5}]}, {'name': 'b', 'age': 3, 'of': [3, {'half': 1.5}]}]"},
    ),
    Case("loop-many", many, {"Output": 780}, also=in_turn(7)),
    Case("loop-item-in-inner-text", item_in_inner_text, also=said("a1", "a2", "b1", "b2")),
    Case("loop-over-null", nothing_to_loop_over(), state="FAILED", tasks={"looped": "FAILED: 'items' is null or was not given"}),
    Case("loop-over-text", of_text(), also=said("a", '{"b":1}')),
    Case("loop-mixed", mixed(), state="FAILED", tasks={"looped[3]/say": "FAILED: input 'text' has no value"}),
]
