"""Exit tasks, upstream failures that are ignored, final statuses, and runs that are stopped."""

from constructs.case import EVERYWHERE, Case, borrowed, by_hand
from constructs.pieces import add, fail, fail_after, light, maybe, note, person, say, shown, status, total
from kfp import dsl
from unit.plans.dag.builder import task


@light
def cleanup(of: dsl.PipelineTaskFinalStatus, folder: str = "x") -> str:
    return f"{of.state} {folder} {of.pipeline_job_resource_name.startswith('runs/')}"


@dsl.pipeline
def good():
    with dsl.ExitHandler(status()):
        say(text="body")


@dsl.pipeline
def bad():
    with dsl.ExitHandler(status()):
        fail(why="the disk")
        say(text="goes on")


@dsl.pipeline
def plain_exit():
    with dsl.ExitHandler(note(text="without a status")):
        fail()


@dsl.pipeline
def with_inputs(where: str = "/data"):
    made = say(text="before")
    with dsl.ExitHandler(cleanup(folder=where)):
        say(text=made.output)


@dsl.pipeline
def two():
    with dsl.ExitHandler(status(), name="first"):
        fail(why="one")
    with dsl.ExitHandler(status(), name="second"):
        say(text="fine")


@dsl.pipeline
def tidy_up(text: str = "tidied"):
    said = say(text=text)
    with dsl.If(said.output == "tidied"):
        note(text="inner")


@dsl.pipeline
def pipeline_as_exit():
    with dsl.ExitHandler(tidy_up()):
        fail()


@dsl.pipeline
def after_handler():
    handler = dsl.ExitHandler(note())
    with handler:
        say(text="body")
    say(text="after").after(handler)


@dsl.pipeline
def loops_inside():
    with dsl.ExitHandler(status()):
        with dsl.ParallelFor([1, 2, 3]) as n:
            plus = add(a=n)
        total(of=dsl.Collected(plus.output))
        with dsl.If(say(text="x").output == "x"):
            note()


@dsl.pipeline
def fails_in_a_loop():
    with dsl.ExitHandler(status()), dsl.ParallelFor([1, 2]) as n, dsl.If(n == 2):
        fail_after(text=say(text="item").output)


@dsl.pipeline
def ignored():
    failed = fail()
    say(text="runs").after(failed).ignore_upstream_failure()


@dsl.pipeline
def ignored_with_default():
    failed = fail()
    maybe(n=failed.output).ignore_upstream_failure()


@dsl.pipeline
def ignored_good():
    made = add(a=1)
    maybe(n=made.output).ignore_upstream_failure()


@dsl.pipeline
def ignored_and_below():
    failed = fail()
    second = maybe(n=failed.output).ignore_upstream_failure()
    say(text=f"{second.output}")
    add(a=failed.output)


@dsl.pipeline
def ignored_text():
    failed = fail()
    say(text=f"it gave {failed.output}").ignore_upstream_failure()


@dsl.pipeline
def status_of_one():
    failed = fail(why="a reason")
    status().after(failed).ignore_upstream_failure()


@dsl.pipeline
def inner_fails() -> dict:
    made = person(name="x", age=1)
    fail()
    return made.output


@dsl.pipeline
def sub_pipeline_fails():
    inner = inner_fails()
    shown(value=[1]).after(inner)


def nested_handlers() -> dict[str, object]:
    """Exit tasks inside the body of another, which kfp refuses and we do not."""
    made = borrowed(say, fail, note)
    made.group("inner", {"fail": task("fail"), "note": task("note", ["fail"], always=True)})
    made.group("outer", {"inner": task("inner"), "note": task("note", ["inner"], always=True)})
    last = task("note", ["outer", "second"], always=True)
    below = task("note", ["last"])
    return by_hand(made, outer=task("outer"), second=task("note", ["outer"], always=True), last=last, below=below)


def gave(path: str, output: object) -> object:
    def check(run):
        assert run.tasks[path].outputs == {"Output": output}

    return check


FAILED_BODY = "FAILED exit-handler-1 1 fail: exit status 1: ValueError: the disk"

CASES = [
    Case("exit-good", good, tasks={"status": "SUCCEEDED"}, also=gave("status", "SUCCEEDED exit-handler-1 0 "), on=EVERYWHERE),
    Case(
        "exit-bad",
        bad,
        state="FAILED",
        says="exit-handler-1",
        tasks={"exit-handler-1/say": "SUCCEEDED", "status": "SUCCEEDED"},
        also=gave("status", FAILED_BODY),
        on=EVERYWHERE,
    ),
    Case("exit-plain", plain_exit, state="FAILED", tasks={"note": "SUCCEEDED", "exit-handler-1": "FAILED"}),
    Case("exit-inputs", with_inputs, also=gave("cleanup", "SUCCEEDED /data True")),
    Case(
        "exit-two",
        two,
        state="FAILED",
        tasks={"status": "SUCCEEDED", "status-2": "SUCCEEDED"},
        also=gave("status-2", "SUCCEEDED exit-handler-2 0 "),
    ),
    Case(
        "exit-pipeline",
        pipeline_as_exit,
        state="FAILED",
        tasks={"tidy-up": "SUCCEEDED", "tidy-up/condition-1/note": "SUCCEEDED"},
    ),
    Case("exit-then-after", after_handler, tasks={"say-2": "SUCCEEDED"}),
    Case("exit-any-nesting", loops_inside, also=gave("status", "SUCCEEDED exit-handler-1 0 ")),
    Case("exit-tells-where", fails_in_a_loop, state="FAILED", says="ValueError: item", tasks={"status": "SUCCEEDED"}),
    Case(
        "exit-nested",
        nested_handlers(),
        state="FAILED",
        tasks={
            "outer/inner/note": "SUCCEEDED",
            "outer/inner": "FAILED",
            "outer/note": "SUCCEEDED",
            "second": "SUCCEEDED",
            "last": "SUCCEEDED",
            "below": "SUCCEEDED",
        },
    ),
    Case("ignore-failure", ignored, state="FAILED", tasks={"say": "SUCCEEDED"}),
    Case("ignore-failure-default", ignored_with_default, state="FAILED", also=gave("maybe", -1)),
    Case("ignore-failure-good", ignored_good, also=gave("maybe", 1)),
    Case(
        "ignore-failure-below",
        ignored_and_below,
        state="FAILED",
        tasks={"say": "SUCCEEDED", "add": "SKIPPED: fail failed"},
        also=gave("say", "-1"),
    ),
    Case("ignore-failure-text", ignored_text, state="FAILED", tasks={"say": "FAILED: 'fail' did not give it"}),
    Case(
        "status-of-one", status_of_one, state="FAILED", also=gave("status", "FAILED fail 1 exit status 1: ValueError: a reason")
    ),
    Case(
        "sub-pipeline-fails",
        sub_pipeline_fails,
        state="FAILED",
        tasks={
            "inner-fails": "FAILED",
            "inner-fails/person": "SUCCEEDED",
            "shown": "SKIPPED: inner-fails failed",
        },
    ),
]
