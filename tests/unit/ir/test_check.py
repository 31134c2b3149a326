"""Checks: a sound pipeline has no problem, and each way to spoil it has one, at its path, with a remedy."""

from __future__ import annotations

import pytest
from unit.ir.documents import sound

from kflite.errors import InvalidPipeline
from kflite.ir.check import check, ensure, ignored

TASKS = "root/dag/tasks"
NO_JSON = "set is not a type that JSON has: give text, numbers, lists and mappings"
FIT = "deploymentSpec/executors/exec-fit/container"


def test_a_sound_pipeline_has_no_problem() -> None:
    assert check(sound()) == []
    assert check(sound(), {"rate": 0.5}) == []


@pytest.mark.parametrize(
    ("changes", "path", "problem"),
    [
        ({"schemaVersion": "2.0.1"}, "schemaVersion", "'2.0.1' is not '2.1.0'"),
        ({"pipelineInfo": {}}, "pipelineInfo.name", "no name"),
        ({"pipelineInfo/name": "Bad Name"}, "pipelineInfo.name", "lower-case"),
        ({"pipelineInfo/name": "../x"}, "pipelineInfo.name", "lower-case"),
        ({"root": ...}, "root", "has no root"),
        ({"root/dag": ..., "root/executorLabel": "exec-fit"}, "root", "has no dag"),
        ({f"{TASKS}": {}}, "root.dag.tasks", "has no task"),
        ({f"{TASKS}/a b": {"componentRef": {"name": "comp-last"}}}, "root.dag.tasks", "'a b' cannot name a task"),
        ({f"{TASKS}/..": {"componentRef": {"name": "comp-last"}}}, "root.dag.tasks", "'..' cannot name a task"),
        ({f"{TASKS}/x\ny": {"componentRef": {"name": "comp-last"}}}, "root.dag.tasks", "cannot name a task"),
        ({f"{TASKS}/{'x' * 300}": {"componentRef": {"name": "comp-last"}}}, "root.dag.tasks", "the limit is 200"),
        ({f"{TASKS}/fit/componentRef/name": "comp-fitt"}, f"{TASKS}/fit/componentRef", "did you mean 'comp-fit'"),
        ({f"{TASKS}/fit/taskInfo": {"name": "a\nb"}}, f"{TASKS}/fit/taskInfo/name", "line breaks"),
        ({f"{TASKS}/fit/dependentTasks": ["lod"]}, f"{TASKS}/fit/dependentTasks[0]", "did you mean 'load'"),
        ({f"{TASKS}/load/dependentTasks": ["fit"]}, f"{TASKS}", "wait for one another: fit -> load -> fit"),
        ({f"{TASKS}/load/dependentTasks": ["load"]}, f"{TASKS}", "load -> load"),
        ({"components/comp-fit/executorLabel": "exec-x"}, "components/comp-fit/executorLabel", "has no 'exec-x'"),
        ({"components/comp-fit/executorLabel": ...}, "components/comp-fit", "neither dag nor executorLabel"),
        (
            {f"{TASKS}/fit/inputs/parameters/rows/taskOutputParameter/producerTask": "lode"},
            f"{TASKS}/fit/inputs/parameters/rows/taskOutputParameter/producerTask",
            "no task 'lode' in this DAG",
        ),
        (
            {f"{TASKS}/fit/inputs/parameters/rows/taskOutputParameter/outputParameterKey": "row"},
            f"{TASKS}/fit/inputs/parameters/rows/taskOutputParameter/outputParameterKey",
            "task 'load' has no output parameter 'row': did you mean 'rows'?",
        ),
        (
            {f"{TASKS}/fit/inputs/artifacts/data/taskOutputArtifact/outputArtifactKey": "dato"},
            f"{TASKS}/fit/inputs/artifacts/data/taskOutputArtifact/outputArtifactKey",
            "no output artifact 'dato'",
        ),
        (
            {f"{TASKS}/fit/inputs/parameters/rate/componentInputParameter": "rat"},
            f"{TASKS}/fit/inputs/parameters/rate/componentInputParameter",
            "has no input 'rat'",
        ),
        (
            {f"{TASKS}/fit/inputs/parameters/rows": {"componentInputParameter": "mode"}},
            f"{TASKS}/fit/inputs/parameters/rows",
            "a whole number (NUMBER_INTEGER), and input 'mode' is STRING",
        ),
        (
            {f"{TASKS}/fit/inputs/parameters/rows": {"runtimeValue": {"constant": 1.5}}},
            f"{TASKS}/fit/inputs/parameters/rows/runtimeValue/constant",
            "1.5 is not a whole number",
        ),
        ({f"{TASKS}/fit/inputs/parameters/rows": {}}, f"{TASKS}/fit/inputs/parameters/rows", "it has no source"),
        ({f"{TASKS}/fit/inputs/parameters/rows": ...}, f"{TASKS}/fit/inputs/parameters", "needs the input 'rows'"),
        ({f"{TASKS}/fit/inputs/artifacts/data": ...}, f"{TASKS}/fit/inputs/artifacts", "needs the input 'data'"),
        (
            {f"{TASKS}/fit/inputs/parameters/more": {"runtimeValue": {"constant": 1}}},
            f"{TASKS}/fit/inputs/parameters/more",
            "has no such input",
        ),
        (
            {f"{TASKS}/load/inputs/parameters/pipelinechannel--rounds": ...},
            f"{TASKS}/load/inputs/parameters/url/runtimeValue/constant",
            "names an input that the task is not given",
        ),
        (
            {f"{TASKS}/last/inputs/parameters/status/taskFinalStatus/producerTask": "x"},
            f"{TASKS}/last/inputs/parameters/status/taskFinalStatus/producerTask",
            "no task 'x'",
        ),
        (
            {f"{TASKS}/fit/triggerPolicy/condition": "inputs.parameter_values['rate'] >"},
            f"{TASKS}/fit/triggerPolicy/condition",
            "is not CEL",
        ),
        (
            {f"{TASKS}/fit/triggerPolicy/condition": "inputs.parameter_values['x'] == 1"},
            f"{TASKS}/fit/triggerPolicy/condition",
            "reads the input 'x'",
        ),
        (
            {f"{TASKS}/fit/triggerPolicy/condition": "'int(inputs.parameter_values['rows'])' == 'x'"},
            f"{TASKS}/fit/triggerPolicy/condition",
            "kfp writes this where a value that is no text is compared with text",
        ),
        ({f"{TASKS}/fit/triggerPolicy/condition": "rate > 1"}, f"{TASKS}/fit/triggerPolicy/condition", "refers to 'rate'"),
        ({f"{TASKS}/fit/triggerPolicy/condition": "(" * 300}, f"{TASKS}/fit/triggerPolicy/condition", "nests too deep"),
        ({f"{TASKS}/fit/triggerPolicy/condition": "x" * 20_000}, f"{TASKS}/fit/triggerPolicy/condition", "the limit is 16,384"),
        ({f"{TASKS}/fit/retryPolicy/maxRetryCount": -1}, f"{TASKS}/fit/retryPolicy/maxRetryCount", "negative"),
        ({f"{TASKS}/fit/retryPolicy/backoffDuration": "-1s"}, f"{TASKS}/fit/retryPolicy/backoffDuration", "negative"),
        ({f"{TASKS}/each/iteratorPolicy/parallelismLimit": -1}, f"{TASKS}/each/iteratorPolicy/parallelismLimit", "negative"),
        (
            {f"{TASKS}/each/parameterIterator/items": {"raw": "1, 2"}},
            f"{TASKS}/each/parameterIterator/items/raw",
            "must be a JSON list",
        ),
        (
            {f"{TASKS}/each/parameterIterator/items/inputParameter": "size"},
            f"{TASKS}/each/parameterIterator/items/inputParameter",
            "given no input 'size' to loop over: did you mean 'sizes'?",
        ),
        ({f"{TASKS}/each/parameterIterator/itemInput": "x"}, f"{TASKS}/each/parameterIterator/itemInput", "no input 'x'"),
        (
            {"components/comp-each/inputDefinitions/parameters/sizes/parameterType": "STRUCT"},
            f"{TASKS}/each/parameterIterator/items/inputParameter",
            "a loop needs a LIST",
        ),
        (
            {"root/dag/outputs/parameters/score/valueFromParameter/producerSubtask": "x"},
            "root/dag/outputs/parameters/score/valueFromParameter/producerSubtask",
            "no task 'x'",
        ),
        (
            {"root/dag/outputs/artifacts/model/artifactSelectors": [{"producerSubtask": "fit", "outputArtifactKey": "m"}]},
            "root/dag/outputs/artifacts/model/artifactSelectors[0]/outputArtifactKey",
            "no output 'm'",
        ),
        (
            {f"{TASKS}/fit/inputs/parameters/rate/parameterExpressionSelector": "string_value.a"},
            f"{TASKS}/fit/inputs/parameters/rate/parameterExpressionSelector",
            "'string_value.a' is no selector: write parseJson",
        ),
        ({"root/dag/outputs/parameters/score": {}}, "root/dag/outputs/parameters/score", "add a selector"),
        ({"root/dag/outputs/artifacts": ...}, "root/outputDefinitions/artifacts/model", "no task gives this output"),
        ({"root/outputDefinitions/parameters/score": ...}, "root/dag/outputs/parameters/score", "declares no such output"),
        (
            {"components/comp-load/outputDefinitions/artifacts/..": {}},
            "components/comp-load/outputDefinitions/artifacts",
            "'..' cannot be a name",
        ),
        (
            {"root/inputDefinitions/parameters/rounds/defaultValue": "three"},
            "root/inputDefinitions/parameters/rounds/defaultValue",
            "'three' is not a whole number",
        ),
        (
            {"root/inputDefinitions/parameters/mode/defaultValue": "medium"},
            "root/inputDefinitions/parameters/mode/defaultValue",
            "none of 'fast', 'slow'",
        ),
        ({"root/inputDefinitions/parameters/rate": {}}, "root/inputDefinitions/parameters/rate", "has no parameterType"),
        (
            {"root/inputDefinitions/parameters/s": {"parameterType": "TASK_FINAL_STATUS", "isOptional": True}},
            "root/inputDefinitions/parameters/s",
            "cannot take TASK_FINAL_STATUS",
        ),
        ({"deploymentSpec/executors/exec-fit": {}}, "deploymentSpec/executors/exec-fit", "container or an importer"),
        (
            {"deploymentSpec/executors/exec-fit": {"resolver": {}}},
            "deploymentSpec/executors/exec-fit",
            "'resolver' cannot be run",
        ),
        ({f"{FIT}/image": ""}, f"{FIT}/image", "no image"),
        (
            {f"{FIT}/image": "a b"},
            f"{FIT}/image",
            "cannot name an image",
        ),
        (
            {f"{FIT}/comand": ["x"]},
            f"{FIT}/comand",
            "unknown key: remove it, or correct it (did you mean 'command'?)",
        ),
        (
            {f"{FIT}/command": ["{{$.inputs.parameters['x']}}"]},
            f"{FIT}/command[0]",
            "refers to 'x'",
        ),
        (
            {f"{FIT}/command": ["{{$.inputs.parameters.rate}}"]},
            f"{FIT}/command[0]",
            "is malformed",
        ),
        (
            {f"{FIT}/args": ['{"IfPresent": {"InputName": "not", "Then": "x"}}']},
            f"{FIT}/args[0]",
            "did you mean 'note'?",
        ),
        (
            {"deploymentSpec/executors/exec-load/container/resources/resourceCpuLimit": "much"},
            "deploymentSpec/executors/exec-load/container/resources/resourceCpuLimit",
            "'much' is not a number of CPUs: write cores as '2' or thousandths as '500m'",
        ),
        (
            {"deploymentSpec/executors/exec-load/container/resources/resourceCpuLimit": "1Gi"},
            "deploymentSpec/executors/exec-load/container/resources/resourceCpuLimit",
            "'1Gi' is not a number of CPUs",
        ),
        (
            {"deploymentSpec/executors/exec-load/container/resources/resourceMemoryRequest": "4 GB"},
            "deploymentSpec/executors/exec-load/container/resources/resourceMemoryRequest",
            "'4 GB' is not an amount of memory",
        ),
        (
            {"deploymentSpec/executors/exec-load/container/resources/accelerator": {"resourceCount": "some"}},
            "deploymentSpec/executors/exec-load/container/resources/accelerator/resourceCount",
            "'some' is not a number of GPUs",
        ),
        ({f"{FIT}/env": None}, f"{FIT}/env", "it is null"),
        (
            {"deploymentSpec/executors/exec-load/container/env": [{"name": "A=B"}]},
            "deploymentSpec/executors/exec-load/container/env[0]/name",
            "environment variable",
        ),
        (
            {"deploymentSpec/executors/exec-load": {"importer": {"artifactUri": {}}}},
            "deploymentSpec/executors/exec-load/importer/artifactUri",
            "names no URI",
        ),
        (
            {"deploymentSpec/executors/exec-load": {"importer": {"artifactUri": {"runtimeParameter": "uri"}}}},
            "deploymentSpec/executors/exec-load/importer/artifactUri/runtimeParameter",
            "no such input",
        ),
    ],
)
def test_each_problem_is_told_with_its_path(changes: dict[str, object], path: str, problem: str) -> None:
    found = check(sound(changes))
    assert any(where == path.replace("/", ".") and problem in text for where, text in found), found


