"""Components that kfp's compiler packed run where there is no kfp, no pip and no network."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

from integration import bare, kfp_components  # noqa: E402
from unit.runtime.kfp_shim import corpus  # noqa: E402
from unit.runtime.kfp_shim.test_against_kfp import CASES, by_kfp  # noqa: E402

# A run is given no artifacts, final statuses, settings or nulls: kfp_components has what other tasks give.
ALONE = [
    (f"{name}-{number}", name, given)
    for number, (name, given, artifacts) in enumerate(CASES)
    if not artifacts and name not in ("final", "configured") and None not in given.values()
]
RUNS = """
import importlib.util, json, sys, kflite
assert not importlib.util.find_spec("kfp.dsl")
ended = {}
for name, (file, given) in json.load(open(sys.argv[1])).items():
    run = kflite.run(file, given, on=sys.argv[2], cache=False, progress=False)
    logs = {task: run.tasks[task].logs() for task in run.tasks} if run.state.value != "SUCCEEDED" else {}
    ended[name] = {"state": run.state.value, "outputs": dict(run.outputs), "logs": str(logs)}
json.dump(ended, open(sys.argv[3], "w"), default=lambda made: dict(made.metadata))
"""
Ended = dict[str, Any]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with kflite and without kfp."""
    return bare.make(tmp_path_factory.mktemp("bare") / "venv")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, dict[str, Any]]]:
    """Documents and parameters by name."""
    from kfp import compiler

    folder = tmp_path_factory.mktemp("documents")
    targets = [(name, getattr(corpus, component), given) for name, component, given in ALONE]
    targets += [(pipeline.name, pipeline, {}) for pipeline in kfp_components.PIPELINES]
    for name, target, _ in targets:
        compiler.Compiler().compile(target, str(folder / f"{name}.yaml"))
    return {name: (str(folder / f"{name}.yaml"), given) for name, _, given in targets}


@pytest.fixture(scope="module")
def ended(python: Path, compiled: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Ended]]:
    """How all of them ended on an executor; they run once."""
    known: dict[str, dict[str, Ended]] = {}

    def on(executor: str) -> dict[str, Ended]:
        if executor not in known:
            known[executor] = run(python, compiled, executor, tmp_path_factory.mktemp(executor))
        return known[executor]

    return on


def run(python: Path, compiled: dict[str, Any], on: str, folder: Path, **env: str) -> dict[str, Ended]:
    """Runs documents in the bare interpreter, where no index of packages can be reached."""
    (folder / "runs.json").write_text(json.dumps(compiled))
    nowhere = {"PIP_NO_INDEX": "1", "KFLITE_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"} | env
    kept = {k: v for k, v in os.environ.items() if k.startswith(("DOCKER", "KFLITE_TEST_RUN", "XDG"))}
    command = [str(python), "-c", RUNS, str(folder / "runs.json"), on, str(folder / "ended.json")]
    done = subprocess.run(command, env=kept | nowhere, cwd=folder, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    found: dict[str, Ended] = json.loads((folder / "ended.json").read_text())
    return found


@pytest.mark.parametrize("executor", ["process", "inline"])
@pytest.mark.parametrize(("name", "component", "given"), ALONE, ids=[case[0] for case in ALONE])
def test_a_component_gives_what_kfps_own_executor_gives(ended, executor, name, component, given, tmp_path):
    from unit.runtime.kfp_shim.packing import pack

    packed = pack(getattr(corpus, component))
    expected = by_kfp(packed, tmp_path, packed.given(tmp_path, given, {}))
    ours = ended(executor)[name]
    assert ours["state"] == "SUCCEEDED", ours
    assert expected.written is not None, expected.log
    values = expected.written.get("parameterValues", {})
    metadata = {k: v["artifacts"][0]["metadata"] for k, v in expected.written.get("artifacts", {}).items()}
    assert {k: v for k, v in ours["outputs"].items() if k in values or k in metadata} == values | metadata


@pytest.mark.parametrize("executor", ["process", "inline"])
@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("paths", {"Output": "data model content 1"}),
        ("lists", {"Output": 3}),
        ("exits", {}),
        ("settings", {"Output": "None None None None None"}),
        ("chain", {"Output": 2}),
    ],
)
def test_a_pipeline_gives_its_outputs(ended, executor, name, outputs):
    assert ended(executor)[name] == {"state": "SUCCEEDED", "outputs": outputs, "logs": "{}"}


@pytest.mark.parametrize("executor", ["process", "inline"])
def test_artifacts_go_from_task_to_task(ended, executor):
    found = ended(executor)["artifacts"]["outputs"]["Output"]
    assert found.startswith("Dataset Artifact None data {'rows': 2} '\\n\\n' ")


def test_packages_that_the_interpreter_has_are_not_installed_again(python, tmp_path):
    from kfp import compiler, dsl

    component = dsl.component(corpus.undecorated, packages_to_install=["pyyaml", "packaging>=20"])
    compiler.Compiler().compile(component, str(tmp_path / "c.yaml"))
    assert run(python, {"c": (str(tmp_path / "c.yaml"), {})}, "process", tmp_path)["c"]["outputs"] == {"Output": 1}


def test_a_package_that_is_missing_is_named_when_there_is_no_network(python, tmp_path):
    from kfp import compiler, dsl

    component = dsl.component(corpus.undecorated, packages_to_install=["kflite-has-no-such-package"])
    compiler.Compiler().compile(component, str(tmp_path / "c.yaml"))
    command = [str(python), "-m", "kflite", "run", str(tmp_path / "c.yaml")]
    env = {"PIP_NO_INDEX": "1", "KFLITE_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "kflite-has-no-such-package" in done.stdout + done.stderr


def test_in_containers_what_stands_in_for_kfp_travels_in_the_command(python, compiled, docker_image, tmp_path):
    wanted = ("artifacts", "lists", "types", "logs", "embedded", "embedded_large")
    chosen = {name: document for name, document in compiled.items() if name.split("-")[0] in wanted}
    (tmp_path / "config").mkdir()
    images = f'[images]\n"python:*" = "{docker_image}"\n'
    (tmp_path / "config" / "kflite").mkdir()
    (tmp_path / "config" / "kflite" / "config.toml").write_text(images)
    found = run(python, chosen, "docker", tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert {name: ended["state"] for name, ended in found.items()} == dict.fromkeys(chosen, "SUCCEEDED")
    assert found["lists"]["outputs"] == {"Output": 3}
