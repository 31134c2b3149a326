"""Any nesting of groups, with values that cross their borders, compiles to a pipeline that the checker finds sound."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.dsl.pieces import number, tidy, total

from kflite import dsl
from kflite.ir.check import check
from kflite.ir.read import documents, pipeline
from kflite.ir.write import dumps_yaml, manifest

DEPTH = 3


@dataclass
class Visible:
    """Integers, and lists of them, that a task at this place may use."""

    numbers: list = field(default_factory=list)
    lists: list = field(default_factory=list)

    def inner(self, *more: object) -> Visible:
        return Visible([*self.numbers, *more], list(self.lists))


class Writer:
    """Writes a pipeline by drawing what comes next."""

    def __init__(self, draw) -> None:
        self.draw = draw

    def block(self, seen: Visible, depth: int) -> list:
        """Some members of a group; gives the outputs of its own tasks."""
        kinds = ["task", "sum", "loop", "over", "branch", "either", "exit"] if depth else ["task", "sum"]
        made = [self.task(seen)]
        for kind in self.draw(st.lists(st.sampled_from(kinds), max_size=3)):
            made += getattr(self, kind)(seen, depth) if kind not in ("task", "sum") else [getattr(self, kind)(seen)]
        return made

    def any_number(self, seen: Visible) -> object:
        return self.draw(st.sampled_from(seen.numbers)) if seen.numbers else 1

    def task(self, seen: Visible) -> object:
        made = number(x=self.any_number(seen)).output
        seen.numbers.append(made)
        return made

    def sum(self, seen: Visible) -> object:
        made = total(xs=self.draw(st.sampled_from(seen.lists)) if seen.lists else [1, self.any_number(seen)]).output
        seen.numbers.append(made)
        return made

    def loop(self, seen: Visible, depth: int) -> list:
        with dsl.ParallelFor([1, 2]) as item:
            made = self.block(seen.inner(item), depth - 1)
        seen.lists += [dsl.Collected(channel) for channel in made]
        return []

    def over(self, seen: Visible, depth: int) -> list:
        if seen.lists:
            with dsl.ParallelFor(self.draw(st.sampled_from(seen.lists))) as item:
                self.block(seen.inner(item) if str(item.type) == "int" else seen.inner(), depth - 1)
        return []

    def branch(self, seen: Visible, depth: int) -> list:
        if seen.numbers:
            with dsl.If(self.any_number(seen) > 1):
                self.block(seen.inner(), depth - 1)
        return []

    def either(self, seen: Visible, depth: int) -> list:
        if not seen.numbers:
            return []
        with dsl.If((self.any_number(seen) == 1) | ~(self.any_number(seen) < 3)):
            first = self.block(seen.inner(), depth - 1)[0]
        with dsl.Else():
            second = self.block(seen.inner(), depth - 1)[0]
        seen.numbers.append(dsl.OneOf(first, second))
        return [seen.numbers[-1]]

    def exit(self, seen: Visible, depth: int) -> list:
        end = tidy()
        with dsl.ExitHandler(end) as handler:
            made = self.block(seen.inner(), depth - 1)
        number(x=self.draw(st.sampled_from(made))).after(handler)
        return made


@given(st.data())
@settings(deadline=None)
def test_any_nesting_compiles_to_a_sound_pipeline_that_reads_back_equal(data):
    @dsl.pipeline
    def drawn(n: int, xs: list[int]) -> int:
        return Writer(data.draw).block(Visible([n], [xs]), DEPTH)[0]

    built = dsl.compile(drawn)
    assert check(built) == []
    assert [pipeline(documents(text.encode(), "it"), "it") for text in (dumps_yaml(built), manifest(built))] == [built, built]
