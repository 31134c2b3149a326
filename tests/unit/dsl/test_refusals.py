"""What a pipeline cannot say: each error names the line, the thing, and what to do."""

import re

import pytest
from unit.dsl.pieces import hold, join, load, number, save, text, tidy, total

from kflite import dsl
from kflite.dsl import Dataset, Input
from kflite.errors import CompileError


def branch_without_oneof(n: int):
    with dsl.If(n == 1):
        a = text()
    text(x=a.output)


def loop_without_collected():
    with dsl.ParallelFor([1]):
        a = text()
    text(x=a.output)


def item_outside():
    with dsl.ParallelFor([1]) as item:
        text()
    number(x=item)


def collected_without_loop():
    total(xs=dsl.Collected(number().output))


def collected_inside():
    with dsl.ParallelFor([1]):
        total(xs=dsl.Collected(number().output))


def collected_of_an_input(n: int):
    total(xs=dsl.Collected(n))


def collected_from_a_branch(n: int):
    with dsl.If(n == 1), dsl.ParallelFor([1]):
        a = number()
    total(xs=dsl.Collected(a.output))


def cycle():
    a = text()
    b = text(x=a.output)
    a.after(b)


def after_a_branch(n: int):
    with dsl.If(n == 1):
        a = text()
    text().after(a)


def after_its_own_group():
    loop = dsl.ParallelFor([1])
    with loop:
        text().after(loop)


def after_itself():
    a = text()
    a.after(a)


def oneof_without_else(n: int):
    with dsl.If(n == 1):
        a = text()
    with dsl.Elif(n == 2):
        b = text()
    dsl.OneOf(a.output, b.output)


def oneof_without_a_branch(n: int):
    with dsl.If(n == 1):
        a = text()
    with dsl.Elif(n == 2):
        text()
    with dsl.Else():
        c = text()
    dsl.OneOf(a.output, c.output)


def oneof_of_two_types(n: int):
    with dsl.If(n == 1):
        a = text()
    with dsl.Else():
        b = number()
    dsl.OneOf(a.output, b.output)


def oneof_outside():
    dsl.OneOf(text().output, text().output)


def python_if(n: int):
    if n == 1:
        text()


def python_and(n: int):
    with dsl.If(n == 1 and n == 2):
        text()


def python_chain(n: int):
    with dsl.If(0 < n < 3):
        text()


def python_for(xs: list):
    for x in xs:
        text(x=x)


def bare_condition(b: bool):
    with dsl.If(b):
        text()


def two_types_compared(s: str, n: int):
    with dsl.If(s == n):
        text()


def text_against_number(n: int):
    with dsl.If(n == "1"):
        text()


def list_compared(xs: list):
    with dsl.If(xs == 1):
        text()


def bools_ordered(b: bool):
    with dsl.If(b > False):
        text()


def else_without_if():
    text()
    with dsl.Else():
        text()


def empty_group(n: int):
    with dsl.If(n == 1):
        pass


def no_tasks(): ...


def wrong_type(s: str):
    number(x=s)


def wrong_constant():
    number(x="1")


def not_json():
    hold(values={"a": [object()]})


def missing_input():
    load()


def unknown_input():
    text(y="a")


def input_twice():
    text("a", x="b")


def task_as_value():
    text(x=text())


def constant_as_artifact():
    load(data="gs://x")


def artifact_in_text(d: Input[Dataset]):
    text(x=f"{d}")


def wrong_artifact():
    load(data=save().outputs["more"])


def several_outputs():
    text(x=save().output)


def unknown_output():
    text(x=save().outputs["other"])


def no_output():
    text(x=load(data=save().outputs["data"]).output)


def loop_over_text():
    with dsl.ParallelFor("abc"):
        text()


def loop_over_number(n: int):
    with dsl.ParallelFor(n):
        text()


def negative_parallelism():
    with dsl.ParallelFor([1], parallelism=-1):
        text()


def missing_entry():
    with dsl.ParallelFor([{"a": 1}, {"b": 1}]) as item:
        number(x=item.a)


def entry_of_number():
    with dsl.ParallelFor([1]) as item:
        number(x=item.a)


def status_of_nothing():
    tidy()


