"""What kflite's language can do where kfp's cannot, as IR that the official messages hold."""

import pytest
from unit.dsl.pieces import hold, join, load, number, real, save, text, tidy, total

from kflite import dsl
from kflite.dsl import Dataset, Input


def compiled(function) -> dict:
    return dsl.compile(dsl.pipeline(function)).documents[0]


def conditions(document: dict) -> dict[str, str]:
    """CEL by task, over all DAGs."""
    specs = [document["root"], *document["components"].values()]
    tasks = [pair for spec in specs for pair in spec.get("dag", {}).get("tasks", {}).items()]
    return {name: task["triggerPolicy"]["condition"] for name, task in tasks if "condition" in task.get("triggerPolicy", {})}


def value(name: str) -> str:
    return f"inputs.parameter_values['pipelinechannel--{name}']"


def test_conditions_are_joined_by_and_or_and_not():
    def p(n: int, s: str):
        with dsl.If((n == 1) & (s == "a") | ~(n > 2)):
            text()

    n, s = f"int({value('n')})", value("s")
    assert conditions(compiled(p)) == {"condition-1": f"({n} == 1 && {s} == 'a') || !({n} > 2)"}


def test_an_elif_with_an_or_keeps_its_meaning():
    def p(n: int):
        with dsl.If((n == 1) | (n == 2)):
            text()
        with dsl.Elif((n == 3) | (n == 4)):
            text()
        with dsl.Else():
            text()

    n = f"int({value('n')})"
    first, second = f"{n} == 1 || {n} == 2", f"{n} == 3 || {n} == 4"
    assert sorted(conditions(compiled(p)).values()) == sorted([first, f"!({first}) && ({second})", f"!({first}) && !({second})"])


@pytest.mark.parametrize("words", ["it's", 'say "x"', "back\\slash", "two\nlines", "é 🎉", "{{$}}"])
def test_any_text_can_be_compared_with(words):
    from cel import evaluate

    def p(s: str):
        with dsl.If(s == words):
            text()

    (condition,) = conditions(compiled(p)).values()
    assert evaluate(condition, {"inputs": {"parameter_values": {"pipelinechannel--s": words}}}) is True


def test_a_nested_oneof_is_a_branch_of_another():
    def p(n: int) -> str:
        with dsl.If(n == 1):
            a = text()
        with dsl.Else():
            with dsl.If(n == 2):
                b = text()
            with dsl.Else():
                c = text()
            inner = dsl.OneOf(b.output, c.output)
        outer = dsl.OneOf(a.output, inner)
        text(x=f"{outer}!")
        return outer

    spec = compiled(p)["components"]["comp-condition-branches-2"]["dag"]["outputs"]["parameters"]
    (selectors,) = (output["valueFromOneof"]["parameterSelectors"] for output in spec.values())
    assert [s["producerSubtask"] for s in selectors] == ["condition-1", "condition-3"]


def test_a_oneof_inside_a_loop_can_be_collected():
    def p():
        with dsl.ParallelFor([1, 2]) as item:
            with dsl.If(item == 1):
                a = text()
            with dsl.Else():
                b = text()
            one = dsl.OneOf(a.output, b.output)
        join(xs=dsl.Collected(one))

    outputs = compiled(p)["components"]["comp-for-loop-2"]["outputDefinitions"]["parameters"]
    assert [output["parameterType"] for output in outputs.values()] == ["LIST"]


def test_a_collected_list_can_be_looped_over():
    def p():
        with dsl.ParallelFor([1, 2]) as item:
            each, made = number(x=item), save()
        with dsl.ParallelFor(dsl.Collected(each.output)) as item:
            number(x=item)
        with dsl.ParallelFor(dsl.Collected(made.outputs["data"])) as data:
            load(data=data)

    tasks = compiled(p)["root"]["dag"]["tasks"]
    assert tasks["for-loop-3"]["parameterIterator"]["items"] == {"inputParameter": "pipelinechannel--number-Output"}
    assert tasks["for-loop-4"]["artifactIterator"]["items"] == {"inputArtifact": "pipelinechannel--save-data"}


