"""Components in kfp's own language: each annotation, and each option of the decorator that counts at run time. Needs kfp 2.16."""

# ruff: noqa: LOG015, SIM115, UP006, UP035, UP045 - as kfp's users write
import os
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import (
    HTML,
    Artifact,
    ClassificationMetrics,
    Dataset,
    Input,
    InputPath,
    Markdown,
    Metrics,
    Model,
    Output,
    OutputPath,
    PipelineTaskFinalStatus,
)


def undecorated(a: int = 1) -> int:
    return a


@dsl.component
def types(i: int, f: float, s: str, b: bool, d: dict, l: list) -> str:  # noqa: E741
    return " ".join(f"{type(x).__name__}:{x!r}" for x in (i, f, s, b, d, l))


@dsl.component
def generics(d: Dict[str, int], l: List[int], m: Dict, n: List) -> str:  # noqa: E741
    return f"{d} {l} {m} {n}"


@dsl.component
def defaults(
    a: int = 3, b: str = "x", c: Optional[list] = None, d: Optional[dict] = None, e: bool = True, *, f: float = 0.5
) -> str:
    return f"{a} {b} {c} {d} {e} {f}"


@dsl.component
def give_int(x: int) -> int:
    return x + 1


@dsl.component
def give_float(x: float) -> float:
    return int(x)  # an integer is a float too


@dsl.component
def give_bool(x: int) -> bool:
    return x > 2


@dsl.component
def give_list(n: int) -> List[int]:
    return list(range(n))


@dsl.component
def give_dict(n: int) -> Dict[str, int]:
    return {"n": n}


@dsl.component
def give_several(x: int) -> NamedTuple("Out", [("number", int), ("text", str), ("items", list), ("table", Dict[str, float])]):
    from collections import namedtuple

    return namedtuple("Out", ["number", "text", "items", "table"])(x, str(x), [x], {"x": 1.5})


@dsl.component
def give_tuple() -> NamedTuple("Out", [("a", int), ("b", str)]):
    return (1, "é")


@dsl.component
def give_nothing(x: int):
    print("got", x)


@dsl.component
def make(rows: int, data: Output[Dataset], any: Output[Artifact]):
    with open(data.path, "w") as file:
        file.write("\n" * rows)
    data.metadata["rows"] = rows
    data.name = "renamed"


@dsl.component
def read(data: Input[Dataset], any: Input[Artifact], maybe: Optional[Input[Model]] = None) -> str:
    return f"{type(data).__name__} {type(any).__name__} {maybe} {data.name} {data.metadata} {open(data.path).read()!r} {any.uri}"


@dsl.component
def read_many(data: Input[List[Dataset]]) -> List[str]:
    return [f"{type(d).__name__} {d.name} {d.uri} {d.metadata}" for d in data]


@dsl.component
def describe(model: Output[Model], html: Output[HTML], markdown: Output[Markdown]):
    model.framework = "none"
    model.metadata["layers"] = [1, 2]
    open(html.path, "w").write("<p>")
    open(markdown.path, "w").write("#")


@dsl.component
def measure(metrics: Output[Metrics], curves: Output[ClassificationMetrics]):
    metrics.log_metric("accuracy", 0.5)
    metrics.log_metric("rows", 7)
    curves.log_roc_curve([0.0, 0.5], [0.1, 1.0], [0.9, 0.2])
    curves.log_roc_data_point(fpr=1.0, tpr=1.0, threshold=0.0)
    curves.log_confusion_matrix(["cat", "dog"], [[1, 2], [3, 4]])


@dsl.component
def measure_cells(curves: Output[ClassificationMetrics]):
    curves.set_confusion_matrix_categories(["cat", "dog"])
    curves.log_confusion_matrix_row("cat", [5, 6])
    curves.log_confusion_matrix_cell("dog", "cat", 7)


