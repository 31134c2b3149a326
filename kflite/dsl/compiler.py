"""Compiles a traced pipeline to KFP v2 IR."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.dsl import executors
from kflite.dsl.component import Component
from kflite.dsl.config import PipelineConfig
from kflite.dsl.dag import write_group
from kflite.dsl.imported import ImportedSource
from kflite.dsl.loaded import LoadedComponent
from kflite.dsl.pipeline import PipelineComponent
from kflite.dsl.python import Packages, PythonComponent
from kflite.dsl.scope import Scope
from kflite.dsl.settings import TaskSettings
from kflite.dsl.specs import add_output, declare
from kflite.errors import CompileError
from kflite.ir import Pipeline

if TYPE_CHECKING:
    from kflite.ir.proto import ComponentSpec, PipelineSpec

SCHEMA = "2.1.0"


def compile(target: Component) -> Pipeline:
    """The IR of a pipeline, or of a component as a pipeline of one task. Raises CompileError with file, line and remedy."""
    if isinstance(target, LoadedComponent):
        return target.pipeline
    from kflite import __version__
    from kflite.ir.proto import PipelineSpec

    pipeline = target if isinstance(target, PipelineComponent) else PipelineComponent.of_one(target)
    spec = PipelineSpec(schema_version=SCHEMA, sdk_version=f"kflite-{__version__}", default_pipeline_root=pipeline.pipeline_root)
    spec.pipeline_info.name = pipeline.name
    spec.pipeline_info.display_name = pipeline.label
    spec.pipeline_info.description = pipeline.description
    library = Library(spec)
    library.write_pipeline(spec.root, "root", pipeline)
    return Pipeline(spec, library.finish(pipeline.config))


class Library:
    """The components and executors of one spec; tasks with equal components and settings share them."""

    def __init__(self, spec: PipelineSpec) -> None:
        from kflite.ir.proto import PipelineDeploymentConfig

        self._spec = spec
        self._names: dict[tuple[object, ...], str] = {}
        self._deployment = PipelineDeploymentConfig()
        self._platforms: dict[str, dict[str, Value]] = {}
        self._timeouts: dict[str, Value] = {}
        self._in_workspace = ""

    def write_pipeline(self, spec: ComponentSpec, name_in_spec: str, pipeline: PipelineComponent) -> None:
        """Write a pipeline as the component `name_in_spec`."""
        declare(spec, pipeline.interface)
        scope = Scope(pipeline.root, spec, name_in_spec)
        write_group(scope, self)
        for name, channel in pipeline.returned.items():
            add_output(spec, name, channel.type, scope.select(channel, pipeline.location))

    def name_of(self, component: Component, settings: TaskSettings, preferred: str, platform: dict[str, Value]) -> str:
        """The name of the component with these settings; written on first use, and named after that task.

        platform: the executor's part of the platform document.
        """
        settings_key = (*settings.executor_key, json.dumps(platform, sort_keys=True)) if component.has_container else ()
        key = (id(component), *settings_key)
        if key not in self._names:
            name = self._names[key] = self.new_name(preferred)
            self._write(name, component, settings)
            if platform:
                self._add_platform("kubernetes", self._spec.components[name].executor_label, platform)
        return self._names[key]

    def _add_platform(self, platform: str, label: str, config: Mapping[str, Value]) -> None:
        """Merge into an executor's part of the platform document; lists are concatenated."""
        known = self._platforms.setdefault(platform, {}).setdefault(label, {})
        assert isinstance(known, dict)
        for key, value in config.items():
            existing = known.get(key)
            known[key] = [*existing, *value] if isinstance(existing, list) and isinstance(value, list) else value

    def new_name(self, preferred: str) -> str:
        """A new component's name: comp-PREFERRED, comp-PREFERRED-2..."""
        name, count = f"comp-{preferred}", 1
        while name in self._spec.components:
            count += 1
            name = f"comp-{preferred}-{count}"
        self._spec.components[name].SetInParent()
        return name

    def spec(self, name: str) -> ComponentSpec:
        return self._spec.components[name]

    def set_timeouts(self, component: str, timeouts: Mapping[str, int]) -> None:
        """Set timeouts, in seconds, of a component's nested pipelines."""
        known = self._timeouts.setdefault(component, {})
        assert isinstance(known, dict)
        known.update(timeouts)

    def needs_workspace(self, location: str) -> None:
        """Record that the task at `location` in the user's code uses the workspace."""
        self._in_workspace = self._in_workspace or location

    def finish(self, config: PipelineConfig | None) -> dict[str, Value]:
        """Write the executors into the spec; return the platforms, which hold what the official message has no field for.

        Raises CompileError if a task uses the workspace and the pipeline declares none.
        """
        from google.protobuf.json_format import MessageToDict

        if self._in_workspace and not (config and config.workspace):
            remedy = "pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size='10Gi'))"
            what = f"the task uses the workspace, and the pipeline {self._spec.pipeline_info.name} has none"
            raise CompileError(f"{self._in_workspace}: {what}: give @dsl.pipeline {remedy}")
        self._spec.deployment_spec.update(MessageToDict(self._deployment))
        platforms: dict[str, dict[str, Value]] = {
            name: {"deploymentSpec": {"executors": executors}} for name, executors in self._platforms.items()
        }
        if self._timeouts:
            platforms.setdefault("kflite", {})["config"] = {"timeouts": self._timeouts}
        if config and config.document:
            platforms.setdefault("kubernetes", {})["pipelineConfig"] = config.document
        return {**platforms}

    def _write(self, name: str, component: Component, settings: TaskSettings) -> None:
        spec = self._spec.components[name]
        if isinstance(component, PipelineComponent):
            self.write_pipeline(spec, name, component)
            return
        if isinstance(component, LoadedComponent) and not component.has_container:
            self._copy_pipeline(spec, name, component)
            return
        declare(spec, component.interface)
        spec.executor_label = _label(name)
        for passthrough in component.passthroughs if isinstance(component, PythonComponent) else ():
            spec.task_config_passthroughs.add(field=passthrough.field.value, apply_to_task=passthrough.apply_to_task)
        executors.write(self._deployment.executors[spec.executor_label], component, settings)
        if isinstance(component, PythonComponent) and isinstance(component.source, ImportedSource):
            self._add_platform("kflite", spec.executor_label, _sources(component.source, component.packages))
        if isinstance(component, LoadedComponent):
            spec.task_config_passthroughs.extend(
                component.pipeline.spec.components[component.name_inside].task_config_passthroughs
            )
            self._copy_platforms(component, component.body["executorLabel"], spec.executor_label)

    def _copy_pipeline(self, root: ComponentSpec, name_in_spec: str, loaded: LoadedComponent) -> None:
        """Copy a loaded pipeline as the component `name_in_spec`, with everything that it refers to under new names."""
        from google.protobuf.json_format import ParseDict

        source = loaded.pipeline.spec
        names = {name: self.new_name(name.removeprefix("comp-")) for name in sorted(source.components)}
        specs = {names[name]: spec for name, spec in source.components.items()}
        root.CopyFrom(source.root)
        for name, spec in specs.items():
            self._spec.components[name].CopyFrom(spec)
            if spec.executor_label:
                label = self._spec.components[name].executor_label = _label(name)
                ParseDict(dict(loaded.document.executors[spec.executor_label]), self._deployment.executors[label])
                self._copy_platforms(loaded, spec.executor_label, label)
        for spec in (root, *(self._spec.components[name] for name in specs)):
            for task in spec.dag.tasks.values():
                task.component_ref.name = names[task.component_ref.name]
        for name, timeouts in loaded.timeouts.items():
            self.set_timeouts({"root": name_in_spec, **names}[name], timeouts)

    def _copy_platforms(self, loaded: LoadedComponent, label: str, target_label: str) -> None:
        for platform, config in loaded.platforms(label).items():
            self._add_platform(platform, target_label, config)


def _sources(source: ImportedSource, packages: Packages) -> dict[str, Value]:
    """The local folder of an image's code, and the packages that it needs without the image."""
    lists = {"packages": packages.names, "index_urls": packages.index_urls, "trusted_hosts": packages.trusted_hosts}
    return {"project": str(source.folder), **{key: [*words] for key, words in lists.items() if words}}


def _label(component: str) -> str:
    """The executor's label for a component's name."""
    return f"exec-{component.removeprefix('comp-')}"
