"""Writes a component's executor to IR: a container with the task's settings, or an importer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.dsl.component import Component
from kflite.dsl.container import CommandComponent
from kflite.dsl.importer import Importer
from kflite.dsl.loaded import LoadedComponent
from kflite.dsl.python import Packages, PythonComponent
from kflite.dsl.settings import TaskSettings, cores, gigabytes, is_placeholder
from kflite.dsl.specs import fill
from kflite.runtime.bootstrap import compose

if TYPE_CHECKING:
    from kflite.ir.proto import PipelineDeploymentConfig

_QUANTITIES = {"cpu_limit": cores, "cpu_request": cores, "memory_limit": gigabytes, "memory_request": gigabytes}


def write(executor: PipelineDeploymentConfig.ExecutorSpec, component: Component, settings: TaskSettings) -> None:
    """Write the executor of a component with a task's settings."""
    if isinstance(component, Importer):
        _write_importer(executor.importer, component)
        return
    _fill(executor, component)
    container = executor.container
    if settings.image:
        container.image = settings.image
    for name, value in settings.env.items():
        variable = next((existing for existing in container.env if existing.name == name), None) or container.env.add(name=name)
        variable.value = value
    _write_resources(container, settings)


def _fill(executor: PipelineDeploymentConfig.ExecutorSpec, component: Component) -> None:
    """Write the component's own part."""
    if isinstance(component, LoadedComponent):
        from google.protobuf.json_format import ParseDict

        ParseDict(dict(component.document.executors[component.body["executorLabel"]]), executor)
        return
    container = executor.container
    if isinstance(component, PythonComponent):
        packages = Packages() if component.target_image else component.packages
        command, args = compose(
            component.source.text,
            component.python_func.__name__,
            packages.names,
            packages.index_urls,
            packages.trusted_hosts,
            component.source.signature,
            packages.venv,
        )
    else:
        assert isinstance(component, CommandComponent)
        command, args = component.command, component.args
        for name, value in component.env.items():
            container.env.add(name=name, value=value)
    container.image = component.image
    container.command.extend(command)
    container.args.extend(args)


def _write_importer(importer: PipelineDeploymentConfig.ImporterSpec, component: Importer) -> None:
    importer.type_schema.schema_title, importer.type_schema.schema_version = component.kind.title, component.kind.version
    importer.reimport, importer.download_to_workspace = component.reimport, component.to_workspace
    if component.uri is None:
        importer.artifact_uri.runtime_parameter = "uri"
    else:
        importer.artifact_uri.constant.string_value = component.uri
    for key, value in component.metadata.items():
        fill(importer.metadata.fields[key], value)


def _write_resources(container: PipelineDeploymentConfig.PipelineContainerSpec, settings: TaskSettings) -> None:
    """Write quantities as texts, and as numbers for older readers if the values are known."""
    for name, number in _QUANTITIES.items():
        if text := str(getattr(settings, name)):
            setattr(container.resources, f"resource_{name}", text)
            if not is_placeholder(text):
                setattr(container.resources, name, number(text))
    _write_accelerator(container, settings)


def _write_accelerator(container: PipelineDeploymentConfig.PipelineContainerSpec, settings: TaskSettings) -> None:
    kind, count = settings.accelerator_type, settings.accelerator_limit
    if kind:
        container.resources.accelerator.resource_type = kind
        if not is_placeholder(kind):
            container.resources.accelerator.type = kind
    if count:
        container.resources.accelerator.resource_count = count
        if not is_placeholder(count):
            container.resources.accelerator.count = int(count)
