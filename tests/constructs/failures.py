"""What goes wrong: the user's code, outputs that are missing or of another type, retries, settings from values of the run."""

import sys
from pathlib import Path
from typing import List, NamedTuple

from constructs.case import COMMANDS, Case, borrowed, by_hand
from constructs.pieces import add, fail, light, maybe, note, person, say, total
from kfp import dsl
from kfp.dsl import ContainerSpec, OutputPath
from unit.plans.dag.builder import constant, of, task

import kflite

IMAGE = "python:3.11"
CHECKOUT = Path(__file__).parents[2]


@light
def wrong_type() -> int:
    return "three"


@light
def wrong_list() -> List[int]:
    return {"a": 1}


@light
def returns_none() -> int:
    pass


@light
def not_json() -> dict:
    return {"of": object()}


@light
def wrong_count() -> NamedTuple("Out", [("a", int), ("b", int)]):
    return (1,)


@light
def syntax() -> int:
    return eval("1 +")


@light
def exits() -> int:
    import sys

    sys.exit(3)


@light
def missing_module() -> int:
    import a_module_that_nobody_has

    return a_module_that_nobody_has.x


@light
def killed() -> int:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)
    return 1


@light
def nan() -> float:
    return float("nan")


@dsl.container_component
def writes_nothing(out: OutputPath(str)):
    return ContainerSpec(IMAGE, ["true"], [out])


@dsl.container_component
def writes_words(out: OutputPath(int)):
    return ContainerSpec(IMAGE, ["python3", "-c", "import sys; open(sys.argv[1], 'w').write('many words')"], [out])


@dsl.container_component
def no_such_program(out: OutputPath(str)):
    return ContainerSpec(IMAGE, ["there-is-no-such-program"], [out])


@dsl.container_component
def fails_loudly(out: OutputPath(str)):
    return ContainerSpec(IMAGE, ["python3", "-c", "import sys; sys.exit('the disk is full')"], [out])


@dsl.container_component
def takes(text: str):
    return ContainerSpec(IMAGE, ["true"], [text])


@dsl.pipeline
def long_argument():
    takes(text=say(text="x" * 3_000_000).output)


@light
def flaky(times: int) -> int:
    import os

    index = int(os.environ["KFP_RETRY_INDEX"])
    if index < times:
        raise RuntimeError(f"try {index}")
    return index


@dsl.pipeline
def retried(times: int = 2) -> int:
    return flaky(times=times).set_retry(3, backoff_duration="0s").output


@dsl.pipeline
def flaky_inside(times: int = 1) -> int:
    say(text="once")
    with dsl.ParallelFor([1, 2]):
        looped = flaky(times=times)
    return add(a=flaky(times=times).output).after(looped).output


@dsl.pipeline
def sub_pipeline_retried() -> int:
    return flaky_inside().set_retry(2, backoff_duration="0s").output


@dsl.pipeline
def sub_pipeline_retried_in_vain() -> int:
    return flaky_inside(times=5).set_retry(1, backoff_duration="0s").output


@dsl.pipeline
def image_of_the_run(image: str = "python:3.11"):
    say(text="x").set_container_image(image)


@dsl.pipeline
def resources_of_the_run(cpu: str = "500m", memory: str = "64Mi") -> str:
    told = say(text=cpu)
    return say(text="ran").set_cpu_limit(told.output).set_memory_limit(memory).set_cpu_request("100m").output


@dsl.pipeline
def accelerators_of_the_run(count: str = "1"):
    say(text="x").set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(count)


@light
def in_env() -> str:
    import os

    return os.environ["FROM_PIPELINE"]


@dsl.pipeline
def environment() -> str:
    task = in_env()
    task.set_env_variable("FROM_PIPELINE", "a value").set_display_name("Shown to people")
    return task.output


@dsl.pipeline
def keeps_going():
    fail()
    note(text="beside").after(say(text="other"))
    say(text="below").after(fail())


@dsl.pipeline
def stops_fast():
    failed = fail()
    with dsl.ExitHandler(note(text="exit")):
        add(a=1)
    say(text="later").after(maybe(n=1).after(failed).ignore_upstream_failure())


