"""What a pipeline asks for that has no meaning where it is to run."""

from __future__ import annotations

from typing import Any

import pytest

from kflite.ir.ignored_settings import ignored_settings

PYTHON = {"image": "python:3.11", "command": ["sh"]}
EVERYTHING = {
    "nodeSelector": {"labels": {"a": "b"}},
    "nodeAffinity": [{"weight": 1}],
    "podAffinity": [{"weight": 1}],
    "tolerations": [{"key": "k"}],
    "imagePullSecret": [{"secretName": "s"}],
    "imagePullPolicy": "Always",
    "podMetadata": {"labels": {"a": "b"}},
    "securityContext": {"runAsUser": "1"},
    "initContainers": [{}],
    "enabledSharedMemory": {"size": "1Gi"},
    "genericEphemeralVolume": [{"size": "1Gi"}],
    "emptyDirMounts": [{"sizeLimit": "1Gi"}],
}
HEEDED = {
    "secretAsEnv": [{"secretName": "s"}],
    "pvcMount": [{"constant": "c"}],
    "emptyDirMounts": [{"medium": "Memory", "sizeLimit": "1Gi"}],
    "fieldPathAsEnv": [{"name": "P", "fieldPath": "metadata.name"}],
    "activeDeadlineSeconds": "5",
}


def documents(config: dict[str, Any], box: dict[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
    first = {
        "root": {"dag": {"tasks": {"fit": {"componentRef": {"name": "comp-g"}}, "see": {"componentRef": {"name": "comp-c"}}}}},
        "components": {
            "comp-c": {"executorLabel": "exec-c", **more},
            "comp-g": {"dag": {"tasks": {"inner": {"componentRef": {"name": "comp-c"}}}}},
        },
        "deploymentSpec": {"executors": {"exec-c": {"container": box or {"image": "alpine", "command": ["true"]}}}},
    }
    return [first, {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-c": config}}}}}]


def names(config: dict[str, Any], on: str, **more: Any) -> set[str]:
    return {one.setting for one in ignored_settings(documents(config, **more), on)}


def test_one_line_a_kind_names_all_tasks() -> None:
    (found,) = ignored_settings(documents({"tolerations": [{"key": "k"}]}), "docker")
    assert set(found.tasks) == {"see", "fit/inner"}
    assert str(found).startswith("tolerations: no effect here: there is one machine")


@pytest.mark.parametrize("on", ["process", "inline"])
def test_processes_heed_none_of_what_is_for_pods(on: str) -> None:
    assert len(names(EVERYTHING, on)) == len(EVERYTHING)


def test_containers_heed_users_pull_policies_and_shared_memory() -> None:
    assert names(EVERYTHING, "process") - names(EVERYTHING, "docker") == {
        "image pull policies",
        "security contexts",
        "sizes of shared memory",
    }


def test_local_runs_commands_in_containers() -> None:
    assert names(EVERYTHING, "local") == names(EVERYTHING, "docker")


@pytest.mark.parametrize("on", ["process", "docker", "local", "inline"])
def test_what_has_a_meaning_everywhere_is_not_told(on: str) -> None:
    assert names(HEEDED, on) == set()


@pytest.mark.parametrize("on", ["kubernetes", "kubernetes:context/namespace"])
def test_a_cluster_heeds_all(on: str) -> None:
    assert names(EVERYTHING, on) == set()


def test_settings_that_are_passed_on_have_an_effect() -> None:
    passed = [{"field": "KUBERNETES_TOLERATIONS"}]
    assert names({"tolerations": [{"key": "k"}]}, "process", taskConfigPassthroughs=passed) == set()


def test_a_kind_of_accelerator_and_a_volumes_size_are_told() -> None:
    tpu = {"image": "i", "resources": {"accelerator": {"resourceType": "google.com/tpu", "resourceCount": "1"}}}
    gpu = {"image": "i", "resources": {"accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "1"}}}
    assert names({}, "docker", box=tpu) == {"kinds of accelerators"}
    assert names({}, "docker", box=gpu) == set()
    assert names({}, "process", box={"image": "argostub/createpvc"}) == {"sizes, classes and access modes of volumes"}


@pytest.mark.parametrize(("on", "told"), [("process", True), ("docker", True), ("local", True), ("kubernetes", False)])
def test_a_workspaces_size_is_for_a_cluster(on: str, told: bool) -> None:
    first, second = documents({})
    second["platforms"]["kubernetes"]["pipelineConfig"] = {"workspace": {"size": "1Gi"}}
    assert any("workspace" in one.setting for one in ignored_settings([first, second], on)) is told


def test_unknown_settings_and_platforms_are_told_everywhere() -> None:
    found = documents({"moods": ["good"]})
    found[1]["platforms"]["vertex"] = {}
    assert {one.setting for one in ignored_settings(found, "kubernetes")} == {
        "the setting 'moods'",
        "settings for the platform 'vertex'",
    }


def test_a_pipeline_without_settings_says_nothing() -> None:
    assert ignored_settings(documents({})[:1], "process") == []


@pytest.mark.parametrize("on", ["local", "kubernetes"])
def test_a_pipelines_own_root_is_told_as_the_setting_counts(on: str) -> None:
    (found,) = ignored_settings([documents({})[0] | {"defaultPipelineRoot": "minio://mlpipeline/v2/artifacts"}], on)
    assert str(found).startswith("the pipeline root 'minio://mlpipeline/v2/artifacts': no effect here")
