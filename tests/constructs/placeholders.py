"""Placeholders: in arguments of tasks, and in commands of containers, with Concat and IfPresent."""

from datetime import datetime
from typing import List, Optional

from constructs.case import COMMANDS, Case, borrowed, by_hand
from constructs.pieces import add, say, shown, write
from kfp import dsl
from kfp.dsl import Artifact, ConcatPlaceholder, ContainerSpec, Dataset, IfPresentPlaceholder, Input, Output, OutputPath
from unit.plans.dag.builder import constant, task

import kflite

IMAGE = "python:3.11"
PRINT = 'import sys; open(sys.argv[1], "w").write("|".join(sys.argv[2:]))'


@dsl.pipeline
def of_run() -> str:
    return shown(
        value=[
            dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
            dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER,
            dsl.PIPELINE_JOB_ID_PLACEHOLDER,
            dsl.PIPELINE_TASK_NAME_PLACEHOLDER,
            dsl.PIPELINE_TASK_ID_PLACEHOLDER,
            dsl.PIPELINE_ROOT_PLACEHOLDER,
            dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER,
            dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER,
            f"in text: {dsl.PIPELINE_TASK_NAME_PLACEHOLDER}!",
        ]
    ).output


def of_run_found(run: kflite.Run) -> None:
    name, resource, id, task, task_id, root, created, scheduled, text = eval(str(run.outputs["Output"]))
    assert (name, resource, id, task) == (run.name, f"runs/{run.id}", run.id, "shown")
    assert task_id == f"{run.id}/shown"
    assert root.endswith(f"of-run/{run.id}")
    assert datetime.fromisoformat(created) == datetime.fromisoformat(scheduled)
    assert text == "in text: shown!"


@dsl.container_component
def words(
    i: int,
    x: float,
    flag: bool,
    of: dict,
    items: list,
    out: OutputPath(str),
    text: str = "default",
):
    return ContainerSpec(IMAGE, ["python3", "-c", PRINT], [out, i, x, flag, of, items, text, "lit", f"--x={x}"])


@dsl.container_component
def names(out: OutputPath(str)):
    run = [
        dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
        dsl.PIPELINE_JOB_ID_PLACEHOLDER,
        dsl.PIPELINE_TASK_NAME_PLACEHOLDER,
        f"root={dsl.PIPELINE_ROOT_PLACEHOLDER}",
    ]
    return ContainerSpec(IMAGE, ["python3", "-c", PRINT], [out, *run])


@dsl.container_component
def joined(out: OutputPath(str), name: str, maybe: Optional[str] = None, many: Optional[list] = None):
    return ContainerSpec(
        IMAGE,
        ["python3", "-c", PRINT],
        [
            out,
            ConcatPlaceholder(["a-", name, "-", maybe]),
            IfPresentPlaceholder("maybe", then=["--maybe", maybe], else_=["--none"]),
            IfPresentPlaceholder("many", then=ConcatPlaceholder(["--many=", many])),
            ConcatPlaceholder(["<", IfPresentPlaceholder("maybe", then="yes", else_="no"), ">"]),
        ],
    )


@dsl.container_component
def copies(data: Input[Dataset], made: Output[Dataset], out: OutputPath(str)):
    code = (
        "import sys, os; d, uri, m, o = sys.argv[1:]; "
        "os.makedirs(os.path.dirname(m), exist_ok=True); open(m, 'w').write(open(d).read() * 2); "
        "open(o, 'w').write(str(uri.endswith(d)))"
    )
    return ContainerSpec(IMAGE, ["python3", "-c", code], [data.path, data.uri, made.path, out])


@dsl.container_component
def lists(out: OutputPath(str), parts: Input[List[Artifact]]):
    code = "import sys, json; open(sys.argv[1], 'w').write(str([a['name'] for a in json.loads(sys.argv[2])]))"
    return ContainerSpec(IMAGE, ["python3", "-c", code], [out, parts])


@dsl.container_component
def whole(out: OutputPath(str), n: int):
    code = (
        "import sys, json; given = json.loads(sys.argv[2]); n, outs = given['inputs']['parameterValues'], given['outputs']; "
        "open(sys.argv[1], 'w').write(f\"{n} {sorted(outs)} {sys.argv[3] == outs['outputFile']}\")"
    )
    return ContainerSpec(
        IMAGE,
        ["python3", "-c", code],
        [out, dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER, dsl.PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER],
    )


@dsl.pipeline
def all_words(text: str = "it's") -> str:
    made = add(a=3)
    return words(i=made.output, x=2.0, flag=True, of={"a": [1, {"b": 2.5}]}, items=[1, 2], text=text).outputs["out"]


@dsl.pipeline
def default_word() -> str:
    return words(i=1, x=0.5, flag=False, of={}, items=[]).outputs["out"]


@dsl.pipeline
def all_names() -> str:
    return names().outputs["out"]


@dsl.pipeline
def join_none() -> str:
    return joined(name="n").outputs["out"]


@dsl.pipeline
def join_all() -> str:
    return joined(name="n", maybe=say(text="m").output, many=[1]).outputs["out"]


@dsl.pipeline
def copy() -> Dataset:
    return copies(data=write(text="ab").outputs["data"]).outputs["made"]


@dsl.pipeline
def listed() -> str:
    with dsl.ParallelFor(["x", "y"]) as text:
        made = write(text=text)
    return lists(parts=dsl.Collected(made.outputs["data"])).outputs["out"]


@dsl.pipeline
def executor_input() -> str:
    return whole(n=3).outputs["out"]


def names_found(run: kflite.Run) -> None:
    name, id, task, root = str(run.outputs["Output"]).split("|")
    assert (name, id, task) == (run.name, run.id, "names")
    assert root.endswith(run.id)


def in_env() -> dict[str, object]:
    made = borrowed(say)
    box = made.executors["exec-say"]["container"]
    box["env"] = [{"name": "GREETING", "value": "<{{$.inputs.parameters['text']}}> {{$.pipeline_task_name}}"}]
    box["command"][-1] = box["command"][-1].replace("return text", "import os; return os.environ['GREETING']")
    return by_hand(made, say=task("say", inputs={"text": constant("hi")}))


def in_env_checked(run: kflite.Run) -> None:
    assert run.tasks["say"].outputs["Output"] == "<hi> say"


CASES = [
    Case("placeholders-of-run", of_run, None, also=of_run_found),
    Case("words", all_words, {"Output": '3|2|true|{"a":[1,{"b":2.5}]}|[1,2]|it\'s|lit|--x=2'}, on=COMMANDS),
    Case("words-default", default_word, {"Output": "1|0.5|false|{}|[]|default|lit|--x=0.5"}, on=("process",)),
    Case("words-joined-none", join_none, {"Output": "a-n-|--none|<no>"}, on=("process",)),
    Case("words-joined-all", join_all, {"Output": "a-n-m|--maybe|m|--many=[1]|<yes>"}, on=COMMANDS),
    Case("words-artifacts", copy, {"Output": "abab"}, on=COMMANDS),
    Case("words-artifact-list", listed, {"Output": "['data', 'data']"}, on=("process",)),
    Case("words-whole", executor_input, {"Output": "{'n': 3} ['artifacts', 'outputFile', 'parameters'] True"}, on=("process",)),
    Case("words-names", all_names, None, on=COMMANDS, also=names_found),
    Case("env-placeholders", in_env(), None, also=in_env_checked),
]
