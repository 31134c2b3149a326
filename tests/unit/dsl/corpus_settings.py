"""Pipelines with what is set beside inputs; test_against_kfp compiles this file with kfp and with kflite."""

# ruff: noqa: B006, UP006, UP035 - kfp reads this too

from typing import Dict, List

from kflite import dsl
from kflite.dsl import Artifact, Dataset, Input, Output


@dsl.component
def echo(x: str = "a") -> str:
    return x


@dsl.component
def hold(values: dict = {}, items: list = []) -> int:
    return 1


@dsl.component
def make(data: Output[Dataset]): ...


@dsl.container_component
def words(a: str, b: str = "b", data: Input[Artifact] = None, made: Output[Dataset] = None):
    return dsl.ContainerSpec(
        image="alpine",
        command=["sh", "-c"],
        args=[
            dsl.IfPresentPlaceholder(
                "b",
                then=["--b", dsl.ConcatPlaceholder(["x", b, dsl.ConcatPlaceholder([a, "-", a])])],
                else_=["--none", dsl.ConcatPlaceholder(["no", a])],
            ),
            dsl.ConcatPlaceholder(["--", dsl.IfPresentPlaceholder("b", then=b, else_="c"), a]),
            dsl.IfPresentPlaceholder("data", then=["--data", data.path], else_=["--without"]),
            f"--uri={data.uri}",
            f"{a}/{b}",
            made.uri,
            dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER,
            dsl.PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER,
        ],
    )


@dsl.pipeline(
    display_name="Shown",
    pipeline_root="gs://bucket/{{$.pipeline_job_name}}",
    pipeline_config=dsl.PipelineConfig(
        workspace=dsl.WorkspaceConfig(
            size="10Gi",
            kubernetes=dsl.KubernetesWorkspaceConfig(pvcSpecPatch={"accessModes": ["ReadWriteMany"], "storageClassName": "fast"}),
        ),
        ttl_seconds_after_finished=60,
        ttl_seconds_after_success=0,
        ttl_seconds_after_failure=3600,
        active_deadline_seconds=7200,
    ),
)
def configured():
    echo(x=dsl.WORKSPACE_PATH_PLACEHOLDER)
    with dsl.If(echo().output == "a"):
        echo(x=f"{dsl.WORKSPACE_PATH_PLACEHOLDER}/deep")


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig("1Gi")))
def with_a_plain_workspace():
    echo()


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(active_deadline_seconds=5))
def with_a_deadline():
    echo()


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(ttl_seconds_after_success=5))
def around_another():
    with_a_deadline()


@dsl.pipeline
def pauses():
    echo().set_debug_pause()
    echo(x="b").set_debug_pause(before=True, after=False)
    echo(x="c").set_debug_pause(before=True, on_error=True)


@dsl.pipeline
def resources(cpu: str = "1", memory: str = "1Gi", image: str = "python:3.12", kind: str = "nvidia.com/gpu", count: str = "1"):
    known = echo()
    echo(x="b").set_cpu_request(cpu).set_memory_request(memory).set_cpu_limit(known.output).set_memory_limit(known.output)
    echo(x="c").set_container_image(image).set_accelerator_type(kind).set_accelerator_limit(count)
    echo(x="d").set_container_image(known.output).set_gpu_limit("2").add_node_selector_constraint("tpu")
    echo(x="e").set_container_image("python:3.13").set_env_variable("A", "1").set_env_variable("B", "2")
    with dsl.If(known.output == "a"):
        echo(x="f").set_cpu_limit("2").set_container_image(f"python:{known.output}")
    with dsl.ParallelFor(["1", "2"]) as item:
        echo(x="g").set_cpu_limit(item)


@dsl.pipeline
def texts(a: str = "a", n: int = 1, rows: List[Dict[str, str]] = [{"k": "v"}]):
    first = echo()
    echo(x=f"{a}-{n}-{first.output}-{first.output}")
    hold(values={"a": {"b": [f"{first.output}/{n}", a, n]}, "plain": 1.5}, items=[[first.output], {"x": f"{a}"}])
    echo(x=dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER)
    echo(x=f"{dsl.PIPELINE_JOB_ID_PLACEHOLDER}/{dsl.PIPELINE_TASK_ID_PLACEHOLDER}/{dsl.PIPELINE_TASK_NAME_PLACEHOLDER}")
    echo(x=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER)
    echo(x=f"{dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER} {dsl.PIPELINE_ROOT_PLACEHOLDER}")
    hold(values={"name": dsl.PIPELINE_JOB_NAME_PLACEHOLDER, "both": f"{a} {dsl.PIPELINE_JOB_NAME_PLACEHOLDER}"})
    with dsl.ParallelFor(rows) as row:
        echo(x=row.k)
        hold(values=row, items=[f"{first.output}"])
    words(a=f"{a}{n}", b=first.output, data=make().outputs["data"])
    words(a="x")
