"""Groups in each other, in runs: loops over entries of entries, what leaves branches and loops, exits and order anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.core.event_kind import State
from kflite.dsl import Dataset, Input, Output

RunEach = Callable[..., kflite.Run]


@dsl.component
def echo(x: str = "a") -> str:
    return x


@dsl.component
def number(x: int = 1) -> int:
    return x


@dsl.component
def shown(xs: list) -> str:
    import json

    return json.dumps(xs)


@dsl.component
def write(text: str, data: Output[Dataset]):  # type: ignore[no-untyped-def]
    with open(data.path, "w") as file:
        file.write(text)


@dsl.component
def read(data: Input[Dataset]) -> str:
    return open(data.path).read()


@dsl.component
def read_all(data: Input[list[Dataset]]) -> str:
    return ",".join(open(one.path).read() for one in data)


@dsl.component
def note(x: str, status: dsl.PipelineTaskFinalStatus) -> str:
    return f"{x} {status.state} {status.pipeline_task_name}"


@dsl.component
def mark(x: str, file: str):  # type: ignore[no-untyped-def]
    with open(file, "a") as order:
        order.write(x)


@dsl.component
def fail():  # type: ignore[no-untyped-def]
    raise ValueError("meant to")


def ran(run: kflite.Run, name: str) -> list[object]:
    """What tasks of this name gave, in the order of their paths."""
    return [
        task.outputs["Output"]
        for path, task in sorted(run.tasks.items())
        if path.rpartition("/")[2] == name and task.state is State.SUCCEEDED
    ]


def test_a_loop_goes_over_entries_of_entries(run_each: RunEach) -> None:
    @dsl.pipeline
    def p(rows: list[dict]) -> str:
        loop = dsl.ParallelFor(rows)
        with loop as row, dsl.ParallelFor(row.deep.items) as item, dsl.If((item != "x") | (row.key == "k2")):
            each = echo(x=f"{row.key}{row.deep.type}{item}")
        return shown(xs=dsl.Collected(each.output)).output

    rows = [{"key": "k1", "deep": {"type": "t", "items": ["x", "y"]}}, {"key": "k2", "deep": {"type": "u", "items": ["x"]}}]
    assert json.loads(str(run_each(p, rows=rows).outputs["Output"])) == [["k1ty"], ["k2ux"]]


def test_a_loop_over_nothing_collects_nothing(run_each: RunEach) -> None:
    @dsl.pipeline
    def p() -> str:
        with dsl.ParallelFor([]) as item:
            each = echo(x=item)
        return shown(xs=dsl.Collected(each.output)).output

    assert run_each(p).outputs["Output"] == "[]"


def test_what_loops_in_loops_gave_keeps_its_order_and_its_types(run_each: RunEach) -> None:
    @dsl.pipeline
    def p() -> str:
        with dsl.ParallelFor([1, 2], parallelism=1) as outer, dsl.ParallelFor([10, 20, 30]) as inner:
            with dsl.If(inner != 20):
                each = number(x=inner)
            number(x=outer)
        return shown(xs=dsl.Collected(each.output)).output

    assert run_each(p).outputs["Output"] == "[[10, 30], [10, 30]]"


def test_artifacts_of_loops_in_loops_are_one_list(run_each: RunEach) -> None:
    @dsl.pipeline
    def p() -> str:
        with dsl.ParallelFor(["a", "b"]) as outer:
            with dsl.ParallelFor(["c", "d"]) as inner:
                made = write(text=f"{outer}{inner}")
            own = read_all(data=dsl.Collected(made.outputs["data"]))
        with dsl.ParallelFor(dsl.Collected(made.outputs["data"])) as one:
            read(data=one)
        echo(x=f"{read_all(data=dsl.Collected(made.outputs['data'])).output}")
        return shown(xs=dsl.Collected(own.output)).output

    run = run_each(p)
    assert run.outputs["Output"] == '["ac,ad", "bc,bd"]'
    assert ran(run, "echo") == ["ac,ad,bc,bd"]
    assert ran(run, "read") == ["ac", "ad", "bc", "bd"]


@pytest.mark.parametrize(("n", "gives"), [(1, "one"), (2, "two"), (3, "else")])
def test_the_branch_that_ran_gives_the_artifact_and_the_value(run_each: RunEach, n: int, gives: str) -> None:
    @dsl.pipeline
    def p(n: int) -> str:
        with dsl.If(n == 1):
            a, x = write(text="one"), echo(x="one")
        with dsl.Elif(n == 2):
            with dsl.If(n != 5):
                b, y = write(text="two"), echo(x="two")
            with dsl.Else():
                c, z = write(text="three"), echo(x="three")
            inner, value = dsl.OneOf(b.outputs["data"], c.outputs["data"]), dsl.OneOf(y.output, z.output)
        with dsl.Else():
            d, w = write(text="else"), echo(x="else")
        read(data=dsl.OneOf(a.outputs["data"], inner, d.outputs["data"]))
        return dsl.OneOf(x.output, value, w.output)

    run = run_each(p, n=n)
    assert (run.outputs["Output"], ran(run, "read")) == (gives, [gives])


def test_an_exit_task_runs_in_any_group_and_may_be_a_pipeline(run_each: RunEach) -> None:
    @dsl.pipeline
    def ending(x: str) -> str:
        return echo(x=f"{x}!").output

    @dsl.pipeline
    def p(names: list[str]):  # type: ignore[no-untyped-def]
        with dsl.ParallelFor(names) as name, dsl.If(name != "skipped"):
            last = ending(x=name)
            with dsl.ExitHandler(last), dsl.ExitHandler(note(x=name)), dsl.If(name == "bad"):
                fail()

    run = run_each(p, names=["good", "bad", "skipped"])
    assert run.state is State.FAILED
    assert ran(run, "echo") == ["good!", "bad!"]
    assert [str(text).rpartition(" ")[0] for text in ran(run, "note")] == ["good SUCCEEDED", "bad FAILED"]


def test_a_task_follows_an_exit_handler_a_loop_and_a_task_of_another_group(run_each: RunEach, tmp_path: Path) -> None:
    @dsl.pipeline
    def p(file: str):  # type: ignore[no-untyped-def]
        with dsl.ExitHandler(note(x="end")) as handler:
            mark(x="1", file=file)
        with dsl.ParallelFor(["2", "2"]) as item:
            inner = mark(x=item, file=file).after(handler)
        with dsl.ParallelFor(["3"]) as item, dsl.If(item == "3"):
            mark(x=item, file=file).after(inner)
        with dsl.If(echo().output == "a") as branch:
            mark(x="4", file=file).after(inner)
        mark(x="5", file=file).after(branch)
        mark(x="6", file=file).after(branch).after(handler, inner)

    assert run_each(p, file=str(tmp_path / "order")).state is State.SUCCEEDED
    order = (tmp_path / "order").read_text()
    assert order.startswith("122")
    assert order.index("4") < order.index("5")
    assert sorted(order) == list("1223456")


def test_conditions_compare_lists_values_and_each_other(run_each: RunEach) -> None:
    @dsl.pipeline
    def p(n: int, m: float, s: str, t: bool, xs: list[int], words: list[str]):  # type: ignore[no-untyped-def]
        made = number(x=2)
        cases = {
            "in constants": n.in_([1, 2, 3]),
            "in channels": n.in_([5, made.output]),
            "in a list": n.in_(xs),
            "not in a list": ~made.output.in_([7]),
            "contains": xs.contains(2),
            "words": s.in_(words) & ~words.contains("c"),
            "floats": (m > n) & (m < 3) & (n <= m),
            "bools": (t == True) & ~(t != True) & ~(t == False),  # noqa: E712
            "both": ((s == "a") | (s == "b")) & ((n == 1) | (n == made.output)),
            "never": n.in_([8]) | xs.contains(8) | (s == "never") | ~(n == 2),
        }
        for name, condition in cases.items():
            with dsl.If(condition):
                echo(x=name)

    run = run_each(p, n=2, m=2.5, s="a", t=True, xs=[1, 2], words=["a", "b"])
    given = [task.outputs["Output"] for path, task in run.tasks.items() if "/echo" in path and task.state is State.SUCCEEDED]
    assert sorted(map(str, given)) == sorted(
        ["both", "bools", "contains", "floats", "in a list", "in channels", "in constants", "not in a list", "words"]
    )
