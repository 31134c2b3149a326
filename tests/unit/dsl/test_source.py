"""What of a component's code is shipped, and what is refused, with line and remedy."""

# ruff: noqa: UP006, UP035, UP045 - users write these

from __future__ import annotations

import dataclasses
import functools
import json as js
import os
from dataclasses import dataclass
from os.path import join
from typing import List, NamedTuple, Optional

import pytest

from kflite import dsl
from kflite.dsl import Dataset, Input
from kflite.dsl import Model as Fitted
from kflite.errors import CompileError

LIMIT = 3


@dataclass
class Point:
    x: int
    tags: List[str] = dataclasses.field(default_factory=list)


class Base:
    k = 1


class Derived(Base):
    def go(self):
        return defined_later(self.k)


@functools.lru_cache
def cached(x: NotEvenKnown) -> int:  # noqa: F821
    return x + 1


alias = cached


class OwnData(dsl.Dataset):
    schema_title = "my.Data"

    def hello(self):
        return "hello"


def executed(component: dsl.Component) -> dict[str, object]:
    """The names that the shipped source defines, in a namespace like the runner's."""
    names = {"dsl": dsl, "Model": dsl.Model}
    exec(component.source.text, names)
    return names


def test_the_source_defines_the_function_without_its_decorator_and_annotations():
    @dsl.component
    def half(x: int, ratio: float = 0.5, *, names: Optional[List[str]] = None) -> float:
        """Says what it does."""
        # and why
        return x * ratio

    text = half.source.text
    assert text.startswith("from __future__ import annotations\n")
    assert "def half(x, ratio=0.5, *, names=None):" in text
    assert "# and why" in text
    assert "@" not in text
    assert executed(half)["half"](4) == 2.0


def test_functions_and_classes_of_the_module_are_shipped_with_what_they_use():
    @dsl.component
    def work(x: int) -> int:
        return Point(x).x + alias(1) + Derived().go()

    text = work.source.text
    assert [
        word for word in ("class Point", "class Base", "class Derived", "def cached", "def defined_later") if word not in text
    ] == []
    assert "LIMIT" not in text
    assert executed(work)["work"](1) == 1 + 2 + 101


def defined_later(x):
    return x if x > 100 else defined_later(x + 100)


def test_a_helper_defined_below_the_component_is_found_when_the_pipeline_is_compiled(tmp_path, load):
    module = load("from kflite import dsl\n@dsl.component\ndef f(x: int) -> int:\n    return g(x)\ndef g(x):\n    return x + 1\n")
    assert executed(module.f)["f"](1) == 2


def test_a_name_that_is_never_defined_is_refused_when_the_pipeline_is_compiled(load):
    module = load("from kflite import dsl\n@dsl.component\ndef f(x: int) -> int:\n    return nowhere(x)\n")
    with pytest.raises(CompileError, match=r"users_module.py:4: .*'nowhere'.*defined nowhere.*: define it"):
        dsl.compile(module.f)


def test_a_component_may_call_itself():
    @dsl.component
    def down(x: int) -> int:
        return down(x - 1) if x else 0

    assert executed(down)["down"](5) == 0


def test_lines_inside_strings_keep_their_indentation():
    @dsl.component
    def text() -> str:
        return """
at the left
    in the middle"""

    assert executed(text)["text"]() == "\nat the left\n    in the middle"


def test_a_function_on_one_line_is_shipped(load):
    module = load("from kflite import dsl\n@dsl.component\ndef f(x: int) -> int: y = 'ü'; return x + len(y)\n")
    assert executed(module.f)["f"](1) == 2


def test_names_of_typing_and_of_the_language_are_there_at_run_time():
    @dsl.component
    def split() -> NamedTuple("Parts", [("x", int), ("model", Fitted)]):
        return NamedTuple("Parts", [("x", int), ("model", Fitted)])(1, Fitted(uri="here"))

    made = executed(split)["split"]()
    assert (made.x, made.model.uri) == (1, "here")


def test_an_artifact_class_of_the_module_is_shipped_when_only_a_signature_names_it():
    @dsl.component
    def read(data: Input[OwnData]): ...

    assert executed(read)["OwnData"]().hello() == "hello"


def test_helpers_and_classes_of_other_cells_of_a_notebook_are_shipped():
    import linecache

    cells = ["from kflite import dsl\n", "class A:\n    def m(self):\n        return g()\n", "def g():\n    return 1\n"]
    cells.append("@dsl.component\ndef f() -> int:\n    return A().m()\n")
    notebook: dict = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        file = f"/nowhere/ipykernel_1/{number}.py"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        exec(compile(cell, file, "exec"), notebook)
    assert executed(notebook["f"])["f"]() == 1


