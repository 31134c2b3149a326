"""The same file compiles to the same IR with kfp and with kflite, up to names that users do not choose."""

import json
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("kfp", reason="kfp is not installed: pip install '.[test]'")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

CORPUS = Path(__file__).with_name("corpus.py")
PIPELINES = re.findall(r"^@dsl\.pipeline.*\ndef (\w+)", CORPUS.read_text(), re.MULTILINE)
COMPONENTS = re.findall(r"^@dsl\.(?:container_)?component.*\ndef (?!tidy)(\w+)", CORPUS.read_text(), re.MULTILINE)
GROUP = re.compile(r"(?:condition-branches|condition|for-loop|exit-handler|loop-item-param)-\d+")


def load(file: Path, name: str) -> ModuleType:
    spec = spec_from_file_location(name, file)
    assert spec
    assert spec.loader
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    file = tmp_path_factory.mktemp("kfp") / "corpus_of_kfp.py"
    file.write_text(re.sub(r"\bkflite\b", "kfp", CORPUS.read_text()))
    return load(file, "corpus_of_kfp")


@pytest.fixture(scope="module")
def ours() -> ModuleType:
    return load(CORPUS, "corpus_of_kflite")


def compiled_by_kfp(module: ModuleType, name: str, folder: Path) -> dict:
    import yaml
    from kfp import compiler

    compiler.Compiler().compile(getattr(module, name), str(folder / "out.yaml"))
    return next(yaml.safe_load_all((folder / "out.yaml").read_text()))


def expanded(document: dict, component: dict) -> dict:
    """A component with all that it refers to in its place, and without what depends on who compiled it."""
    component = dict(component)
    if "executorLabel" in component:
        executor = json.loads(json.dumps(document["deploymentSpec"]["executors"][component.pop("executorLabel")]))
        container = executor.get("container", {})
        if "python3" in json.dumps(container.get("command", [])):
            del container["command"], container["args"]
        component["executor"] = executor
    if "dag" in component:
        tasks = {name: expanded_task(document, task) for name, task in component["dag"]["tasks"].items()}
        component["dag"] = {**component["dag"], "tasks": tasks}
    return component


def expanded_task(document: dict, task: dict) -> dict:
    return {**task, "componentRef": expanded(document, document["components"][task["componentRef"]["name"]])}


def canonical(document: dict) -> dict:
    """The document as one tree, its groups numbered in the order in which they stand."""
    tree = {
        "root": expanded(document, document["root"]),
        "info": document["pipelineInfo"],
        "at": document.get("defaultPipelineRoot"),
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


@pytest.mark.parametrize("name", PIPELINES + COMPONENTS)
def test_a_pipeline_or_component_compiles_to_what_kfp_makes_of_it(
    name: str, ours: ModuleType, theirs: ModuleType, tmp_path: Path
):
    made = ours.dsl.compile(getattr(ours, name)).documents[0]
    assert canonical(made) == canonical(compiled_by_kfp(theirs, name, tmp_path))
