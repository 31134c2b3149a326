"""Pipelines with groups in each other; test_against_kfp compiles this file with kfp and with kflite."""

# ruff: noqa: B006, E712, SIM117, UP006, UP035 - kfp reads this too

from typing import Dict, List

from kflite import dsl
from kflite.dsl import Dataset, Input, Output


@dsl.component
def echo(x: str = "a") -> str:
    return x


@dsl.component
def number(x: int = 1) -> int:
    return x


@dsl.component
def flag(x: bool = True) -> bool:
    return x


@dsl.component
def real(x: float = 1.0) -> float:
    return x


@dsl.component
def rows() -> List[Dict[str, str]]:
    return [{"a": "b"}]


@dsl.component
def join(xs: List[str]) -> str:
    return "".join(xs)


@dsl.component
def joined(xs: List[List[str]]) -> str:
    return "".join(xs[0])


@dsl.component
def make(data: Output[Dataset]): ...


@dsl.component
def makes() -> Dataset: ...


@dsl.component
def one(data: Input[Dataset]): ...


@dsl.component
def many(data: Input[List[Dataset]]): ...


@dsl.component
def tidy(status: dsl.PipelineTaskFinalStatus): ...


@dsl.pipeline
def channels_compared(n: int = 1, m: int = 2, s: str = "a", f: float = 1.0, t: bool = True):
    made, text, fraction, truth = number(), echo(), real(), flag()
    with dsl.If(n == m, name="of two inputs"):
        echo()
    with dsl.If(made.output < n):
        echo()
    with dsl.If(n >= made.output):
        echo()
    with dsl.If(fraction.output > made.output):
        echo()
    with dsl.If(made.output != fraction.output):
        echo()
    with dsl.If(text.output == s):
        echo()
    with dsl.If(text.output < "b"):
        echo()
    with dsl.If(truth.output == t):
        echo()
    with dsl.If(truth.output != False):
        echo()
    with dsl.If(f == 1):
        echo()
    with dsl.If(f <= 1.5):
        echo()
    with dsl.If(s != ""):
        echo()
    with dsl.If(n == -1):
        echo()


@dsl.pipeline
def branches_with_artifacts(n: int = 1) -> Dataset:
    with dsl.If(n == 1):
        a = makes()
    with dsl.Else():
        b = makes()
    chosen = dsl.OneOf(a.output, b.output)
    one(data=chosen)
    return chosen


@dsl.pipeline
def branches_in_branches(n: int = 1, m: int = 1) -> str:
    with dsl.If(n == 1):
        with dsl.If(m == 1):
            a = echo(x="1")
        with dsl.Else():
            b = echo(x="2")
        inner = dsl.OneOf(a.output, b.output)
        c = echo(x=inner)
    with dsl.Else():
        d = echo(x="3")
    last = dsl.OneOf(c.output, d.output)
    echo(x=last)
    return last


@dsl.pipeline
def loops_over_entries(given: List[dict] = [{"a": ["x"], "b": "y"}]):
    with dsl.ParallelFor([{"A_a": ["1", "2"]}, {"A_a": ["4"]}]) as item:
        with dsl.ParallelFor(item.A_a) as inner:
            echo(x=inner)
    with dsl.ParallelFor(given) as item:
        with dsl.If(item.b == "y"):
            echo(x=item.b)
    made = rows()
    with dsl.ParallelFor(items=made.output, parallelism=3) as item:
        echo(x=item.a)


@dsl.pipeline
def loops_over_artifacts(sets: Input[List[Dataset]]):
    with dsl.ParallelFor(["a", "b"], parallelism=1):
        each = make()
    with dsl.ParallelFor(sets, name="of the sets", parallelism=2) as item:
        one(data=item)
        inner = makes()
    many(data=dsl.Collected(inner.output))
    many(data=dsl.Collected(each.outputs["data"]))


@dsl.pipeline
def collected_of_groups(n: int = 1) -> List[str]:
    with dsl.ParallelFor(["a", "b"]) as outer:
        with dsl.ParallelFor(["c", "d"]) as inner:
            both = echo(x=inner)
        with dsl.If(n == 1):
            some = echo(x=outer)
        single = join(xs=dsl.Collected(both.output))
    join(xs=dsl.Collected(both.output))
    join(xs=dsl.Collected(some.output))
    join(xs=dsl.Collected(single.output))
    return dsl.Collected(single.output)


@dsl.pipeline
def inner_pipeline(x: str = "a") -> str:
    return echo(x=x).output


@dsl.pipeline
def collected_of_a_pipeline(xs: List[str] = ["a"]):
    with dsl.ParallelFor(xs) as x:
        each = inner_pipeline(x=x)
    join(xs=dsl.Collected(each.output))


@dsl.pipeline
def several_exits(n: int = 1):
    first, second = tidy(), echo(x="exit")
    with dsl.ExitHandler(first, name="the first"):
        echo(x="1")
        with dsl.If(n == 1):
            echo(x="2")
    with dsl.ExitHandler(second) as handler:
        with dsl.ParallelFor([1, 2]):
            echo(x="3")
    echo(x="4").after(handler)


@dsl.pipeline
def order_across_groups(n: int = 1):
    before = echo(x="0")
    with dsl.ParallelFor([1, 2]):
        inner = echo(x="1").after(before)
        echo(x="2").after(inner)
    with dsl.ParallelFor([1, 2]):
        echo(x="3").after(inner)
    with dsl.If(n == 1):
        echo(x="4").after(before)
    echo(x="5").after(before, inner)
    inner_pipeline(x="6").after(inner)


@dsl.pipeline
def failures_ignored():
    made = echo(x="1")
    echo(x=made.output).ignore_upstream_failure()
    echo(x="2").after(made).ignore_upstream_failure()
    inner_pipeline(x="3").after(made).ignore_upstream_failure()
    tidy().after(made).ignore_upstream_failure()
