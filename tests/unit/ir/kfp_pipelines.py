"""Pipelines in kfp's own language, with each construct that its compiler knows. Needs kfp."""

# ruff: noqa: B006, E712, RUF013, UP006, UP035, UP045 - as kfp's users write
from typing import Dict, List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import Dataset, Input, InputPath, Metrics, Model, Output, OutputPath, PipelineTaskFinalStatus


@dsl.component
def number() -> int:
    return 1


@dsl.component
def real() -> float:
    return 1.0


@dsl.component
def flag() -> bool:
    return True


@dsl.component
def text(x: str = "a") -> str:
    return x


@dsl.component
def listed() -> list:
    return [1]


@dsl.component
def take_int(x: int) -> int:
    return x


@dsl.component
def take_float(x: float) -> float:
    return x


@dsl.component
def take_list(x: list):
    print(x)


@dsl.component
def take_dict(x: dict):
    print(x)


@dsl.component
def make(data: Output[Dataset], metrics: Output[Metrics]):
    pass


@dsl.component
def use(data: Input[Dataset]) -> NamedTuple("Two", [("a", int), ("b", str)]):
    return (1, "b")


@dsl.component
def use_many(data: Input[List[Dataset]]):
    pass


@dsl.component
def optional(x: Optional[int] = None, data: Optional[Input[Dataset]] = None, y: str = "z"):
    pass


@dsl.component
def status(s: PipelineTaskFinalStatus, x: str = "q"):
    pass


@dsl.component(packages_to_install=["numpy"], base_image="python:3.12")
def paths(i: InputPath("Dataset"), o: OutputPath("Model"), t: OutputPath(str)):
    pass


@dsl.container_component
def container(x: str, o: Output[Dataset], p: OutputPath(int), y: str = None):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-c", "echo $0", x],
        args=[dsl.IfPresentPlaceholder("y", ["--y", y], ["n"]), dsl.ConcatPlaceholder(["a", x, o.uri]), o.path, p],
    )


@dsl.container_component
def container_of_list(data: Input[List[Dataset]]):
    return dsl.ContainerSpec(image="alpine", command=["cat", data])


@dsl.pipeline
def conditions(x: int = 2, s: str = "s", f: float = 1.5, b: bool = True):
    n, t, r, g = number(), text(), real(), flag()
    with dsl.If(n.output == 1):
        text(x="a")
    with dsl.If(t.output != "q"):
        text(x=t.output)
    with dsl.If(r.output > 1):
        text(x="f")
    with dsl.If(n.output > 1.5):
        text(x="f")
    with dsl.If(g.output == True):
        text(x="g")
    with dsl.If(x == n.output), dsl.If(s == "s"):
        text(x="n")
    with dsl.If(f < 2.5):
        text()
    with dsl.If(b == False):
        text()


@dsl.pipeline
def one_of(x: str = "a") -> str:
    t = text(x=x)
    with dsl.If(t.output == "a"):
        a, d1 = text(x="1"), make()
    with dsl.Elif(t.output == "b"):
        b, d2 = text(x="2"), make()
    with dsl.Else():
        c, d3 = text(x="3"), make()
    use(data=dsl.OneOf(d1.outputs["data"], d2.outputs["data"], d3.outputs["data"]))
    return dsl.OneOf(a.output, b.output, c.output)


@dsl.pipeline
def loops(
    items: list,
    datasets: Input[List[Dataset]],
    numbers: List[int] = [1, 2],
    dicts: List[Dict[str, int]] = [{"a": 1}],
):
    with dsl.ParallelFor([1, 2, 3], parallelism=2) as i:
        take_int(x=i)
    with dsl.ParallelFor([1.5, 2.0]) as i:
        take_float(x=i)
    with dsl.ParallelFor([{"a": 1, "b": 2}]) as i:
        take_int(x=i.a)
        take_dict(x=i)
    with dsl.ParallelFor(items) as i:
        text(x=i)
    with dsl.ParallelFor(numbers) as i:
        take_int(x=i)
    with dsl.ParallelFor(dicts) as i:
        take_dict(x=i)
    with dsl.ParallelFor(listed().output) as i:
        t = text(x=i)
        with dsl.If(t.output == "a"), dsl.ParallelFor([1, 2]) as j:
            take_int(x=j)
    with dsl.ParallelFor(datasets) as d:
        use(data=d)


@dsl.pipeline
def collected() -> list:
    with dsl.ParallelFor([1, 2]) as i:
        a, m = take_int(x=i), make()
        with dsl.ParallelFor([1, 2]) as j:
            b, n = take_int(x=j), make()
    take_list(x=dsl.Collected(a.output))
    take_list(x=dsl.Collected(b.output))
    use_many(data=dsl.Collected(m.outputs["data"]))
    container_of_list(data=dsl.Collected(n.outputs["data"]))
    return dsl.Collected(a.output)


@dsl.pipeline
def inner(x: int, data: Input[Dataset], o: str = "q") -> int:
    use(data=data)
    return take_int(x=x).output


@dsl.pipeline
def nested(x: int = 1):
    i = inner(x=x, data=make().outputs["data"])
    take_int(x=i.output)
    optional()
    optional(x=x)


@dsl.pipeline
def exits():
    with dsl.ExitHandler(status(), name="body"):
        n = number()
        with dsl.If(n.output == 1):
            text()
    with dsl.ExitHandler(text(x="bye")):
        number()


@dsl.pipeline
def ignoring():
    text(x=text().output).ignore_upstream_failure()


@dsl.pipeline
def settings(image: str = "alpine", cpu: str = "1", memory: str = "1Gi", gpus: str = "1"):
    t = number().set_cpu_limit("500m").set_cpu_request("0.5").set_memory_limit("4Gi").set_memory_request("1G")
    t.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1).set_env_variable("A", "b").set_display_name("Nice name")
    t.set_retry(3, "10s", 2.0, "100s").set_caching_options(True, cache_key="k")
    u = text().set_container_image(image).set_cpu_limit(cpu).set_memory_limit(memory)
    u.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(gpus).after(t).set_caching_options(False)


@dsl.pipeline
def imports(uri: str = "gs://a/b"):
    i = dsl.importer(artifact_uri=uri, artifact_class=Dataset, metadata={"a": 1, "b": uri})
    dsl.importer(artifact_uri="gs://x/y", artifact_class=Model, reimport=True)
    use(data=i.output)


@dsl.pipeline
def placeholders(x: int = 1):
    t, u = text(x=f"a-{x}"), number()
    container(x=f"{t.output} and {u.output} {dsl.PIPELINE_JOB_NAME_PLACEHOLDER}")
    take_dict(x={"a": t.output, "b": [u.output, x]})
    take_list(x=[x, u.output, "q"])
    text(x=dsl.PIPELINE_JOB_ID_PLACEHOLDER)


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def workspace():
    text(x=dsl.WORKSPACE_PATH_PLACEHOLDER)


@dsl.pipeline
def by_path():
    paths(i=make().outputs["data"])


ALL = [
    conditions, one_of, loops, collected, nested, exits, ignoring, settings, imports, placeholders, workspace, by_path,
    number, container, optional,
]  # fmt: skip
