"""Pipelines that use each construct; test_against_kfp compiles this file as it is, and with kfp's dsl in place of ours."""

# ruff: noqa: B006, E712, SIM117, SIM300, UP006, UP014, UP035, UP045 - kfp reads this too

from typing import Dict, List, NamedTuple, Optional

from kflite import dsl
from kflite.dsl import Artifact, Dataset, Input, InputPath, Model, Output, OutputPath


class Parts(NamedTuple):
    x: int
    y: str
    model: Model


@dsl.component
def add(
    a: int,
    b: float = 1.0,
    c: Optional[str] = None,
    d: List[int] = [1, 2],
    e: dict = {"a": 1},
    f: bool = False,
) -> int:
    """Adds.

    Args:
        a: the first
        c (str): the third, in
            two lines

    Returns:
        the sum
    """
    return a


@dsl.component
def echo(x: str = "a") -> str:
    return x


@dsl.component(base_image="python:3.12", packages_to_install=["numpy"])
def real(x: float = 0.5) -> float:
    return x


@dsl.component
def truth() -> bool:
    return True


@dsl.component
def numbers(items: list = [1]) -> List[int]:
    return items


@dsl.component
def records() -> List[Dict[str, int]]:
    return [{"a": 1}]


@dsl.component
def total(xs: List[int]) -> int:
    return sum(xs)


@dsl.component
def words(xs: List[str]) -> str:
    return "".join(xs)


@dsl.component
def make(data: Output[Dataset], count: OutputPath(int), other: OutputPath("Dataset")): ...


@dsl.component
def use(data: Input[Dataset], path: InputPath("Dataset"), n: InputPath(int) = 2, extra: Optional[Input[Model]] = None): ...


@dsl.component
def look(data: Input[Artifact]): ...


@dsl.component
def one(data: Input[Dataset]): ...


@dsl.component
def show(model: Input[Model]): ...


@dsl.component
def many(data: Input[List[Dataset]]): ...


@dsl.component
def train(data: Dataset) -> Model:
    return Model(uri=dsl.get_uri("model"))


@dsl.component
def split(n: int = 3) -> NamedTuple("Split", [("x", int), ("y", str), ("model", Model)]): ...


@dsl.component
def tidy(status: dsl.PipelineTaskFinalStatus, note: str = ""): ...


@dsl.container_component
def shell(
    a: str,
    n: int,
    data: Input[Dataset],
    model: Output[Model],
    out: OutputPath(int),
    sets: Input[List[Dataset]],
    b: Optional[str] = None,
):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-c", "echo", a, f"--n={n}", data.path, data.uri, model.path, out, dsl.ConcatPlaceholder(["--x=", a, n])],
        args=[
            sets,
            data.metadata,
            data.metadata["k"],
            model.metadata,
            dsl.IfPresentPlaceholder("b", ["--b", b], ["none"]),
            dsl.IfPresentPlaceholder("b", then=dsl.ConcatPlaceholder(["z", b])),
        ],
    )


@dsl.pipeline
def constants_and_texts(n: int = 2, s: str = "a", absent: Optional[str] = None, items: List[int] = [1]) -> int:
    """What it does.

    In more words.

    Args:
        n: a number
    """
    first = add(a=n)
    second = add(
        a=first.output, b=2.5, c=f"x-{first.output}-{s}", d=[1, n, first.output], e={"k": first.output, "q": [s]}, f=True
    )
    echo(x=s).after(first)
    echo(x=dsl.PIPELINE_JOB_NAME_PLACEHOLDER)
    add(a=1, d=items, e={"deep": {"er": [1.5, "x", True]}})
    return second.output


@dsl.pipeline(name="My pipeline", description="told", pipeline_root="gs://bucket/x", display_name="Shown")
def settings(cpu: str = "1", gpus: int = 1):
    task = echo(x="b")
    task.set_retry(3, backoff_duration="30s", backoff_factor=3, backoff_max_duration="100s").set_caching_options(False)
    task.set_env_variable("A", "b").set_cpu_limit("2").set_memory_limit("4Gi").set_cpu_request("500m").set_memory_request("1G")
    task.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(2).set_display_name("An echo")
    real().set_caching_options(True, cache_key="k").set_retry(1).set_gpu_limit(1)
    known = echo()
    late = echo().set_cpu_limit(cpu).set_memory_limit(known.output).set_accelerator_limit(gpus)
    late.set_accelerator_type(known.output).set_container_image(f"x:{known.output}").set_env_variable("A", "x")
    echo(x=known.output).ignore_upstream_failure()


@dsl.pipeline
def conditions(n: int = 2, s: str = "a", f: float = 1.0, t: bool = True):
    number, text, fraction, flag = add(a=n), echo(), real(), truth()
    with dsl.If(number.output == 3, "shown"):
        inner = echo(x=text.output)
        with dsl.If(n > 2.5):
            echo(x=inner.output)
        with dsl.Else():
            echo()
    with dsl.If(text.output == "x"):
        echo()
    with dsl.Elif(text.output != s):
        add(a=n)
    with dsl.Elif(f >= number.output):
        add(a=n)
    with dsl.Else():
        echo(x=text.output)
    with dsl.If(fraction.output < 3):
        echo().after(flag)
    with dsl.If(flag.output == True):
        echo()
    with dsl.If(t == False):
        echo()
    with dsl.If(text.output == 5):
        echo()
    with dsl.Condition(number.output <= n):
        echo()
    with dsl.If(fraction.output == fraction.output):
        echo()
    with dsl.If("x" == s):
        echo()
    with dsl.If(1 < n):
        echo()


