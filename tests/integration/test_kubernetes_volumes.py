"""Volumes of a cluster, bound to real ones: those that a pipeline makes, mounts and ends, and the workspace of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract.kube import Space, namespace, offered
from integration.test_workspace import get, put

import kflite
from kflite import dsl, kubernetes
from kflite.core.event_kind import State

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def space(cluster_here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    """A namespace with a volume: a folder of this machine, as no provisioner makes any here."""
    monkeypatch.setenv("KFLITE_IMAGES", f"python:*={cluster_here}")
    with namespace(cluster_here) as space, offered(space, tmp_path / "volume"):
        yield space


def ended(pipeline: dsl.Component, space: Space, **parameters: str) -> kflite.Run:
    run = kflite.run(pipeline, parameters, on=f"kubernetes:/{space.name}", progress=False)
    assert run.state is State.SUCCEEDED, run.logs()
    return run


@dsl.pipeline
def through_a_volume(text: str, of: str) -> str:
    made = kubernetes.CreatePVC(access_modes=["ReadWriteOnce"], size="1Gi", pvc_name_suffix="-data", storage_class_name=of)
    written = put(folder="/data", text=text)
    kubernetes.mount_pvc(written, made.outputs["name"], "/data", sub_path="part")
    found = get(folder="/other/part").after(written)
    kubernetes.mount_pvc(found, made.outputs["name"], "/other")
    kubernetes.DeletePVC(pvc_name=made.outputs["name"]).after(found)
    return found.output


def test_tasks_share_a_volume_that_the_pipeline_makes_and_ends(space: Space, tmp_path: Path) -> None:
    run = ended(through_a_volume, space, text="kept", of=space.name)
    assert run.outputs == {"Output": "kept"}
    assert (tmp_path / "volume" / "part" / "shared").read_text() == "kept"
    assert space.ours() == []


def test_tasks_share_a_workspace_that_ends_with_the_run(space: Space) -> None:
    patch = dsl.KubernetesWorkspaceConfig(pvcSpecPatch={"storageClassName": space.name})

    @dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig("64Mi", patch)))
    def shared() -> str:
        first = put(folder=dsl.WORKSPACE_PATH_PLACEHOLDER, text="from one to the other")
        return get(folder=dsl.WORKSPACE_PATH_PLACEHOLDER).after(first).output

    assert ended(shared, space).outputs == {"Output": "from one to the other"}
    assert space.ours() == []
