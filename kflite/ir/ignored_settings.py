"""Settings of tasks that have no meaning where a run goes: told once for a run, kind by kind, and never dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kflite.ir import kubernetes
from kflite.ir.document import Document, Whole, referred, walk
from kflite.runtime import bootstrap

_NAMED = 6  # tasks that a line names
_ONE_NODE = "there is one machine, and nothing to choose from"
_NO_IMAGE = "a process needs no image"
_FOLDER = "a volume is a folder here, with all the room of its disk"
_OWN = ("kubernetes", "kflite")


class _Kind(NamedTuple):
    """Settings of one kind: the key, what to call them, why they have no effect where; field: as a task config passes them on."""

    key: str
    name: str
    why: Mapping[str, str]
    field: str = ""


def _everywhere(why: str) -> dict[str, str]:
    return {"process": why, "inline": why, "docker": why}


def _not_in_containers(why: str) -> dict[str, str]:
    return {"process": why, "inline": why}


_KINDS = (
    _Kind("nodeSelector", "node selectors", _everywhere(_ONE_NODE), "KUBERNETES_NODE_SELECTOR"),
    _Kind("nodeAffinity", "node affinities", _everywhere(_ONE_NODE), "KUBERNETES_AFFINITY"),
    _Kind("podAffinity", "pod affinities", _everywhere(_ONE_NODE), "KUBERNETES_AFFINITY"),
    _Kind("tolerations", "tolerations", _everywhere(_ONE_NODE), "KUBERNETES_TOLERATIONS"),
    _Kind(
        "imagePullSecret",
        "image pull secrets",
        _not_in_containers(_NO_IMAGE) | {"docker": "Docker uses what `docker login` gave it"},
    ),
    _Kind("imagePullPolicy", "image pull policies", _not_in_containers(_NO_IMAGE)),
    _Kind(
        "podMetadata",
        "pods' labels and annotations",
        _everywhere("there is no pod to mark, though a task may ask for them as variables"),
    ),
    _Kind("securityContext", "security contexts", _not_in_containers("a process runs as you")),
    _Kind("initContainers", "init containers", _everywhere("nothing runs before a task but what the pipeline says")),
    _Kind("enabledSharedMemory", "sizes of shared memory", _not_in_containers("processes share the machine's")),
    _Kind("genericEphemeralVolume", "sizes and classes of ephemeral volumes", _everywhere(_FOLDER), "KUBERNETES_VOLUMES"),
    _Kind("sizeLimit", "sizes of empty folders", _everywhere(_FOLDER), "KUBERNETES_VOLUMES"),
    _Kind("claim", "sizes, classes and access modes of volumes", _everywhere(_FOLDER)),
    _Kind("accelerator", "kinds of accelerators", _everywhere("a task gets whichever GPUs this machine has"), "RESOURCES"),
)


@dataclass(frozen=True, slots=True)
class Unheeded:
    """Settings of one kind, and the tasks that have them; none where they are the whole pipeline's."""

    setting: str
    why: str
    tasks: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f" and {len(self.tasks) - _NAMED} more" if len(self.tasks) > _NAMED else ""
        of = f" (of {', '.join(self.tasks[:_NAMED])}{more})" if self.tasks else ""
        return f"{self.setting}: no effect here: {self.why}{of}"


def unheeded(documents: Sequence[Document], on: str) -> list[Unheeded]:
    """All that a sound pipeline asks for in vain where it is to run. documents: as proto JSON; on: the word of `--on`."""
    whole, platforms = Whole(documents[0]), documents[1]["platforms"] if len(documents) > 1 else {}
    configs = (platforms.get("kubernetes") or {}).get("deploymentSpec", {}).get("executors", {})
    found: dict[tuple[str, str], list[str]] = {}
    for path, component in _sites(whole):
        label = component.get("executorLabel", "")
        for kind, why in _of(component, whole.executors.get(label, {}), configs.get(label, {}), on.partition(":")[0]):
            found.setdefault((kind, why), []).append(path)
    others = [
        Unheeded(f"settings for the platform {name!r}", "kflite does not know it") for name in platforms if name not in _OWN
    ]
    config = (platforms.get("kubernetes") or {}).get("pipelineConfig", {})
    if root := documents[0].get("defaultPipelineRoot"):
        others.append(Unheeded(f"the pipeline root {root!r}", "artifacts are kept where the setting `artifacts` says"))
    if "workspace" in config and not on.startswith("kubernetes"):
        others.append(Unheeded("the size and the volume's settings of the workspace", _FOLDER))
    return [*(Unheeded(kind, why, tuple(sorted(paths))) for (kind, why), paths in found.items()), *others]


def _sites(whole: Whole) -> Iterator[tuple[str, Document]]:
    """Each task that runs something, by its path in the pipeline and its component; a pipeline that several use, once."""
    for path, _, _, task in walk(whole):
        component = whole.components.get(referred(task), {})
        if "dag" not in component:
            yield path, component


def _of(component: Document, executor: Document, config: Document, on: str) -> Iterator[tuple[str, str]]:
    box = executor.get("container", {})
    where = _where(box, on)
    passed = {p["field"] for p in component.get("taskConfigPassthroughs", ())}
    asked = _asked(box, config)
    for kind in _KINDS:
        if kind.key in asked and where in kind.why and kind.field not in passed:
            yield kind.name, kind.why[where]
    for path, _ in kubernetes.unknown(dict(config), "") if config else ():
        yield f"the setting {path.strip('.')!r}", "kflite does not know it"


def _where(box: Document, on: str) -> str:
    """What runs the task."""
    if on != "local":
        return on
    words = (tuple(box.get("command", ())), tuple(box.get("args", ())))
    return "process" if bootstrap.recognise(*words) or _claims(box) else "docker"


def _claims(box: Document) -> bool:
    return str(box.get("image", "")).startswith("argostub/")


def _asked(box: Document, config: Document) -> set[str]:
    out = {key for key, value in config.items() if value}
    if any(e.get("sizeLimit") and e.get("medium") != "Memory" for e in config.get("emptyDirMounts", ())):
        out.add("sizeLimit")
    if box.get("image") == "argostub/createpvc":
        out.add("claim")
    gpu = box.get("resources", {}).get("accelerator", {})
    if (gpu.get("resourceType") or gpu.get("type")) not in (None, "", "nvidia.com/gpu"):
        out.add("accelerator")
    return out