def test_all_problems_are_told_in_one_go() -> None:
    changes = {"schemaVersion": "1", "pipelineInfo/name": "", f"{TASKS}/fit/dependentTasks": ["x"]}
    with pytest.raises(InvalidPipeline) as error:
        ensure(sound(changes), "mine.yaml", {"rat": 1})
    paths = [path for path, _ in error.value.problems]
    of_document = ["schemaVersion", "pipelineInfo.name", "root.dag.tasks.fit.dependentTasks[0]"]
    assert paths == [*of_document, "parameter rat", "parameter rate"]
    assert str(error.value).startswith("mine.yaml: ")


def test_a_pipeline_that_contains_itself_is_refused() -> None:
    again = {"again": {"componentRef": {"name": "comp-each"}, "inputs": {"parameters": {}}}}
    found = check(sound({"components/comp-each/dag/tasks": again}))
    assert any("contains itself (comp-each -> comp-each)" in text for _, text in found)


def test_a_pipeline_that_multiplies_beyond_use_is_refused() -> None:
    def layer(inner: str) -> dict[str, object]:
        return {"dag": {"tasks": {f"t{i}": {"componentRef": {"name": inner}} for i in range(10)}}}

    layers = {f"components/comp-{n}": layer(f"comp-{n + 1}") for n in range(8)}
    leaf = {"components/comp-8": {"executorLabel": "exec-last"}, f"{TASKS}/all": {"componentRef": {"name": "comp-0"}}}
    found = check(sound({**layers, **leaf}))
    assert any(path == "root" and "tasks: the limit is 1,000,000" in text for path, text in found)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, ("parameter rate", "it is required and not given: give a number, as --param rate=…")),
        ({"rate": "x"}, ("parameter rate", "'x' is not a number (declared as NUMBER_DOUBLE)")),
        ({"rate": True}, ("parameter rate", "true is not a number (declared as NUMBER_DOUBLE)")),
        ({"rate": None}, ("parameter rate", "it is null, and must be a number")),
        ({"rate": 1, "rounds": 2.5}, ("parameter rounds", "2.5 is not a whole number (declared as NUMBER_INTEGER)")),
        ({"rate": 1, "sizes": {}}, ("parameter sizes", "a mapping is not a list (declared as LIST)")),
        ({"rate": 1, "mode": "best"}, ("parameter mode", "'best' is none of 'fast', 'slow'")),
        ({"rate": 1, "Rate": 1}, ("parameter Rate", "the pipeline 'sound' has no such parameter: did you mean 'rate'?")),
        ({"rate": float("nan")}, ("parameter rate", "nan is not a number that JSON has")),
        ({"rate": 1, "sizes": [{1}]}, ("parameter sizes", NO_JSON)),
    ],
)
def test_parameters_are_checked_against_what_is_declared(given: dict[str, object], problem: tuple[str, str]) -> None:
    assert check(sound(), given) == [problem]  # type: ignore[arg-type]


def test_unknown_platforms_and_artifact_types_are_kept() -> None:
    from kflite.ir.pipeline import Pipeline

    platforms = {"mars": {"deploymentSpec": {"anything": [None]}}}
    assert check(Pipeline(sound().spec, platforms)) == []  # type: ignore[arg-type]


def test_retries_of_a_sub_pipeline_are_said_to_be_ignored_by_kfp_and_those_of_a_task_are_not() -> None:
    assert ignored(sound()) == []
    retried = sound({f"{TASKS}/each/retryPolicy": {"maxRetryCount": 2}})
    assert check(retried) == []
    ((path, reason),) = ignored(retried)
    assert path == "root.dag.tasks.each.retryPolicy"
    assert "KFP ignores them" in reason
    assert "set them on the tasks inside" in reason
