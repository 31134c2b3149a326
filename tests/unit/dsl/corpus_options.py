"""Components with the options of their decorators, and importers with all of theirs; see corpus.py."""

# ruff: noqa: B006 - kfp reads this too

import tempfile
from pathlib import Path

from kflite import dsl
from kflite.dsl import Artifact, Dataset, Input


@dsl.component
def echo(x: str = "a") -> str:
    return x


@dsl.component
def look(data: Input[Artifact]): ...


@dsl.component(packages_to_install=["a"], pip_index_urls=["https://x"], pip_trusted_hosts=["x"], use_venv=True)
def installed(x: int = 1) -> int:
    return x


@dsl.component(install_kfp_package=False)
def bare(x: int = 1) -> int:
    return x


@dsl.component(target_image="registry/x:1", base_image="python:3.12", packages_to_install=["a"])
def contained(x: int = 1) -> int:
    return x


@dsl.component(embedded_artifact_path=__file__)
def embedding(data: dsl.EmbeddedInput[Dataset], x: int = 1) -> int:
    return x


NOTEBOOK = Path(tempfile.mkdtemp()) / "n.ipynb"
NOTEBOOK.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')


@dsl.notebook_component(notebook_path=str(NOTEBOOK))
def notebook(rate: float = 0.5):
    dsl.run_notebook(rate=rate)


@dsl.component(task_config_passthroughs=[dsl.TaskConfigField.ENV, dsl.TaskConfigPassthrough(dsl.TaskConfigField.RESOURCES, True)])
def trainer(n: int, config: dsl.TaskConfig) -> str:
    return f"{n} {config}"


@dsl.component
def configured(n: int, config: dsl.TaskConfig) -> str:
    return f"{n} {config}"


@dsl.pipeline
def configurations(n: int = 1):
    trainer(n=n).set_cpu_limit("2")
    configured(n=n)
    embedding()
    notebook(rate=0.1)


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi")))
def imports_of_every_kind(n: int = 1, s: str = "a", d: dict = {}):
    made = echo()
    metadata = {"a": f"x-{s}-y", "b": made.output, "c": [n, made.output], f"k-{n}": f"{made.output}{s}", "d": d}
    first = dsl.importer(artifact_uri="gs://b/c", artifact_class=Dataset, metadata=metadata)
    look(data=first.output)
    dsl.importer(artifact_uri=s, artifact_class=Artifact, download_to_workspace=True, metadata={"s": s, "t": s})