def exit_task_elsewhere(n: int):
    end = tidy()
    with dsl.If(n == 1), dsl.ExitHandler(end):
        text()


def exit_task_twice():
    end = tidy()
    with dsl.ExitHandler(end):
        text()
    with dsl.ExitHandler(end):
        text()


def exit_task_is_component():
    with dsl.ExitHandler(tidy):
        text()


def ignoring_without_default():
    load(data=save().outputs["data"]).ignore_upstream_failure()


def cpu_in_words():
    text().set_cpu_limit("two")


def memory_in_words():
    text().set_memory_limit("4 gigabytes")


def half_a_gpu():
    text().set_accelerator_limit("0.5")


def time_in_words():
    text().set_retry(1, backoff_duration="a minute")


def negative_retries():
    text().set_retry(-1)


def no_time():
    text().set_timeout(0)


def returns_nothing() -> str:
    text()


def returns_undeclared():
    return text().output


def returns_wrong_type() -> int:
    return text().output


def returns_task() -> str:
    return text()


def returns_input(n: int) -> int:
    text()
    return n


def collected_in_text():
    with dsl.ParallelFor([1]):
        a = text()
    join(xs=[f"{dsl.Collected(a.output)}"])


def entry_of_an_output():
    text(x=text().output["a"])


def text_put_together():
    text(x="a" + text(x="b").output)


REFUSALS = {
    entry_of_an_output: "'text' has no value before the run, so Python cannot look into it: take it apart in a component",
    text_put_together: "'text' has no value before the run, so Python cannot compute with it: .*a text may hold it, as f'{x}'",
    branch_without_oneof: "output 'Output' of 'text' has no value when its branch does not run: join .*dsl.OneOf",
    loop_without_collected: "has a value for each item of a loop: pass dsl.Collected",
    item_outside: "item of the loop is used outside of the loop",
    collected_without_loop: "not in a dsl.ParallelFor.*: pass it without dsl.Collected",
    collected_inside: "not in a dsl.ParallelFor.*: pass it without dsl.Collected",
    collected_of_an_input: "dsl.Collected takes the output of a task",
    collected_from_a_branch: "has no value when its branch does not run",
    cycle: "'text', 'text-2' wait for each other: remove",
    after_a_branch: "branch that may not run: put both into the same branch",
    after_its_own_group: "names a group that it is in",
    after_itself: r"text.after\(\) takes other tasks",
    oneof_without_else: "add a dsl.Else",
    oneof_without_a_branch: "2 outputs for 3 branches: give it one from each",
    oneof_of_two_types: "give outputs of one type",
    oneof_outside: "one output from each branch of the same dsl.If",
    python_if: "Python cannot test it: use dsl.If",
    python_and: "in place of `and`, `or`, `not`",
    python_chain: "chained comparisons",
    python_for: "input 'xs' has no value before the run: loop over it with dsl.ParallelFor",
    bare_condition: "dsl.If takes a condition, as in `x == 1`, not <input 'b': bool>",
    two_types_compared: "different types",
    text_against_number: "different types",
    list_compared: "only str, int, float and bool can be compared",
    bools_ordered: "only be compared by == and !=",
    else_without_if: "dsl.Else must stand right after a dsl.If or dsl.Elif",
    empty_group: "dsl.If has no tasks: put one into it",
    no_tasks: "the pipeline no-tasks has no tasks: call a component",
    wrong_type: "'x' is declared as int, and it was given the input 's' .str.",
    wrong_constant: "'x' is declared as int, and it was given '1' .str.",
    not_json: "'values' was given <object.*, which JSON cannot hold",
    missing_input: r"load\(\) needs the input 'data' .system.Dataset.: pass data=",
    unknown_input: r"text\(\) has no input 'y': it has x",
    input_twice: "given its input 'x' twice",
    task_as_value: "was given the task 'text': pass one of its outputs",
    constant_as_artifact: "pass a task's output or dsl.importer",
    artifact_in_text: "the artifact input 'd' cannot stand in a text",
    wrong_artifact: "declared as system.Dataset, and it was given the output 'more' of 'save' .system.Model.",
    several_outputs: "save has 2 outputs: use .outputs",
    unknown_output: "save has no output 'other', only .'data', 'more'.",
    no_output: "load has no outputs: declare one",
    loop_over_text: "takes a list, not 'abc'",
    loop_over_number: "cannot loop over the input 'n', which is int: give it a list",
    negative_parallelism: "parallelism -1: give a positive number",
    missing_entry: "not every item of the loop has the entry 'a'",
    entry_of_number: "which has no entry 'a'",
    status_of_nothing: "tidy has an input of type PipelineTaskFinalStatus: make it the exit task",
    exit_task_elsewhere: "must be in the same group as its handler",
    exit_task_twice: "exit task of two handlers: make another task",
    exit_task_is_component: "takes a task, not <PythonComponent tidy>: call the component first",
    ignoring_without_default: "the input 'data' of load comes from another task and has no default: give it one",
    cpu_in_words: "'two' is not a number of CPUs, like",
    memory_in_words: "'4 gigabytes' is not an amount of memory, like",
    half_a_gpu: "takes a whole number, not '0.5'",
    time_in_words: "'a minute' is no time: write it like '30s'",
    negative_retries: "num_retries of 0 or more",
    no_time: "whole number of seconds above 0, not 0",
    returns_nothing: "returns .. and declares .'Output'.",
    returns_undeclared: "returns .'Output'. and declares ..: annotate",
    returns_wrong_type: "declared as int, and output 'Output' of 'text' is str",
    returns_task: "is a task: return text.output",
    returns_input: "pass it through a component",
    collected_in_text: "dsl.Collected cannot stand in a text",
}


