"""The same file compiles to the same IR with kfp and with kflite, up to names that users do not choose."""

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from kflite.ir.check import check
from kflite.ir.read import documents, pipeline
from kflite.ir.write import dumps_yaml

pytest.importorskip("kfp", reason="kfp is not installed: pip install '.[test]'")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

CORPORA = sorted(Path(__file__).parent.glob("corpus*.py"))
# Those left out have inputs that a pipeline of one task cannot be given; pipelines of the corpora use them.
DEFINED = re.compile(
    r"^@dsl\.(?:pipeline|component|container_component|notebook_component).*\ndef (?!tidy|trainer|configured)(\w+)", re.MULTILINE
)
CASES = [(file, name) for file in CORPORA for name in DEFINED.findall(file.read_text())]
GROUP = re.compile(r"(?:condition-branches|condition|for-loop|exit-handler|loop-item-param)-\d+")


def load(file: Path, name: str) -> ModuleType:
    spec = spec_from_file_location(name, file)
    assert spec
    assert spec.loader
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], tuple[list, list]]:
    """The documents that kflite and kfp make of a pipeline or component of a file."""
    folder = tmp_path_factory.mktemp("kfp")

    @cache
    def modules(file: Path) -> tuple[ModuleType, ModuleType]:
        copy = folder / f"{file.stem}_of_kfp.py"
        copy.write_text(re.sub(r"\bkflite\b", "kfp", file.read_text()))
        return load(file, f"{file.stem}_of_kflite"), load(copy, copy.stem)

    @cache
    def both(file: Path, name: str) -> tuple[list, list]:
        if file.stem == "corpus_kubernetes":
            pytest.importorskip("kfp.kubernetes", reason="kfp-kubernetes is not installed: pip install '.[test]'")
        ours, theirs = modules(file)
        return ours.dsl.compile(getattr(ours, name)).documents, compiled_by_kfp(theirs, name, folder)

    return both


def compiled_by_kfp(module: ModuleType, name: str, folder: Path) -> list[dict]:
    import yaml
    from kfp import compiler

    compiler.Compiler().compile(getattr(module, name), str(folder / "out.yaml"))
    return list(yaml.safe_load_all((folder / "out.yaml").read_text()))


def expanded(document: dict, platform: dict, component: dict) -> dict:
    """A component with all that it refers to in its place, and without what depends on who compiled it."""
    component = dict(component)
    if "executorLabel" in component:
        label = component.pop("executorLabel")
        executor = json.loads(json.dumps(document["deploymentSpec"]["executors"][label]))
        component["platform"] = platform.get("deploymentSpec", {}).get("executors", {}).get(label)
        container = executor.get("container", {})
        if "python3" in json.dumps(container.get("command", [])):
            del container["command"], container["args"]
        if container.get("image", "").startswith("argostub/"):
            undescribed(component)
        component["executor"] = executor
    if "dag" in component:
        tasks = {name: expanded_task(document, platform, task) for name, task in component["dag"]["tasks"].items()}
        component["dag"] = {**component["dag"], "tasks": tasks}
    return component


def undescribed(component: dict) -> None:
    """Removes what is said of inputs, in words that kflite has of its own."""
    declared = component["inputDefinitions"]["parameters"]
    component["inputDefinitions"] = {"parameters": {k: {**v, "description": None} for k, v in declared.items()}}


def expanded_task(document: dict, platform: dict, task: dict) -> dict:
    """A task; kfp lets some of those that settings need go unsaid among the tasks that it waits for."""
    needed = {
        source["taskOutputParameter"]["producerTask"]
        for source in task.get("inputs", {}).get("parameters", {}).values()
        if "taskOutputParameter" in source
    }
    task = {**task, "dependentTasks": sorted(needed | set(task.get("dependentTasks", ())))}
    return {**task, "componentRef": expanded(document, platform, document["components"][task["componentRef"]["name"]])}


def canonical(documents: list[dict]) -> dict:
    """The document as one tree, its groups numbered in the order in which they stand."""
    document, *rest = documents
    platform = rest[0]["platforms"].get("kubernetes", {}) if rest else {}
    tree = {
        "root": expanded(document, platform, document["root"]),
        "info": document["pipelineInfo"],
        "at": document.get("defaultPipelineRoot"),
        "config": platform.get("pipelineConfig"),
    }
    names: dict[str, str] = {}
    number(tree["root"], names)
    prune(tree["root"])
    text = GROUP.sub(lambda found: names.get(found[0], found[0]), json.dumps(tree))
    return json.loads(text)


def prune(component: dict) -> None:
    """Removes inputs that kfp passes into a group where nothing uses them."""
    for task in component.get("dag", {}).get("tasks", {}).values():
        inner = task["componentRef"]
        prune(inner)
        if "dag" not in inner:
            continue
        own = {name: value for name, value in task.items() if name not in ("componentRef", "inputs")}
        used = json.dumps([inner["dag"], own])
        for kind in ("parameters", "artifacts"):
            for name in list(task.get("inputs", {}).get(kind, {})):
                if name.startswith("pipelinechannel--") and f'"{name}"' not in used and f"'{name}'" not in used:
                    del task["inputs"][kind][name], inner["inputDefinitions"][kind][name]


def number(component: dict, names: dict[str, str]) -> None:
    tasks = component.get("dag", {}).get("tasks", {})
    for name in sorted(tasks, key=lambda name: (re.sub(r"-\d+$", "", name), int(re.search(r"\d*$", name)[0] or 0))):
        item = tasks[name].get("parameterIterator", {}).get("itemInput", "").removeprefix("pipelinechannel--")
        for word in (name, item):
            if GROUP.fullmatch(word):
                names[word] = f"{re.sub(r'[0-9]+$', '', word)}#{len(names)}"
        number(tasks[name]["componentRef"], names)


@pytest.mark.parametrize(("file", "name"), CASES, ids=[f"{file.stem}:{name}" for file, name in CASES])
def test_a_pipeline_or_component_compiles_to_what_kfp_makes_of_it(file: Path, name: str, compiled: Callable):
    ours, theirs = compiled(file, name)
    assert canonical(ours) == canonical(theirs)


@pytest.mark.parametrize(("file", "name"), CASES, ids=[f"{file.stem}:{name}" for file, name in CASES])
def test_what_kfp_makes_of_it_is_sound_and_is_written_equal(file: Path, name: str, compiled: Callable):
    _, theirs = compiled(file, name)
    read = pipeline(theirs, file.name)
    assert check(read) == []
    assert pipeline(documents(dumps_yaml(read).encode(), "again"), "again") == read
