"""Components with a target_image: their code is in the image, and on this machine in the user's project."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import kflite
from kflite.core.event_kind import State
from kflite.errors import CompileError
from kflite.target import load

MODULE = """
from dataclasses import dataclass

import shop_of_image.prices as prices
from kflite import dsl

LIMIT = 3


@dataclass
class Order:
    count: int = 1


@dsl.component(target_image="IMAGE")
def total(order: Order, kept: dsl.Output[dsl.Dataset], scale: float = 1.0) -> dict:
    with open(kept.path, "w") as file:
        file.write("kept")
    kept.metadata["uri"] = dsl.get_uri("x").rpartition("/")[2]
    return {"total": order.count * prices.PRICE * scale, "limit": LIMIT}


@dsl.pipeline
def buy(count: int = 2) -> dict:
    return total(order={"count": count}).outputs["Output"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop_of_image").mkdir(parents=True)
    (folder / "shop_of_image" / "prices.py").write_text("PRICE = 5\n")
    (folder / "flow_of_image.py").write_text(MODULE.replace("IMAGE", "registry.test/shop:1"))
    yield folder
    for name in [n for n in sys.modules if n.partition(".")[0] in ("shop_of_image", "flow_of_image")]:
        del sys.modules[name]


def test_the_module_runs_from_the_project_where_no_container_is_used(run_each, project):
    ended = run_each(f"{project}/flow_of_image.py", count=3)
    assert ended.outputs["Output"] == {"total": 15.0, "limit": 3}
    assert ended.tasks["total"].artifacts["kept"].metadata == {"uri": "x"}


def test_ir_names_the_image_and_the_project_only_beside_it(project):
    document, platform = load(f"{project}/flow_of_image.py").pipeline.documents
    container = document["deploymentSpec"]["executors"]["exec-total"]["container"]
    assert container["image"] == "registry.test/shop:1"
    assert str(project) not in json.dumps(document)
    assert "PRICE = 5" not in json.dumps(document)
    executors = platform["platforms"]["kflite"]["deploymentSpec"]["executors"]
    assert executors == {"exec-total": {"project": str(project.resolve())}}


def test_packages_are_those_of_the_image_and_are_installed_where_none_is_used(project):
    text = MODULE.replace('target_image="IMAGE"', 'target_image="x", packages_to_install=["a"], pip_index_urls=["https://i"]')
    (project / "flow_of_image.py").write_text(text)
    document, platform = load(f"{project}/flow_of_image.py").pipeline.documents
    assert "install" not in document["deploymentSpec"]["executors"]["exec-total"]["container"]["command"][2]
    (held,) = platform["platforms"]["kflite"]["deploymentSpec"]["executors"].values()
    assert held == {"project": str(project.resolve()), "packages": ["a"], "index_urls": ["https://i"]}


def test_changed_code_of_the_project_is_not_answered_from_the_cache(project, home):
    def run() -> kflite.Run:
        for name in [n for n in sys.modules if n.partition(".")[0] in ("shop_of_image", "flow_of_image")]:
            del sys.modules[name]
        return kflite.run(f"{project}/flow_of_image.py", on="process", progress=False)

    assert run().outputs["Output"]["total"] == 10
    assert run().tasks["total"].reason == "cached"
    (project / "shop_of_image" / "prices.py").write_text("PRICE = 3 + 4\n")  # of another size: bytecode of this second would do
    assert run().outputs["Output"]["total"] == 14


def test_where_the_project_is_not_the_error_says_what_to_do(project, tmp_path, home):
    command = [sys.executable, "-m", "kflite", "compile", f"{project}/flow_of_image.py", "-o", f"{tmp_path}/flow.yaml"]
    subprocess.run(command, check=True, capture_output=True)
    project.rename(tmp_path / "elsewhere")
    ended = kflite.run(f"{tmp_path}/flow.yaml", on="process", progress=False)
    assert ended.state is State.FAILED
    told = f"there is no module 'flow_of_image' in {project.resolve()}: it is to be on the PYTHONPATH of the target_image"
    assert told in ended.tasks["total"].logs()


def test_the_image_has_the_code_in_a_container(project, docker_image, home):
    import docker

    client = docker.from_env()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as files:
        files.add(project, "app")
        dockerfile = f"FROM {docker_image}\nCOPY app /app\nENV PYTHONPATH=/app\n".encode()
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(dockerfile)
        files.addfile(entry, io.BytesIO(dockerfile))
    archive.seek(0)
    image, _ = client.images.build(fileobj=archive, custom_context=True, tag="kflite-test/shop:1", rm=True)
    try:
        (project / "flow_of_image.py").write_text(MODULE.replace("IMAGE", "kflite-test/shop:1"))
        (project / "shop_of_image" / "prices.py").write_text("PRICE = 1000\n")
        ended = kflite.run(f"{project}/flow_of_image.py", on="docker", progress=False)
        assert ended.state is State.SUCCEEDED, ended.tasks["total"].logs()
        assert ended.outputs["Output"]["total"] == 10
    finally:
        client.images.remove(image.id, force=True)
        client.close()


def test_a_function_that_no_module_has_is_refused(project):
    text = MODULE.replace(
        "@dsl.pipeline", "def inside():\n    @dsl.component(target_image='x')\n    def f(): ...\ninside()\n\n@dsl.pipeline"
    )
    (project / "flow_of_image.py").write_text(text)
    with pytest.raises(CompileError, match=r"flow_of_image.py:\d+: f\(\) has a target_image, and no module has it.*: define it"):
        load(f"{project}/flow_of_image.py")


def test_what_the_image_should_hold_is_refused_in_the_source(project):
    text = MODULE.replace('target_image="IMAGE"', 'target_image="x", embedded_artifact_path="y"')
    (project / "flow_of_image.py").write_text(text)
    with pytest.raises(CompileError, match=r"flow_of_image.py:\d+: embedded_artifact_path cannot go with target_image"):
        load(f"{project}/flow_of_image.py")