def chain() -> dict[str, object]:
    made = borrowed(person, total)
    return by_hand(
        made,
        person=task("person", inputs={"name": constant("x"), "age": constant(1)}),
        total=task("total", inputs={"of": of("person", "Output") | {"parameterExpressionSelector": "value.name"}}),
    )


def attempts(count: int, path: str = "flaky") -> object:
    def check(run: kflite.Run) -> None:
        assert len(run.tasks[path].attempts) == count

    return check


def own_lines_only(run: kflite.Run) -> None:
    """The traceback and the messages are the user's: no line of ours is in them."""
    (task,) = run.tasks.values()
    told = task.logs() + task.message + run.reason
    for ours_by_chance in (sys.prefix, str(CHECKOUT), "kflite-home", "/runs"):  # a clone is called kflite, too
        told = told.replace(ours_by_chance, "")
    assert "kflite/" not in told, told


def failing(component: object, reason: str, **more: object) -> Case:
    name = component.name
    return Case(name, component, state="FAILED", tasks={name: f"FAILED: {reason}"}, also=own_lines_only, **more)


CASES = [
    failing(fail, "ValueError: it broke"),
    failing(wrong_type, "returned value of type"),
    failing(wrong_list, "returned value of type"),
    failing(returns_none, "output 'Output'"),
    failing(not_json, "object"),
    failing(wrong_count, "Error"),
    failing(syntax, "SyntaxError"),
    failing(exits, "exit status 3"),
    failing(missing_module, "No module named 'a_module_that_nobody_has'"),
    Case("killed", killed, state="FAILED", tasks={"killed": "FAILED: Killed killed by SIGKILL"}, on=("process",)),
    failing(writes_nothing, "output 'out' was not written", on=("process",)),
    failing(writes_words, "output 'out' must be a NUMBER_INTEGER, and its file holds 'many words'", on=COMMANDS),
    failing(no_such_program, "there-is-no-such-program", on=COMMANDS),
    failing(fails_loudly, "the disk is full", on=("process",)),
    Case("long-argument", long_argument, state="FAILED", tasks={"takes": "FAILED: Argument list too long"}, on=("process",)),
    Case("not-a-number", nan, {"Output": float("nan")}),
    Case("command-inline", writes_nothing, state="FAILED", says="use --on process", on=("inline",)),
    Case("retried", retried, {"Output": 2}, also=attempts(3)),
    Case("retried-in-vain", retried, given={"times": 9}, state="FAILED", also=attempts(4), says="RuntimeError: try 3"),
    Case(
        "retried-pipeline",
        sub_pipeline_retried,
        {"Output": 1},
        tasks={"flaky-inside/for-loop-2[1]/flaky": "SUCCEEDED"},
        also=attempts(2, "flaky-inside/for-loop-2[1]/flaky"),
    ),
    Case("retried-pipeline-in-vain", sub_pipeline_retried_in_vain, state="FAILED", also=attempts(2, "flaky-inside/flaky-2")),
    Case("image-of-the-run", image_of_the_run),
    Case("resources-of-the-run", resources_of_the_run, {"Output": "ran"}),
    Case(
        "resources-of-the-run-wrong",
        resources_of_the_run,
        given={"cpu": "many"},
        state="FAILED",
        tasks={"say-2": "FAILED: BadInput 'many'"},
    ),
    Case("accelerators-of-the-run", accelerators_of_the_run, state="FAILED", tasks={"say": "FAILED: NoCapacity"}),
    Case("environment", environment, {"Output": "a value"}),
    Case(
        "goes-on-after-a-failure",
        keeps_going,
        state="FAILED",
        tasks={"note": "SUCCEEDED", "say-2": "SKIPPED: fail-2 failed"},
    ),
    Case(
        "fails-fast",
        stops_fast,
        state="FAILED",
        options={"fail_fast": True, "parallel": 1},
        says="fail: exit status 1: ValueError: it broke",
        tasks={
            "exit-handler-1/add": "CANCELLED: fail failed, and the run stops at the first failure",
            "maybe": "SUCCEEDED",
            "note": "SUCCEEDED",
            "say": "SKIPPED",
        },
    ),
    Case("selector-unknown", chain(), refused="is no selector"),
]
