"""The work of a container task: what its cache key is made of, its job, and the reading of its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from kflite.core.job import Exit, Job, Python, Resources, Role
from kflite.core.paths import Place
from kflite.core.plan import Origin, Policy
from kflite.core.value import NOTHING, Artifact, Outputs, Value
from kflite.plans.dag import outputs as left
from kflite.plans.dag.needs import needs
from kflite.plans.dag.placeholders import Lookup, argv, compact, fill, of_one, of_parameters, of_run, of_task, text
from kflite.plans.dag.recipe import Recipe, as_text, digest
from kflite.plans.dag.resolve import Inputs, given
from kflite.plans.dag.shape import Component, Configured, Container, Sources, Task
from kflite.runtime import bootstrap

# In bytes; a longer executor input or source goes by file, as the kernel takes 128 KiB an argument.
LONGEST_ARGUMENT = 100_000
# KFP's mark, in an artifact's metadata, of what is seen in the workspace. Tasks are not shown it: kfp's own classes would put
# the folder that a cluster mounts before the path that the task is given.
WORKSPACE = "_kfp_workspace"


@dataclass(frozen=True)
class ContainerWork:
    """A task that runs a container, with its inputs and its settings resolved."""

    task: Task
    recipe: Recipe
    inputs: Inputs
    origin: Origin
    own: Configured
    time_limits: tuple[tuple[str, float], ...] = ()

    @property
    def component(self) -> Component:
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
        return self._needs[0]

    @property
    def python(self) -> bool:
        return self.recipe.python

    @cached_property
    def image(self) -> str:
        """The image, its placeholders filled."""
        return text(fill(self.container.image, of_parameters(self._filled)))

    @cached_property
    def _needs(self) -> tuple[Resources, Resources]:
        lookup = of_parameters(self._filled)
        return needs({k: text(fill(v, lookup)) for k, v in self.own.resources.items()})

    @cached_property
    def _filled(self) -> dict[str, Value]:
        """Parameters with the component's defaults where nothing was given."""
        return given(self.component, self.inputs.parameters)

    @property
    def key_parts(self) -> Mapping[str, str] | None:
        if not self.task.cache:
            return None
        if self.task.cache_key:
            return {"component": self.component.name, "cache key": self.task.cache_key}
        if self.recipe.names_run or any(a.outside and not a.digest for a in self._inputs):
            return None
        return self._made_of | {f"artifact {k}": _content(v) for k, v in self.inputs.artifacts.items()}

    @cached_property
    def _made_of(self) -> dict[str, str]:
        """What decides the result beside input artifacts."""
        made_of = {**self.recipe.key_parts, "image": self.image, **self._set}
        made_of |= {f"parameter {k}": _short(v) for k, v in self.inputs.parameters.items()}
        return made_of | {
            f"default {k}": _short(v) for k, v in self._filled.items() if v is not None and k not in self.inputs.parameters
        }

    @property
    def definition(self) -> str:
        named = {k: [a.uri if a.outside else _content((a,)) for a in v] for k, v in self.inputs.artifacts.items()}
        return digest([self._made_of, named])

    @property
    def _set(self) -> dict[str, str]:
        if not any(self.own.settings):
            return {}
        from kflite.plans.dag.settings import key_parts

        return key_parts(self.own.settings)

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

    def job(self, place: Place, task: str, attempt: int) -> Job:
        provisioned = self._provision(place, task, attempt)
        executor_input: dict[str, Value] = {"inputs": self._given(place), "outputs": provisioned}
        whole, folder = compact(executor_input), place.attempt(task, attempt)
        lookup = of_task(executor_input, whole, self._filled, self._names(task, str(provisioned["outputFile"])))
        role, files = self._role(lookup, folder, whole)
        if self.task.retry.most:
            role = replace(role, env={**role.env, "KFP_RETRY_INDEX": str(attempt - 1)})
        written = _written(provisioned)
        artifacts = [Path(str(a["uri"])) for a in _listed(provisioned)]
        return Job(
            f"{place.run}/{task}",
            attempt,
            (role,),
            folder,
            self._roots(place, folder),
            written,
            files,
            tuple((a.uri, _path(a, place)) for a in self._inputs if not a.is_name),
            tuple((place.uri(p), p) for p in artifacts if place.remote),
            self.container.timeout_s,
            {"kflite.dev/run": place.run, "kflite.dev/task": task, "kflite.dev/attempt": str(attempt)},
            workspace=Path(self.origin.workspace) if self.origin.workspace else None,
        )

    def collect(self, place: Place, task: str, attempt: int, exit: Exit) -> tuple[Exit, Outputs]:
        if exit.code:
            return exit, NOTHING
        try:
            found = left.read(self.component, self._provision(place, task, attempt))
        except left.BadOutput as error:
            return Exit(1, "BadOutput", str(error)), NOTHING
        return exit, found

    @property
    def _inputs(self) -> list[Artifact]:
        return [a for group in self.inputs.artifacts.values() for a in group]

    def _names(self, task: str, output_file: str) -> dict[str, str]:
        written = {".outputs.output_file": output_file, ".outputMetadataUri": output_file}
        return of_run(self.origin) | of_one(self.origin, self.task.name, task) | written

    def _given(self, place: Place) -> dict[str, Value]:
        declared = {k: v for k, v in self.inputs.parameters.items() if k in self.component.inputs}
        artifacts: dict[str, Value] = {
            k: {"artifacts": [_provided(a, place) for a in v]} for k, v in self.inputs.artifacts.items()
        }
        return {"parameterValues": declared, "artifacts": artifacts}

    def _provision(self, place: Place, task: str, attempt: int) -> dict[str, Value]:
        folder = place.attempt(task, attempt)
        artifacts: dict[str, Value] = {
            name: {
                "artifacts": [
                    {
                        "name": name,
                        "uri": str(place.path(place.artifact(task, attempt, name))),
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
        box, request_limit, files = self.container, self._needs, {}
        command, args = (argv(words, lookup, self._present) for words in (box.command, box.args))
        if python := bootstrap.recognise(command, args):
            files = _long({"executor_input.json": executor_input, "source.py": python.argv[0]}, folder)
            named = {content: f"@{file}" for file, content in files.items()}
            each = (bootstrap.adopt(command, args), args, python.argv)
            command, args, words = (tuple(named.get(word, word) for word in words) for words in each)
            python = _with_sources(replace(python, argv=words), box.sources)
        elif bootstrap.called(command, args):
            command = bootstrap.adopt(command, args)
            python, files = _from_sources(box.sources, args, _long({"executor_input.json": executor_input}, folder))
        env = {k: text(fill(v, lookup)) for k, v in self.own.env.items()}
        held = self.own.settings
        return Role(
            self.image,
            command,
            args,
            env,
            held.secrets,
            *request_limit,
            python=python,
            mounts=held.mounts,
            facts=held.facts,
            accelerator=text(fill(self.own.accelerator, lookup)),
            settings=held.more,
        ), files

    def _present(self, name: str) -> bool:
        return self.inputs.parameters.get(name) is not None or name in self.inputs.artifacts

    def _roots(self, place: Place, folder: Path) -> tuple[Path, ...]:
        """The attempt's folder, the artifacts' root, and input artifacts that lie elsewhere."""
        root = place.path(place.artifacts)
        others = [p for p in (_path(a, place) for a in self._inputs if not a.is_name) if not p.is_relative_to(root)]
        return tuple(dict.fromkeys((folder, root, *others)))


def _from_sources(sources: Sources, args: tuple[str, ...], files: dict[Path, str]) -> tuple[Python | None, dict[Path, str]]:
    """Code of an image as it runs from the user's own files, where they are known, with the files that this takes."""
    if not sources.file:
        return None, {}
    named = {content: f"@{file}" for file, content in files.items()}
    words = (*(named.get(word, word) for word in args), "--component_module_path", sources.file)
    return _with_sources(Python(bootstrap.resident(), words, in_image=True), sources), files


def _with_sources(python: Python, sources: Sources) -> Python:
    """The code as it runs where no image is used."""
    if not sources.project:
        return python
    made = replace(python, argv=(*python.argv, "--project", sources.project))
    if not sources.packages:
        return made
    return replace(made, packages=sources.packages, index_urls=sources.index_urls, trusted_hosts=sources.trusted_hosts)


def _long(words: Mapping[str, str], folder: Path) -> dict[Path, str]:
    """The words that are too long for an argument, by the files that are to hold them."""
    return {folder / name: word for name, word in words.items() if len(word.encode()) > LONGEST_ARGUMENT}


def _short(value: Value) -> str:
    """A value as JSON, or its digest where that is long."""
    whole = as_text(value)
    return whole if len(whole) <= 80 else f"{whole[:40]}… {digest(value)}"


def _content(artifacts: tuple[Artifact, ...]) -> str:
    """What tells artifacts apart: their type, content and metadata; the URI only where the content is not known."""
    return " ".join(f"{a.digest or a.uri} {a.type}" + (f" {digest(dict(a.metadata))}" if a.metadata else "") for a in artifacts)


def _path(artifact: Artifact, place: Place) -> Path:
    """Where a task sees the artifact."""
    copied = artifact.outside and artifact.metadata.get(WORKSPACE) is True
    return place.in_workspace(artifact.uri) if copied else place.path(artifact.uri)


def _provided(artifact: Artifact, place: Place) -> Value:
    out: dict[str, Value] = {
        "name": artifact.name,
        "uri": artifact.uri if artifact.is_name else str(_path(artifact, place)),
        "type": {"schemaTitle": artifact.type, "schemaVersion": artifact.schema_version},
        "metadata": {name: value for name, value in artifact.metadata.items() if name != WORKSPACE},
    }
    return out | ({"customPath": artifact.custom_path} if artifact.custom_path else {})


def _listed(provisioned: Mapping[str, Value]) -> list[dict[str, Value]]:
    groups = provisioned["artifacts"]
    assert isinstance(groups, dict)
    lists = [group["artifacts"] for group in groups.values() if isinstance(group, dict)]
    return [a for found in lists if isinstance(found, list) for a in found if isinstance(a, dict)]


def _written(provisioned: Mapping[str, Value]) -> tuple[Path, ...]:
    """Every path that the task is to write."""
    parameters = provisioned["parameters"]
    assert isinstance(parameters, dict)
    files = [str(p["outputFile"]) for p in parameters.values() if isinstance(p, dict)]
    return tuple(Path(p) for p in (*files, *(str(a["uri"]) for a in _listed(provisioned)), str(provisioned["outputFile"])))
