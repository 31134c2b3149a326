"""Pipelines that ask Kubernetes for something get it on this machine too, or are told what they do not get."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from integration.cli import Cli

import kflite
from kflite import dsl, kubernetes
from kflite.core.event_kind import State

WHERE = ["process", "docker"]


@dsl.component
def write(text: str):
    with open("/data/inner/file", "w") as file:
        file.write(text)


@dsl.component
def read(path: str) -> str:
    with open(path) as file:
        return file.read()


@dsl.pipeline
def through_a_volume(text: str) -> str:
    made = kubernetes.CreatePVC(access_modes=["ReadWriteOnce"], size="1Gi", pvc_name_suffix="-data")
    written = write(text=text)
    kubernetes.mount_pvc(written, made.outputs["name"], "/data/inner")
    found = read(path="/other/file").after(written)
    kubernetes.mount_pvc(found, made.outputs["name"], "/other")
    kubernetes.DeletePVC(pvc_name=made.outputs["name"]).after(found)
    return found.output


@pytest.fixture
def where(home: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place to run, with an image of the machine's own where that is a container."""
    if request.param == "process":
        request.getfixturevalue("namespaces")
    if request.param == "docker":
        monkeypatch.setenv("KFLITE_IMAGES", f"python:*={request.getfixturevalue('docker_image')}")
    return str(request.param)


@pytest.mark.parametrize("where", WHERE, indirect=True)
def test_tasks_share_a_volume_that_the_pipeline_makes_and_ends(where: str, home: Path) -> None:
    for text in ("one", "two"):
        run = kflite.run(through_a_volume, {"text": text}, on=where, progress=False)
        assert run.outputs == {"Output": text}
        assert str(run.tasks["createpvc"].outputs["name"]).endswith("-data")
    assert list((home / "volumes").iterdir()) == []


@dsl.pipeline
def into_a_volume_of_one_name(text: str):
    made = kubernetes.CreatePVC(access_modes=["ReadWriteOnce"], size="1Gi", pvc_name="data")
    written = write(text=text)
    kubernetes.mount_pvc(written, made.outputs["name"], "/data/inner")


@pytest.mark.usefixtures("namespaces")
def test_what_was_written_into_a_volume_that_is_gone_is_written_again(home: Path) -> None:
    def reason() -> str:
        return kflite.run(into_a_volume_of_one_name, {"text": "t"}, on="process", progress=False).tasks["write"].reason

    assert [reason(), reason()] == ["", "cached"]
    shutil.rmtree(home / "volumes" / "data")
    assert reason() == ""
    assert (home / "volumes" / "data" / "file").read_text() == "t"


@dsl.pipeline
def read_a_secret(name: str, path: str) -> str:
    found = read(path=path)
    kubernetes.use_secret_as_volume(found, name, "/run/secret", optional=True)
    kubernetes.use_config_map_as_volume(found, name, "/run/config", optional=True)
    return found.output


@pytest.mark.parametrize("where", WHERE, indirect=True)
@pytest.mark.parametrize("kind", ["secret", "config"])
def test_a_secret_that_is_named_in_the_run_is_mounted(where: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"KFLITE_{kind.upper()}_REGISTRY", json.dumps({"api-token": "v"}))
    run = kflite.run(read_a_secret, {"name": "registry", "path": f"/run/{kind}/api-token"}, on=where, progress=False)
    assert run.outputs == {"Output": "v"}


@dsl.component
def depth() -> str:
    import os

    return os.environ["DEPTH"]


@dsl.pipeline
def configured() -> str:
    task = depth()
    kubernetes.use_config_map_as_env(task, "model", {"depth": "DEPTH"})
    return task.output


@pytest.mark.usefixtures("home")
def test_a_config_map_that_changed_is_used_and_one_that_did_not_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, reason in (("3", ""), ("3", "cached"), ("4", "")):
        monkeypatch.setenv("KFLITE_CONFIG_MODEL_DEPTH", text)
        run = kflite.run(configured, on="inline", progress=False)
        assert (run.outputs, run.tasks["depth"].reason) == ({"Output": text}, reason)


@dsl.pipeline
def read_a_volume_of_the_users() -> str:
    found = read(path="/data/file")
    kubernetes.mount_pvc(found, "mine", "/data")
    return found.output