def test_more_functions_can_be_given_by_hand():
    @dsl.component(additional_funcs=[defined_later])
    def f() -> int:
        return globals()["defined_later"](1)

    assert executed(f)["f"]() == 101


def test_functions_given_by_hand_may_stand_beside_the_component_in_a_function():
    def least(x: int) -> int:
        return min(x, 7)

    def clipped(x: int) -> int:
        return least(x) + 1

    @dsl.component(additional_funcs=[clipped, least])
    def f(x: int) -> int:
        return clipped(x)

    assert executed(f)["f"](9) == 8


def test_the_source_does_not_depend_on_where_in_the_file_the_function_stands(load):
    code = "@dsl.component\ndef f(x: int) -> int:\n    return x\n"
    assert (
        load(f"from kflite import dsl\n{code}").f.source.text == load(f"from kflite import dsl\n\n\n# more\n{code}").f.source.text
    )


def test_the_function_stays_callable_for_tests():
    @dsl.component
    def double(x: int) -> int:
        return 2 * x

    assert double.execute(x=2) == double.python_func(2) == 4


def uses_module(x: int):
    return os.getcwd()


def uses_module_under_another_name(x: int):
    return js.dumps(x)


def uses_imported_function(x: int):
    return join("a", "b")


def uses_variable(x: int):
    return [LIMIT for _ in range(x)]


def uses_variable_in_nested_function(x: int):
    def inner():
        return LIMIT

    return inner()


def uses_helper_that_uses_variable(x: int):
    return helper_with_variable()


def helper_with_variable():
    return LIMIT


@dsl.component
def other_component(x: int): ...


def uses_component(x: int):
    return other_component(x=1)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (uses_module, "'os', which is imported .*: write `import os` inside"),
        (uses_module_under_another_name, "'js', .*: write `import json as js` inside"),
        (uses_imported_function, "'join', .*: write `from os.path import join` inside"),
        (uses_variable, "'LIMIT', which is a variable of the module.*: pass it as a parameter"),
        (uses_variable_in_nested_function, "'LIMIT', which is a variable"),
        (uses_helper_that_uses_variable, "'LIMIT', which is a variable"),
        (uses_component, "'other_component', which is a component.*: call it in the pipeline"),
    ],
)
def test_what_cannot_be_shipped_is_refused_at_the_definition(function, words):
    with pytest.raises(CompileError, match=rf"test_source.py:\d+: component {function.__name__}\(\) uses {words}"):
        dsl.component(function)


def test_the_error_names_the_line_that_uses_the_name():
    line = uses_module.__code__.co_firstlineno + 1
    with pytest.raises(CompileError, match=rf"test_source.py:{line}:"):
        dsl.component(uses_module)


def test_a_variable_of_an_enclosing_function_is_refused():
    rate = 0.1

    with pytest.raises(
        CompileError, match=r"uses 'rate', which is a variable of the enclosing function.*: pass it as a parameter"
    ):

        @dsl.component
        def learn(x: float) -> float:
            return x * rate


def no_type(x): ...
def wrong_type(x: complex): ...
def unknown_type(x: Nowhere): ...  # noqa: F821
def wrong_default(x: int = "a"): ...
def any_number(*x: int): ...
async def coroutine(x: int): ...
def wrong_return(x: int) -> complex: ...
def generator(x: int):
    yield x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (no_type, "parameter 'x' of no_type.* has no type: use"),
        (wrong_type, "parameter 'x' .* has the type <class 'complex'>.*: use"),
        (unknown_type, "the annotations of unknown_type.* name 'Nowhere'.*: import it"),
        (wrong_default, "parameter 'x' .* declared as int, and its default is 'a'"),
        (any_number, "parameter 'x' .*: declare each input by its own name"),
        (coroutine, "async or a generator"),
        (generator, "async or a generator"),
        (wrong_return, "returns <class 'complex'>.*: use"),
        (lambda x: x, "a lambda has no name.*: write it as a `def`"),
        (print, "is no function"),
        (Point, "is no function"),
        (functools.wraps(no_type)(lambda: 1), "source of no_type|would be lost|lambda"),
    ],
)
def test_what_is_no_component_is_refused(function, words):
    with pytest.raises(CompileError, match=words):
        dsl.component(function)


def test_a_function_without_source_is_refused():
    names: dict = {}
    exec("def f(x: int): ...", names)
    with pytest.raises(CompileError, match=r"the source of f\(\) is not to be had: define it in a file"):
        dsl.component(names["f"])


def test_types_are_read_from_annotations_that_are_texts():
    @dsl.component
    def f(a: Input[Dataset], b: list[int], c: str | None = None): ...

    assert [str(spec.type) for spec in f.interface.inputs.values()] == ["system.Dataset", "list[int]", "str"]