@pytest.mark.parametrize("function", REFUSALS, ids=lambda f: f.__name__)
def test_a_pipeline_is_refused_with_line_and_remedy(function):
    with pytest.raises(CompileError, match=rf"^{re.escape(__file__)}:\d+: .*{REFUSALS[function]}"):
        dsl.compile(dsl.pipeline(function))


def test_the_error_names_the_line_of_the_pipeline():
    line = wrong_constant.__code__.co_firstlineno + 1
    with pytest.raises(CompileError, match=rf"test_refusals.py:{line}: "):
        dsl.pipeline(wrong_constant)


def test_a_component_called_outside_a_pipeline_says_what_to_do():
    with pytest.raises(CompileError, match=r"text\(\) is called outside a pipeline: put it into a function with @dsl.pipeline"):
        text()


def test_a_failed_pipeline_leaves_nothing_behind_for_the_next():
    with pytest.raises(CompileError):
        dsl.pipeline(wrong_constant)

    @dsl.pipeline
    def sound():
        text()

    assert set(dsl.compile(sound).documents[0]["root"]["dag"]["tasks"]) == {"text"}


def test_a_container_component_must_return_its_container():
    with pytest.raises(CompileError, match=r"a container component returns dsl.ContainerSpec"):

        @dsl.container_component
        def c(x: str):
            return ["echo", x]


def test_a_command_takes_no_numbers():
    with pytest.raises(CompileError, match=r"the command of c\(\) holds 1: give texts"):

        @dsl.container_component
        def c():
            return dsl.ContainerSpec("alpine", ["sleep", 1])


def test_a_command_asks_only_for_inputs_that_there_are():
    with pytest.raises(CompileError, match="asks for the input 'y'"):

        @dsl.container_component
        def c(x: str):
            return dsl.ContainerSpec("alpine", ["echo", dsl.IfPresentPlaceholder("y", x)])


def test_resources_belong_to_tasks_that_run_code():
    @dsl.pipeline
    def inner():
        text()

    with pytest.raises(CompileError, match="needs a task that runs code itself, and 'inner' does not: set it inside"):

        @dsl.pipeline
        def outer():
            inner().set_cpu_limit("2")


def test_a_pipeline_inside_another_is_not_retried_as_a_whole():
    @dsl.pipeline
    def inner():
        text()

    with pytest.raises(
        CompileError, match=r"set_retry\(\) needs a task that runs code itself, and 'inner' does not: set it inside"
    ):

        @dsl.pipeline
        def outer():
            inner().set_retry(2)


def test_an_output_of_another_pipeline_cannot_be_used():
    kept = []

    @dsl.pipeline
    def first():
        kept.append(text().output)

    @dsl.pipeline
    def second():
        text(x=kept[0])

    with pytest.raises(CompileError, match="belongs to"):
        dsl.compile(second)