@pytest.mark.usefixtures("namespaces")
def test_a_volume_may_be_a_link_to_a_folder_of_the_users(home: Path, tmp_path: Path) -> None:
    missing = kflite.run(read_a_volume_of_the_users, on="process", progress=False)
    assert (missing.state, missing.tasks["read"].reason) == (State.FAILED, "VolumeMissing")
    assert str(home / "volumes" / "mine") in missing.tasks["read"].message
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("found")
    (home / "volumes").mkdir()
    (home / "volumes" / "mine").symlink_to(tmp_path / "mine")
    assert kflite.run(read_a_volume_of_the_users, on="process", progress=False).outputs == {"Output": "found"}


@dsl.component
def what_it_is_told() -> list:
    import os

    return [os.environ["POD"], os.environ["TEAM"]]


@dsl.pipeline
def told() -> list:
    task = what_it_is_told()
    kubernetes.use_field_path_as_env(task, "POD", "metadata.name")
    kubernetes.use_field_path_as_env(task, "TEAM", "metadata.labels['team']")
    kubernetes.add_pod_label(task, "team", "blue")
    return task.output


@pytest.mark.parametrize("where", [*WHERE, "inline"], indirect=True)
def test_a_task_is_told_of_itself(where: str) -> None:
    (outputs,) = kflite.run(told, on=where, progress=False).outputs.values()
    assert isinstance(outputs, list)
    assert str(outputs[0]).startswith("kflite-what-it-is-told-")
    assert outputs[1] == "blue"


@dsl.component(
    task_config_passthroughs=[
        dsl.TaskConfigField.RESOURCES,
        dsl.TaskConfigField.KUBERNETES_VOLUMES,
        dsl.TaskConfigPassthrough(field=dsl.TaskConfigField.ENV, apply_to_task=True),
    ]
)
def launch(config: dsl.TaskConfig) -> list:
    import os

    return [config.resources, config.env, config.volume_mounts, config.tolerations, os.environ["A"], os.path.exists("/data")]


@dsl.pipeline
def launches() -> list:
    task = launch().set_cpu_limit("1000").set_env_variable("A", "b")
    kubernetes.mount_pvc(task, "none", "/data")
    return task.output


@pytest.mark.usefixtures("home")
def test_a_task_that_starts_other_work_is_handed_its_settings_and_does_not_need_them_itself() -> None:
    run = kflite.run(launches, on="process", progress=False)
    mounts = [{"name": "none", "mountPath": "/data"}]
    assert run.outputs == {"Output": [{"limits": {"cpu": "1000"}}, [{"name": "A", "value": "b"}], mounts, None, "b", False]}


PIPELINE = """
from kflite import dsl, kubernetes

@dsl.component
def see() -> int:
    return 1

@dsl.pipeline
def choosy():
    for number in range(2):
        task = see()
        kubernetes.add_node_selector(task, "disk", "ssd")
        kubernetes.mount_pvc(task, "data", "/data", sub_path="part")
        kubernetes.use_secret_as_env(task, "s", {"k": "TOKEN"})
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli.at(tmp_path)
    (tmp_path / "choosy.py").write_text(PIPELINE)
    made.environment["KFLITE_SECRET_S_K"] = "v"
    return made


@pytest.mark.usefixtures("namespaces")
def test_what_has_no_effect_is_said_once_by_check_run_and_show(cli: Cli) -> None:
    (cli.folder / "home" / "volumes" / "data").mkdir(parents=True)
    line = "node selectors: no effect here: there is one machine, and nothing to choose from (of see, see-2)"
    cli.full("check", "choosy.py", "--on", "nowhere", status=2)
    assert cli.full("check", "choosy.py").stderr.splitlines() == [line]
    held = cli.json("check", "choosy.py", "--on", "docker")["ignored_settings"]
    assert isinstance(held, list)
    assert [each["tasks"] for each in held] == [["see", "see-2"]]
    assert cli.full("run", "choosy.py", "--on", "process").stderr.splitlines() == [line]
    assert cli("show").splitlines()[-1] == line


def test_a_dry_run_shows_mounts_and_where_variables_come_from(cli: Cli) -> None:
    shown = cli("run", "choosy.py", "--dry-run")
    assert "  mounts /data from volume data/part" in shown
    assert "  env TOKEN from secret s, key k" in shown


def test_the_doctor_says_where_secrets_and_volumes_lie(cli: Cli) -> None:
    assert f"0 in {cli.folder / 'home' / 'volumes'}" in [finding["text"] for finding in cli.doctor()]