@dsl.pipeline
def branches_joined(n: int = 2) -> str:
    with dsl.If(n == 1):
        a = echo(x="1")
        made = split()
    with dsl.Elif(n == 2):
        b = echo(x="2")
        other = split()
    with dsl.Else():
        c = echo(x="3")
        third = split()
    joined = dsl.OneOf(a.output, b.output, c.output)
    echo(x=joined)
    show(model=dsl.OneOf(made.outputs["model"], other.outputs["model"], third.outputs["model"]))
    return joined


@dsl.pipeline
def loops(xs: List[int] = [1, 2], rows: List[dict] = [{"a": 1}], any_list: list = [1]) -> List[int]:
    items, text, table = numbers(), echo(), records()
    with dsl.ParallelFor([1, 2, 3], name="shown", parallelism=2) as item:
        each = add(a=item)
        echo(x=text.output)
    total(xs=dsl.Collected(each.output))
    with dsl.ParallelFor(items.output) as item:
        add(a=item)
    with dsl.ParallelFor(xs) as outer:
        with dsl.ParallelFor(["a", "b"]) as inner:
            both = add(a=outer, c=inner)
        sums = total(xs=dsl.Collected(both.output))
        with dsl.If(outer == 1):
            add(a=sums.output)
    with dsl.ParallelFor([{"a": 1, "b": 3}, {"a": 2, "b": 4}]) as item:
        add(a=item.a)
    with dsl.ParallelFor(rows) as item:
        add(a=item.a)
        add(a=item.q)
    with dsl.ParallelFor(table.output) as item:
        add(a=item.a)
    with dsl.ParallelFor([1.5, 2]) as item:
        echo(x=f"{item}")
    with dsl.ParallelFor([True, False]) as item:
        echo(x=f"{item}")
    with dsl.ParallelFor([[1, 2], [3]]) as item:
        total(xs=item)
    with dsl.ParallelFor(any_list) as item:
        last = echo(x=item)
        with dsl.If(item == 1):
            echo()
    echo().after(last)
    return dsl.Collected(each.output)


@dsl.pipeline
def nested_loops(n: int = 1):
    with dsl.ParallelFor([1, 2]):
        with dsl.ParallelFor(["a", "b"]) as item:
            text = echo(x=item)
            made = make()
    words(xs=dsl.Collected(text.output))
    many(data=dsl.Collected(made.outputs["data"]))
    with dsl.ParallelFor([1, 2]) as item:
        with dsl.If(item == n):
            text = echo()
    words(xs=dsl.Collected(text.output))


@dsl.pipeline
def artifacts(given: Input[Dataset], sets: Input[List[Dataset]], n: int = 1) -> NamedTuple(
    "Made", [("sets", List[Dataset]), ("k", int), ("model", Model)]
):
    made = make()
    use(data=made.outputs["data"], path=made.outputs["data"], n=made.outputs["count"])
    one(data=made.outputs["other"])
    look(data=made.outputs["data"])
    with dsl.ParallelFor([1, 2]):
        each = make()
    many(data=dsl.Collected(each.outputs["data"]))
    fitted = train(data=given)
    parts = split()
    with dsl.ParallelFor([1]):
        one(data=given)
    with dsl.ParallelFor(sets) as item:
        with dsl.ParallelFor([1]):
            one(data=item)
        one(data=item)
    shell(a="x", n=n, data=given, sets=dsl.Collected(each.outputs["data"]))
    made_type = NamedTuple("Made", [("sets", List[Dataset]), ("k", int), ("model", Model)])
    return made_type(sets=dsl.Collected(each.outputs["data"]), k=parts.outputs["x"], model=fitted.output)


@dsl.pipeline
def inner_pipeline(a: int, b: str = "q", o: Optional[int] = None) -> int:
    return add(a=a, c=b).output


@dsl.pipeline
def middle_pipeline(a: int, data: Input[Dataset]) -> Model:
    inner_pipeline(a=a)
    return train(data=data).output


@dsl.pipeline
def nested_pipelines(n: int):
    first = inner_pipeline(a=n)
    second = inner_pipeline(a=first.output, b="z")
    made = make()
    model = middle_pipeline(a=second.output, data=made.outputs["data"]).set_display_name("Shown")
    model.set_caching_options(False)
    show(model=model.output)
    with dsl.If(n == 1):
        inner_pipeline(a=second.output).after(made)


@dsl.pipeline
def exit_handlers(n: int = 1):
    end = tidy(note=f"{n}")
    with dsl.ExitHandler(end, name="shown"):
        first = add(a=n)
        with dsl.ParallelFor([1]) as item:
            add(a=item)
            add(a=first.output)
    plain = echo()
    with dsl.ExitHandler(plain):
        echo(x="1")


@dsl.pipeline
def importers(uri: str = "gs://x"):
    known = dsl.importer(
        artifact_uri="gs://b/c", artifact_class=Dataset, reimport=True, metadata={"a": 1, "n": uri, "q": [1.5, uri]}
    )
    one(data=known.output)
    dsl.importer(artifact_uri=uri, artifact_class=Model)
    with dsl.ParallelFor([{"a": "gs://x"}]) as item:
        dsl.importer(artifact_uri=item.a, artifact_class=Model)
    text = echo()
    show(model=dsl.importer(artifact_uri=text.output, artifact_class=Model).output)
