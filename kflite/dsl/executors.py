"""A component's executor in IR: container, with the task's settings in it, or importer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.dsl.component import Component
from kflite.dsl.container import CommandComponent
from kflite.dsl.importer import Importer
from kflite.dsl.loaded import LoadedComponent
from kflite.dsl.python import Packages, PythonComponent
from kflite.dsl.settings import Settings, cores, gigabytes, is_placeholder
from kflite.dsl.specs import fill
from kflite.runtime.bootstrap import compose

if TYPE_CHECKING:
    from kflite.ir.proto import PipelineDeploymentConfig


def write(executor: PipelineDeploymentConfig.ExecutorSpec, component: Component, settings: Settings) -> None:
    """Fills in the executor of a component under a task's settings."""
    if isinstance(component, Importer):
        _write_importer(executor.importer, component)
        return
    _fill(executor, component)
    container = executor.container
    if settings.image:
        container.image = settings.image
    for name, value in settings.env.items():
        kept = next((variable for variable in container.env if variable.name == name), None) or container.env.add(name=name)
        kept.value = value
    _write_resources(container, settings)


def _fill(executor: PipelineDeploymentConfig.ExecutorSpec, component: Component) -> None:
    """What the component itself runs."""
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


def _write_resources(container: PipelineDeploymentConfig.PipelineContainerSpec, settings: Settings) -> None:
    """Texts for today's readers, and numbers beside them for older ones, where they are known."""
    if settings.cpu_limit:
        container.resources.resource_cpu_limit = settings.cpu_limit
        if not is_placeholder(settings.cpu_limit):
            container.resources.cpu_limit = cores(settings.cpu_limit)
    if settings.cpu_request:
        container.resources.resource_cpu_request = settings.cpu_request
        if not is_placeholder(settings.cpu_request):
            container.resources.cpu_request = cores(settings.cpu_request)
    if settings.memory_limit:
        container.resources.resource_memory_limit = settings.memory_limit
        if not is_placeholder(settings.memory_limit):
            container.resources.memory_limit = gigabytes(settings.memory_limit)
    if settings.memory_request:
        container.resources.resource_memory_request = settings.memory_request
        if not is_placeholder(settings.memory_request):
            container.resources.memory_request = gigabytes(settings.memory_request)
    _write_accelerator(container, settings)


def _write_accelerator(container: PipelineDeploymentConfig.PipelineContainerSpec, settings: Settings) -> None:
    kind, count = settings.accelerator_type, settings.accelerator_limit
    if kind:
        container.resources.accelerator.resource_type = kind
        if not is_placeholder(kind):
            container.resources.accelerator.type = kind
    if count:
        container.resources.accelerator.resource_count = count
        if not is_placeholder(count):
            container.resources.accelerator.count = int(count)
