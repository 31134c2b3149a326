"""The workspace: a folder that all tasks of a run share, in pipelines that ask for one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import kflite
from kflite import dsl
from kflite.errors import InputError
from kflite.runs.artifact import RunArtifact


@dsl.component
def put(folder: str, text: str):  # type: ignore[no-untyped-def]
    with open(f"{folder}/shared", "w") as file:
        file.write(text)


@dsl.component
def get(folder: str) -> str:
    return open(f"{folder}/shared").read()


@dsl.component
def change(data: dsl.Input[dsl.Dataset]) -> str:
    with open(data.path, "a") as file:
        file.write(" and more")
    return data.path


ASKING = dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(size="1Gi"))


@dsl.pipeline(pipeline_config=ASKING)
def shared() -> str:
    first = put(folder=dsl.WORKSPACE_PATH_PLACEHOLDER, text="from one to the other")
    return get(folder=dsl.WORKSPACE_PATH_PLACEHOLDER).after(first).output


@dsl.pipeline(pipeline_config=ASKING)
def downloaded(uri: str) -> str:
    found = dsl.importer(artifact_uri=uri, artifact_class=dsl.Dataset, download_to_workspace=True)
    return change(data=found.output).output


@pytest.fixture(autouse=True)
def _own(home: Path) -> None:
    """Each test has a home of its own."""


def output(pipeline: dsl.Component, parameters: dict[str, str] | None = None, on: str = "process") -> tuple[kflite.Run, str]:
    run = kflite.run(pipeline, parameters, on=on)
    assert run.state == "SUCCEEDED", run.logs()
    return run, str(run.outputs["Output"])


@pytest.mark.parametrize("on", ["inline", "process"])
def test_tasks_share_a_folder_that_other_runs_do_not_see(home: Path, tmp_path: Path, on: str) -> None:
    first, second = (output(shared, on=on) for _ in range(2))
    assert first[1] == second[1] == "from one to the other"
    assert {task.reason for task in second[0].tasks.values()} == {""}
    assert len(list(home.rglob("shared"))) == 2


def test_containers_share_it_too(docker_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_IMAGES", f"python:*={docker_image}")
    assert output(shared, on="docker")[1] == "from one to the other"


def test_it_goes_with_its_run(home: Path, tmp_path: Path) -> None:
    async def delete(id: str) -> None:
        async with kflite.Client() as client:
            await client.delete(id)

    run, _ = output(shared)
    assert list(home.rglob("shared"))
    asyncio.run(delete(run.id))
    assert not list(home.rglob("shared"))


def test_what_is_downloaded_to_it_may_be_changed_and_its_source_stays(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("data")
    run, path = output(downloaded, {"uri": f"{tmp_path}/a.csv"})
    assert path.endswith(f"/.workspace/.artifacts{tmp_path}/a.csv")
    assert (Path(path).read_text(), (tmp_path / "a.csv").read_text()) == ("data and more", "data")
    imported = run.tasks["importer"].artifacts["artifact"]
    assert isinstance(imported, RunArtifact)
    assert imported.metadata == {"_kfp_workspace": True}


@pytest.mark.parametrize("pipeline", [shared, downloaded])
def test_a_pipeline_that_asks_for_none_has_none(pipeline: dsl.Component) -> None:
    asking, _ = dsl.compile(pipeline).documents
    with pytest.raises(InputError, match=r"workspace, and the pipeline declares none: give it platforms\.kubernetes"):
        kflite.run(asking, {"uri": "/data"} if pipeline is downloaded else None)
