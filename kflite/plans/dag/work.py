"""The work of a container task: its cache key parts, its job, and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kflite.core.job import Exit, Job, Python, Resources, Role
from kflite.core.paths import RunPaths
from kflite.core.plan import Origin, Policy
from kflite.core.value import NOTHING, Artifact, Outputs, Value
from kflite.plans.dag.needs import needs
from kflite.plans.dag.outputs import BadOutput, read_outputs
from kflite.plans.dag.placeholders import Lookup, argv, compact, fill, parameter_lookup, run_names, task_lookup, task_names, text
from kflite.plans.dag.recipe import Recipe, canonical_json, digest
from kflite.plans.dag.resolve import Inputs, with_defaults
from kflite.plans.dag.shape import ComponentSpec, Container, ContainerConfig, Sources, TaskSpec
from kflite.runtime import bootstrap

# In bytes; a longer executor input or source is passed as a file, as the kernel allows 128 KiB for an argument.
LONGEST_ARGUMENT = 100_000
# KFP's metadata key for artifacts in the workspace. It is hidden from tasks, as kfp's classes would prefix the path with the
# folder that a cluster mounts.
WORKSPACE = "_kfp_workspace"


@dataclass(frozen=True)
class ContainerWork:
    """A task that runs a container, with resolved inputs and settings."""

    task: TaskSpec
    recipe: Recipe
    inputs: Inputs
    origin: Origin
    config: ContainerConfig
    time_limits: tuple[tuple[str, float], ...] = ()

    @property
    def component(self) -> ComponentSpec:
        return self.recipe.component

    @property
    def container(self) -> Container:
        return self.recipe.container

    @property
    def title(self) -> str:
        return self.component.name

    @property
    def parameters(self) -> Mapping[str, Value]:
        return self.inputs.parameters

    @property
    def artifacts(self) -> Mapping[str, tuple[Artifact, ...]]:
        return self.inputs.artifacts

    @cached_property
    def policy(self) -> Policy:
        return Policy(self.task.retry, self.container.timeout_s, self.time_limits)

    @property
    def request(self) -> Resources:
        return self._resources[0]

    @cached_property
    def image(self) -> str:
        """The image, with placeholders filled."""
        return text(fill(self.container.image, parameter_lookup(self._filled_parameters)))

    @cached_property
    def _resources(self) -> tuple[Resources, Resources]:
        lookup = parameter_lookup(self._filled_parameters)
        return needs({k: text(fill(v, lookup)) for k, v in self.config.resources.items()})

    @cached_property
    def _filled_parameters(self) -> dict[str, Value]:
        """The parameters, with the component's defaults."""
        return with_defaults(self.component, self.inputs.parameters)

    @property
    def key_parts(self) -> Mapping[str, str] | None:
        if not self.task.cache:
            return None
        if self.task.cache_key:
            return {"component": self.component.name, "cache key": self.task.cache_key}
        if self.recipe.names_run or any(a.outside and not a.digest for a in self._inputs):
            return None
        return self._key_without_artifacts | {f"artifact {k}": _content_key(v) for k, v in self.inputs.artifacts.items()}

    @cached_property
    def _key_without_artifacts(self) -> dict[str, str]:
        """The parts of the cache key, except for input artifacts."""
        parts = {**self.recipe.key_parts, "image": self.image, **self._settings_key}
        parts |= {f"parameter {k}": _short_json(v) for k, v in self.inputs.parameters.items()}
        return parts | {
            f"default {k}": _short_json(v)
            for k, v in self._filled_parameters.items()
            if v is not None and k not in self.inputs.parameters
        }

    @property
    def definition(self) -> str:
        named = {k: [a.uri if a.outside else _content_key((a,)) for a in v] for k, v in self.inputs.artifacts.items()}
        return digest([self._key_without_artifacts, named])

    @property
    def _settings_key(self) -> dict[str, str]:
        if not any(self.config.settings):
            return {}
        from kflite.plans.dag.settings import key_parts

        return key_parts(self.config.settings)

    @property
    def unhashed(self) -> frozenset[str]:
        keyed = self.task.cache and not self.task.cache_key and not self.recipe.names_run
        return frozenset(a.uri for a in self._inputs if a.outside) if keyed else frozenset()

    def with_digests(self, contents: Mapping[str, str]) -> ContainerWork:
        artifacts = {
            name: tuple(replace(a, digest=contents.get(a.uri, a.digest)) for a in group)
            for name, group in self.inputs.artifacts.items()
        }
        return replace(self, inputs=Inputs(self.inputs.parameters, artifacts))

    def job(self, paths: RunPaths, task: str, attempt: int) -> Job:
        provisioned = self._output_section(paths, task, attempt)
        executor_input: dict[str, Value] = {"inputs": self._input_section(paths), "outputs": provisioned}
        input_json, folder = compact(executor_input), paths.attempt(task, attempt)
        lookup = task_lookup(
            executor_input, input_json, self._filled_parameters, self._name_placeholders(task, str(provisioned["outputFile"]))
        )
        role, files = self._role(lookup, folder, input_json)
        if self.task.retry.most:
            role = replace(role, env={**role.env, "KFP_RETRY_INDEX": str(attempt - 1)})
        outputs = _output_paths(provisioned)
        artifacts = [Path(str(a["uri"])) for a in _output_artifacts(provisioned)]
        return Job(
            f"{paths.run}/{task}",
            attempt,
            (role,),
            folder,
            self._roots(paths, folder),
            outputs,
            files,
            tuple((a.uri, _path(a, paths)) for a in self._inputs if not a.is_name),
            tuple((paths.uri(p), p) for p in artifacts if paths.remote),
            self.container.timeout_s,
            {"kflite.dev/run": paths.run, "kflite.dev/task": task, "kflite.dev/attempt": str(attempt)},
            workspace=Path(self.origin.workspace) if self.origin.workspace else None,
        )

    def collect(self, paths: RunPaths, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
        if exit.code:
            return exit, NOTHING
        try:
            outputs = read_outputs(self.component, self._output_section(paths, task, attempt))
        except BadOutput as error:
            return Exit(1, "BadOutput", str(error)), NOTHING
        return exit, outputs

    @property
    def _inputs(self) -> list[Artifact]:
        return [a for group in self.inputs.artifacts.values() for a in group]

    def _name_placeholders(self, task: str, output_file: str) -> dict[str, str]:
        written = {".outputs.output_file": output_file, ".outputMetadataUri": output_file}
        return run_names(self.origin) | task_names(self.origin, self.task.name, task) | written

    def _input_section(self, paths: RunPaths) -> dict[str, Value]:
        declared = {k: v for k, v in self.inputs.parameters.items() if k in self.component.inputs}
        artifacts: dict[str, Value] = {
            k: {"artifacts": [_artifact_input(a, paths) for a in v]} for k, v in self.inputs.artifacts.items()
        }
        return {"parameterValues": declared, "artifacts": artifacts}

    def _output_section(self, paths: RunPaths, task: str, attempt: int) -> dict[str, Value]:
        folder = paths.attempt(task, attempt)
        artifacts: dict[str, Value] = {
            name: {
                "artifacts": [
                    {
                        "name": name,
                        "uri": str(paths.path(paths.artifact(task, attempt, name))),
                        "type": {"schemaTitle": kind.type, "schemaVersion": kind.version},
                        "metadata": dict(kind.metadata or {}),
                    }
                ]
            }
            for name, kind in self.component.output_artifacts.items()
        }
        return {
            "parameters": {name: {"outputFile": f"{folder}/outputs/{name}"} for name in self.component.outputs},
            "artifacts": artifacts,
            "outputFile": f"{folder}/executor_output.json",
        }

    def _role(self, lookup: Lookup, folder: Path, executor_input: str) -> tuple[Role, dict[Path, str]]:
        container, request_limit, files = self.container, self._resources, {}
        command, args = (argv(python_argv, lookup, self._present) for python_argv in (container.command, container.args))
        if python := bootstrap.as_python(command, args):
            files = _long_arguments({"executor_input.json": executor_input, "source.py": python.argv[0]}, folder)
            file_arguments = {content: f"@{file}" for file, content in files.items()}
            each = (bootstrap.without_kfp(command, args), args, python.argv)
            command, args, python_argv = (tuple(file_arguments.get(word, word) for word in python_argv) for python_argv in each)
            python = _with_sources(replace(python, argv=python_argv), container.sources)
        elif bootstrap.kfp_function(command, args):
            command = bootstrap.without_kfp(command, args)
            python, files = _code_from_sources(
                container.sources, args, _long_arguments({"executor_input.json": executor_input}, folder)
            )
        env = {k: text(fill(v, lookup)) for k, v in self.config.env.items()}
        settings = self.config.settings
        return Role(
            self.image,
            command,
            args,
            env,
            settings.secrets,
            *request_limit,
            python=python,
            mounts=settings.mounts,
            downward_api=settings.downward_api,
            accelerator=text(fill(self.config.accelerator, lookup)),
            settings=settings.cluster_fields,
        ), files

    def _present(self, name: str) -> bool:
        return self.inputs.parameters.get(name) is not None or name in self.inputs.artifacts

    def _roots(self, paths: RunPaths, folder: Path) -> tuple[Path, ...]:
        """The attempt's folder, the artifacts' root, and input artifacts outside that root."""
        root = paths.path(paths.artifacts)
        others = [p for p in (_path(a, paths) for a in self._inputs if not a.is_name) if not p.is_relative_to(root)]
        return tuple(dict.fromkeys((folder, root, *others)))


def _code_from_sources(sources: Sources, args: tuple[str, ...], files: dict[Path, str]) -> tuple[Python | None, dict[Path, str]]:
    """Code of an image, run from the user's files if they are known, and the argument files that this needs."""
    if not sources.file:
        return None, {}
    file_arguments = {content: f"@{file}" for file, content in files.items()}
    argv = (*(file_arguments.get(word, word) for word in args), "--component_module_path", sources.file)
    return _with_sources(Python(bootstrap.in_image_text(), argv, in_image=True), sources), files


def _with_sources(python: Python, sources: Sources) -> Python:
    """The code with what it needs to run without its image."""
    if not sources.project:
        return python
    with_project = replace(python, argv=(*python.argv, "--project", sources.project))
    if not sources.packages:
        return with_project
    return replace(with_project, packages=sources.packages, index_urls=sources.index_urls, trusted_hosts=sources.trusted_hosts)


def _long_arguments(words: Mapping[str, str], folder: Path) -> dict[Path, str]:
    """The words that are too long for an argument, by the files to write them to."""
    return {folder / name: word for name, word in words.items() if len(word.encode()) > LONGEST_ARGUMENT}


def _short_json(value: Value) -> str:
    """A value as JSON; a long one as its beginning and digest."""
    full = canonical_json(value)
    return full if len(full) <= 80 else f"{full[:40]}… {digest(value)}"


def _content_key(artifacts: tuple[Artifact, ...]) -> str:
    """The identity of artifacts: their types, contents (URIs if those are not known) and metadata."""
    return " ".join(f"{a.digest or a.uri} {a.type}" + (f" {digest(dict(a.metadata))}" if a.metadata else "") for a in artifacts)


def _path(artifact: Artifact, paths: RunPaths) -> Path:
    """The path at which a task sees the artifact."""
    copied = artifact.outside and artifact.metadata.get(WORKSPACE) is True
    return paths.in_workspace(artifact.uri) if copied else paths.path(artifact.uri)


def _artifact_input(artifact: Artifact, paths: RunPaths) -> Value:
    out: dict[str, Value] = {
        "name": artifact.name,
        "uri": artifact.uri if artifact.is_name else str(_path(artifact, paths)),
        "type": {"schemaTitle": artifact.type, "schemaVersion": artifact.schema_version},
        "metadata": {name: value for name, value in artifact.metadata.items() if name != WORKSPACE},
    }
    return out | ({"customPath": artifact.custom_path} if artifact.custom_path else {})


def _output_artifacts(provisioned: Mapping[str, Value]) -> list[dict[str, Value]]:
    groups = provisioned["artifacts"]
    assert isinstance(groups, dict)
    lists = [group["artifacts"] for group in groups.values() if isinstance(group, dict)]
    return [a for artifacts in lists if isinstance(artifacts, list) for a in artifacts if isinstance(a, dict)]


def _output_paths(provisioned: Mapping[str, Value]) -> tuple[Path, ...]:
    """All paths that the task may write."""
    parameters = provisioned["parameters"]
    assert isinstance(parameters, dict)
    files = [str(p["outputFile"]) for p in parameters.values() if isinstance(p, dict)]
    return tuple(
        Path(p) for p in (*files, *(str(a["uri"]) for a in _output_artifacts(provisioned)), str(provisioned["outputFile"]))
    )
