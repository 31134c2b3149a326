"""Finds the settings of tasks that have no effect on a run's executor, so that they are reported once for each run and kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kflite.core.frozen import dataclass
from kflite.ir import kubernetes
from kflite.ir.document import Document, DocumentView, component_name, walk
from kflite.ir.names import some_of
from kflite.runtime import bootstrap

_ONE_NODE = "there is one machine, and nothing to choose from"
_NO_IMAGE = "a process needs no image"
_FOLDER = "a volume is a folder here, with all the room of its disk"
_KNOWN_PLATFORMS = ("kubernetes", "kflite")


class _Kind(NamedTuple):
    """A kind of settings. why: the reason for having no effect, by executor; field: its name in a task config."""

    key: str
    name: str
    why: Mapping[str, str]
    field: str = ""


def _on_one_machine(why: str) -> dict[str, str]:
    return {"process": why, "inline": why, "docker": why}


def _not_in_containers(why: str) -> dict[str, str]:
    return {"process": why, "inline": why}


_KINDS = (
    _Kind("nodeSelector", "node selectors", _on_one_machine(_ONE_NODE), "KUBERNETES_NODE_SELECTOR"),
    _Kind("nodeAffinity", "node affinities", _on_one_machine(_ONE_NODE), "KUBERNETES_AFFINITY"),
    _Kind("podAffinity", "pod affinities", _on_one_machine(_ONE_NODE), "KUBERNETES_AFFINITY"),
    _Kind("tolerations", "tolerations", _on_one_machine(_ONE_NODE), "KUBERNETES_TOLERATIONS"),
    _Kind(
        "imagePullSecret",
        "image pull secrets",
        _not_in_containers(_NO_IMAGE) | {"docker": "Docker uses what `docker login` gave it"},
    ),
    _Kind("imagePullPolicy", "image pull policies", _not_in_containers(_NO_IMAGE)),
    _Kind(
        "podMetadata",
        "pods' labels and annotations",
        _on_one_machine("there is no pod to mark, though a task may ask for them as variables"),
    ),
    _Kind("securityContext", "security contexts", _not_in_containers("a process runs as you")),
    _Kind("initContainers", "init containers", _on_one_machine("nothing runs before a task but what the pipeline says")),
    _Kind("enabledSharedMemory", "sizes of shared memory", _not_in_containers("processes share the machine's")),
    _Kind("genericEphemeralVolume", "sizes and classes of ephemeral volumes", _on_one_machine(_FOLDER), "KUBERNETES_VOLUMES"),
    _Kind("sizeLimit", "sizes of empty folders", _on_one_machine(_FOLDER), "KUBERNETES_VOLUMES"),
    _Kind("claim", "sizes, classes and access modes of volumes", _on_one_machine(_FOLDER)),
    _Kind("accelerator", "kinds of accelerators", _on_one_machine("a task gets whichever GPUs this machine has"), "RESOURCES"),
)


@dataclass(frozen=True, slots=True)
class IgnoredSetting:
    """Ignored settings of one kind, and the tasks that have them; no tasks if they are the pipeline's."""

    setting: str
    why: str
    tasks: tuple[str, ...] = ()

    def __str__(self) -> str:
        of = f" (of {some_of(self.tasks)})" if self.tasks else ""
        return f"{self.setting}: no effect here: {self.why}{of}"


def ignored_settings(documents: Sequence[Document], on: str) -> list[IgnoredSetting]:
    """The settings of a valid pipeline that its executor ignores. documents: proto JSON; on: the argument of `--on`."""
    view, platforms = DocumentView(documents[0]), documents[1]["platforms"] if len(documents) > 1 else {}
    configs = (platforms.get("kubernetes") or {}).get("deploymentSpec", {}).get("executors", {})
    by_setting: dict[tuple[str, str], list[str]] = {}
    for path, component in _sites(view):
        label = component.get("executorLabel", "")
        for kind, why in _ignored_of(component, view.executors.get(label, {}), configs.get(label, {}), on.partition(":")[0]):
            by_setting.setdefault((kind, why), []).append(path)
    others = [
        IgnoredSetting(f"settings for the platform {name!r}", "kflite does not know it")
        for name in platforms
        if name not in _KNOWN_PLATFORMS
    ]
    config = (platforms.get("kubernetes") or {}).get("pipelineConfig", {})
    if root := documents[0].get("defaultPipelineRoot"):
        others.append(IgnoredSetting(f"the pipeline root {root!r}", "artifacts are kept where the setting `artifacts` says"))
    if "workspace" in config and not on.startswith("kubernetes"):
        others.append(IgnoredSetting("the size and the volume's settings of the workspace", _FOLDER))
    return [*(IgnoredSetting(kind, why, tuple(sorted(paths))) for (kind, why), paths in by_setting.items()), *others]


def _sites(view: DocumentView) -> Iterator[tuple[str, Document]]:
    """The path and component of each task that is not a pipeline; tasks of a shared nested pipeline come once."""
    for path, _, _, task in walk(view):
        component = view.components.get(component_name(task), {})
        if "dag" not in component:
            yield path, component


def _ignored_of(component: Document, executor: Document, config: Document, on: str) -> Iterator[tuple[str, str]]:
    container = executor.get("container", {})
    runs_as = _executor_kind(container, on)
    passed_through = {p["field"] for p in component.get("taskConfigPassthroughs", ())}
    used = _settings_used(container, config)
    for kind in _KINDS:
        if kind.key in used and runs_as in kind.why and kind.field not in passed_through:
            yield kind.name, kind.why[runs_as]
    for path, _ in kubernetes.unknown(dict(config), "") if config else ():
        yield f"the setting {path.strip('.')!r}", "kflite does not know it"


def _executor_kind(container: Document, on: str) -> str:
    """The kind of executor that runs the task."""
    if on != "local":
        return on
    words = (tuple(container.get("command", ())), tuple(container.get("args", ())))
    return "process" if bootstrap.as_python(*words) or _is_volume_claim(container) else "docker"


def _is_volume_claim(container: Document) -> bool:
    return str(container.get("image", "")).startswith("argostub/")


def _settings_used(container: Document, config: Document) -> set[str]:
    out = {key for key, value in config.items() if value}
    if any(e.get("sizeLimit") and e.get("medium") != "Memory" for e in config.get("emptyDirMounts", ())):
        out.add("sizeLimit")
    if container.get("image") == "argostub/createpvc":
        out.add("claim")
    gpu = container.get("resources", {}).get("accelerator", {})
    if (gpu.get("resourceType") or gpu.get("type")) not in (None, "", "nvidia.com/gpu"):
        out.add("accelerator")
    return out