def test_a_value_leaves_an_exit_handler_as_it_is_and_collected():
    def p():
        with dsl.ParallelFor([1, 2]) as item:
            end = tidy()
            with dsl.ExitHandler(end) as handler:
                each = number(x=item)
            number(x=each.output).after(handler, end)
        total(xs=dsl.Collected(each.output))

    components = compiled(p)["components"]
    handler = components["comp-exit-handler-3"]["outputDefinitions"]["parameters"]
    assert {o["parameterType"] for o in handler.values()} == {"NUMBER_INTEGER", "LIST"}
    loop = components["comp-for-loop-2"]["dag"]["tasks"]
    assert loop["number-2"]["dependentTasks"] == ["exit-handler-3", "tidy"]
    assert loop["tidy"]["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}


def test_entries_of_a_loop_item_reach_conditions_and_texts():
    def p():
        with dsl.ParallelFor([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]) as item:
            text(x=f"{item.b}!")
            with dsl.If(item.a == 1):
                number(x=item["a"])

    components = compiled(p)["components"]
    tasks = components["comp-for-loop-2"]["dag"]["tasks"]
    entry = {
        "componentInputParameter": "pipelinechannel--loop-item-param-1",
        "parameterExpressionSelector": 'parseJson(string_value)["b"]',
    }
    assert tasks["text"]["inputs"]["parameters"]["pipelinechannel--loop-item-param-1-subvar-b"] == entry
    assert tasks["condition-3"]["triggerPolicy"]["condition"] == f"int({value('loop-item-param-1-subvar-a')}) == 1"


def test_a_task_waits_for_a_loop_and_for_a_task_in_it():
    def p():
        loop = dsl.ParallelFor([1, 2])
        with loop as item:
            inside = number(x=item)
        text().after(loop)
        text().after(inside)

    tasks = compiled(p)["root"]["dag"]["tasks"]
    assert tasks["text"]["dependentTasks"] == tasks["text-2"]["dependentTasks"] == ["for-loop-2"]


def test_a_group_waits_for_what_a_task_in_it_comes_after():
    def p(n: int):
        first = text()
        with dsl.If(n == 1), dsl.ParallelFor([1]):
            text().after(first)

    assert compiled(p)["root"]["dag"]["tasks"]["condition-1"]["dependentTasks"] == ["text"]


def test_an_integer_may_go_where_a_float_is_declared():
    def p(n: int):
        real(x=n)
        real(x=1)

    assert set(compiled(p)["root"]["dag"]["tasks"]) == {"real", "real-2"}


def test_none_leaves_an_optional_input_out():
    def p():
        text(x=None)

    assert "inputs" not in compiled(p)["root"]["dag"]["tasks"]["text"]


def test_channels_inside_lists_and_dicts_become_texts_that_are_resolved():
    def p(n: int):
        first = number(x=n)
        hold(values={"deep": [first.output, {"n": n}]}, items=[n, "x"])

    inputs = compiled(p)["root"]["dag"]["tasks"]["hold"]["inputs"]["parameters"]
    text_of_n = "{{$.inputs.parameters['pipelinechannel--n']}}"
    assert inputs["items"]["runtimeValue"]["constant"] == [text_of_n, "x"]
    assert inputs["pipelinechannel--number-Output"] == {
        "taskOutputParameter": {"producerTask": "number", "outputParameterKey": "Output"}
    }


def test_equal_tasks_share_a_component_and_its_executor():
    def p():
        text()
        text().set_retry(1).set_caching_options(False)
        text().set_cpu_limit("2")

    document = compiled(p)
    assert set(document["components"]) == {"comp-text", "comp-text-3"}
    assert set(document["deploymentSpec"]["executors"]) == {"exec-text", "exec-text-3"}


def test_a_pipeline_that_is_used_twice_is_written_once():
    @dsl.pipeline
    def inner(n: int) -> int:
        return number(x=n).output

    def outer(n: int):
        inner(n=inner(n=n).output)

    document = compiled(outer)
    assert [t["componentRef"]["name"] for t in document["root"]["dag"]["tasks"].values()] == ["comp-inner", "comp-inner"]


def test_two_components_of_one_name_are_told_apart(load):
    other = load("from kflite import dsl\n@dsl.component\ndef text(y: int): ...\n").text

    def p():
        text()
        other(y=1)

    document = compiled(p)
    assert document["root"]["dag"]["tasks"]["text-2"]["componentRef"]["name"] == "comp-text-2"
    assert list(document["components"]["comp-text-2"]["inputDefinitions"]["parameters"]) == ["y"]


def test_a_task_named_like_another_ones_repeat_gets_a_name_of_its_own(load):
    named = load("from kflite import dsl\n@dsl.component\ndef text_2(): ...\n@dsl.component\ndef condition_1(): ...\n")

    def p(n: int):
        named.text_2()
        named.condition_1()
        text()
        text()
        with dsl.If(n == 1):
            text()

    names = set(compiled(p)["root"]["dag"]["tasks"])
    assert len(names) == 5


def test_positional_arguments_go_to_the_inputs_in_order():
    def p(n: int):
        number(n)

    task = compiled(p)["root"]["dag"]["tasks"]["number"]
    assert task["inputs"]["parameters"] == {"x": {"componentInputParameter": "n"}}


def test_a_component_alone_is_a_pipeline_of_one_task():
    document = dsl.compile(number).documents[0]
    assert document["pipelineInfo"]["name"] == "number"
    assert document["root"]["inputDefinitions"]["parameters"]["x"] == {
        "parameterType": "NUMBER_INTEGER",
        "defaultValue": 1.0,
        "isOptional": True,
    }


def test_a_timeout_stands_in_the_platform_document_where_kubernetes_finds_it():
    @dsl.pipeline
    def p():
        text().set_timeout(90)

    executors = {"exec-text": {"activeDeadlineSeconds": "90"}}
    assert dsl.compile(p).documents[1] == {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


def test_an_environment_variable_may_hold_an_output():
    def p():
        first = text()
        text().set_env_variable("WORD", f"{first.output}!")

    document = compiled(p)
    assert document["root"]["dag"]["tasks"]["text-2"]["dependentTasks"] == ["text"]
    env = document["deploymentSpec"]["executors"]["exec-text-2"]["container"]["env"]
    assert env == [{"name": "WORD", "value": "{{$.inputs.parameters['pipelinechannel--text-Output']}}!"}]


def test_kfp_reads_what_was_compiled():
    components = pytest.importorskip("kfp.components", reason="kfp is not installed: pip install '.[test]'")
    import json

    @dsl.pipeline
    def p(given: Input[Dataset], n: int = 1):
        with dsl.ParallelFor([1, 2]):
            load(data=given)
        number(x=n)

    assert components.load_component_from_text(json.dumps(dsl.compile(p).documents[0])).name == "p"


def test_a_thousand_tasks_compile_without_a_deep_stack():
    @dsl.pipeline
    def p():
        last = number()
        for _ in range(999):
            last = number(x=last.output)

    assert len(dsl.compile(p).spec.root.dag.tasks) == 1000