@dsl.component
def paths_out(text: OutputPath(str), number: OutputPath("Integer"), data: OutputPath("Dataset"), model: OutputPath(Model)):
    for path, content in ((text, " a\n"), (number, "3"), (data, "data"), (model, "model")):
        open(path, "w").write(content)


@dsl.component
def paths_in(data: InputPath("Dataset"), model: InputPath(Model), plain: InputPath()) -> str:
    return " ".join(open(path).read() for path in (data, model, plain))


@dsl.component
def pass_on(data: Dataset) -> Model:
    return Model(uri=dsl.get_uri(), metadata={"from": data.uri.rsplit("/")[-1], "rows": data.metadata["rows"]})


@dsl.component
def pass_several(data: List[Dataset]) -> NamedTuple("Out", [("model", Model), ("report", Artifact), ("count", int)]):
    model = Model(uri=dsl.get_uri("model"))
    model.framework = "sum"
    return (model, Artifact(uri=dsl.get_uri("report"), metadata={"a": None}), len(data))


@dsl.component
def write_what_is_returned(x: int) -> Dataset:
    return f"content {x}"


@dsl.component
def elsewhere(data: Output[Dataset], model: Output[Model]):
    data.set_path("/somewhere/else")
    model.custom_path = "/some/model"
    model.metadata["path"] = [data.path, model.path]


@dsl.component
def moved(data: Output[Dataset], model: Output[Model]):
    data.path = "/gcs/bucket/key"
    model.uri = "s3://bucket/model"
    model.metadata["paths"] = [data.path, data.uri, model.path]


@dsl.component
def remote(gs: Input[Dataset], s3: Input[Model], minio: Input[Artifact], oci: Input[Model], other: Input[Dataset]) -> List[str]:
    return [a.path for a in (gs, s3, minio, oci, other)]


@dsl.component
def final(status: PipelineTaskFinalStatus, note: str = "-") -> str:
    words = (status.state, status.pipeline_job_resource_name, status.pipeline_task_name, status.error_code, status.error_message)
    return f"{note} {words}"


def helper(x: int) -> int:
    return x * other_helper()


def other_helper() -> int:
    return 10


@dsl.component(additional_funcs=[helper, other_helper])
def with_helpers(x: int) -> int:
    return helper(x)


@dsl.component
def names() -> List[str]:
    import kfp

    found = [dsl.PIPELINE_JOB_NAME_PLACEHOLDER, dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER, dsl.WORKSPACE_PATH_PLACEHOLDER]
    return [*found, kfp.__name__, Dataset.__module__, Dataset.schema_title, Input[Dataset].__metadata__[0].__name__]


@dsl.component
def own_source() -> str:
    import inspect

    def inner():
        return "the source of a function, as trainers ship it"

    return inspect.getsource(inner)


@dsl.component
def logs() -> int:
    import logging

    logging.info("seen")
    logging.debug("unseen")
    return 1


ASSET = Path(tempfile.mkdtemp()) / "asset.txt"
ASSET.write_text("it came along")


@dsl.component(embedded_artifact_path=str(ASSET))
def embedded(asset: dsl.EmbeddedInput[Dataset], n: int) -> str:
    return f"{n} {type(asset).__name__} {open(asset.path).read()}"


@dsl.component(embedded_artifact_path=str(ASSET.parent))
def embedded_folder(asset: dsl.EmbeddedInput[Artifact]) -> str:
    import os

    return ",".join(os.listdir(asset.path))


@dsl.component(task_config_passthroughs=[dsl.TaskConfigField.RESOURCES])
def configured(config: dsl.TaskConfig) -> str:
    return f"{config.resources} {config.env} {config.node_selector} {config.volume_mounts} {config.affinity}"


LARGE = Path(tempfile.mkdtemp()) / "large.bin"
LARGE.write_bytes(os.urandom(200_000))  # more than an argument holds, in base 64


@dsl.component(embedded_artifact_path=str(LARGE))
def embedded_large(asset: dsl.EmbeddedInput[Artifact]) -> int:
    import os

    return os.path.getsize(asset.path)
