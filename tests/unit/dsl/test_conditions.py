"""Membership and entries: what is written, and where Python's own words are refused."""

import re

import pytest
from unit.dsl.pieces import number, text

from kflite import dsl
from kflite.errors import CompileError


def condition(function) -> str:
    document = dsl.compile(dsl.pipeline(function)).documents[0]
    (found,) = [
        task["triggerPolicy"]["condition"] for task in document["root"]["dag"]["tasks"].values() if "triggerPolicy" in task
    ]
    return found


def value(name: str) -> str:
    return f"inputs.parameter_values['pipelinechannel--{name}']"


def test_one_of_several_constants_is_a_row_of_comparisons():
    def p(n: int):
        with dsl.If(n.in_([1, 2])):
            text()

    assert condition(p) == f"int({value('n')}) == 1 || int({value('n')}) == 2"


def test_one_of_a_single_constant_is_a_comparison():
    def p(s: str):
        with dsl.If(~s.in_(["a"])):
            text()

    assert condition(p) == f"!({value('s')} == 'a')"


def test_membership_in_a_list_that_the_run_has_is_that_of_cel():
    def p(n: int, xs: list[float]):
        with dsl.If(n.in_(xs)):
            text()

    assert condition(p) == f"{value('n')} in {value('xs')}"


def test_a_constant_may_be_looked_for():
    def p(words: list[str]):
        with dsl.If(words.contains("it's")):
            text()

    assert condition(p) == f"'it\\'s' in {value('words')}"


def python_in(n: int):
    if n in [1, 2]:
        text()


def python_in_list(n: int, xs: list[int]):
    if n in xs:
        text()


def nothing_to_choose(n: int):
    with dsl.If(n.in_([])):
        text()


def letters(s: str):
    with dsl.If(s.in_("abc")):
        text()


def wrong_type_among(n: int):
    with dsl.If(n.in_([1, "two"])):
        text()


def wrong_items(s: str, xs: list[int]):
    with dsl.If(s.in_(xs)):
        text()


def not_a_list(s: str):
    with dsl.If(s.contains("a")):
        text()


def list_in_list(xs: list[int], ys: list):
    with dsl.If(ys.contains(object())):
        text()


REFUSALS = {
    python_in: r"Python cannot test it: .* and .in_\(\) in place of `in`",
    python_in_list: r"Python cannot look into it: use .contains\(\) or .in_\(\)",
    nothing_to_choose: r"in_\(\) takes a list with values, or one that the run will have, not \[\]",
    letters: "in_.. takes a list with values, .* not 'abc'",
    wrong_type_among: "cannot compare input 'n' .int. == 'two': they are of different types",
    wrong_items: r"input 's' .str. is never in input 'xs', which is list\[int\]",
    not_a_list: "input 's' is str, which holds nothing: give a list",
    list_in_list: "cannot be in a list of values",
}


@pytest.mark.parametrize("function", REFUSALS, ids=lambda f: f.__name__)
def test_what_can_never_hold_is_refused_with_line_and_remedy(function):
    with pytest.raises(CompileError, match=rf"^{re.escape(__file__)}:\d+: .*{REFUSALS[function]}"):
        dsl.pipeline(function)


def test_entries_have_the_names_of_a_channels_own_attributes_too():
    @dsl.pipeline
    def p():
        with dsl.ParallelFor([{"key": "a", "type": {"title": "b"}}]) as item:
            text(x=item.key)
            text(x=item.type.title)

    tasks = dsl.compile(p).documents[0]["components"]["comp-for-loop-2"]["dag"]["tasks"]
    given = [task["inputs"]["parameters"]["x"]["parameterExpressionSelector"] for task in tasks.values()]
    assert sorted(given) == ['parseJson(string_value)["key"]', 'parseJson(string_value)["type"]["title"]']


def test_the_types_of_known_entries_are_known():
    with pytest.raises(CompileError, match=r"'x' is declared as int, .* the entry 'a\.b' of the loop's item \(str\)"):

        @dsl.pipeline
        def p():
            with dsl.ParallelFor([{"a": {"b": "1"}}, {"a": {"b": "2"}}]) as item:
                number(x=item.a.b)


def test_an_entry_that_some_items_lack_is_refused():
    with pytest.raises(CompileError, match="not every entry 'a' of the loop's item has the entry 'c'"):

        @dsl.pipeline
        def p():
            with dsl.ParallelFor([{"a": {"b": 1, "c": 1}}, {"a": {"b": 2}}]) as item:
                number(x=item.a.c)
