"""The digits example, unchanged, on processes, on Docker and on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import pytest
from contract.kube import Space, kubectl, namespace

import kflite
from kflite.runs.artifact import RunArtifact

EXAMPLE = Path(__file__).parents[2] / "examples" / "digits.py"


@pytest.fixture
def space(cluster: str, learning_image: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    """A namespace on a cluster whose nodes have the image with scikit-learn, which all images are mapped to."""
    if learning_image not in kubectl("get", "nodes", "-o", "jsonpath={.items[*].status.images[*].names}"):
        pytest.skip(f"the cluster's nodes have no image {learning_image}: bash tests/run copies it")
    monkeypatch.setenv("KFLITE_IMAGES", f"*={learning_image}")
    with namespace(cluster) as space:
        yield space


def digits(on: str) -> dict[str, object]:
    """What came of the run and of each of its tasks."""
    run = kflite.run(EXAMPLE, on=on, cache=False, progress=False)
    logs = {path: [file.read_text() for file in task.log_files()] for path, task in run.tasks.items()}
    assert run.state == "SUCCEEDED", (run.reason, logs)
    each = {path: {**task.outputs, **task.artifacts} for path, task in run.tasks.items()}
    made = {path: {name: content(value) for name, value in outputs.items()} for path, outputs in each.items()}
    return {**made, "logs": logs, "run": dict(run.outputs)}


def content(value: object) -> object:
    """A parameter as it is; an artifact as what is told of it and what it holds."""
    if isinstance(value, list):
        return [content(one) for one in value]
    if not isinstance(value, RunArtifact):
        return value
    if not is_zipfile(value.path):
        return value.metadata, value.digest
    with ZipFile(value.path) as held:  # NumPy's archives tell when they were made, too
        return value.metadata, {member.filename: member.CRC for member in held.infolist()}


@pytest.mark.timeout(300)
def test_processes_containers_and_pods_come_to_the_same(space: Space) -> None:
    on_processes, in_docker, in_pods = (digits(on) for on in ("process", "docker", f"kubernetes:/{space.name}"))
    assert len(on_processes) == 10
    assert in_docker == on_processes
    assert in_pods == on_processes
    assert space.ours() == []
