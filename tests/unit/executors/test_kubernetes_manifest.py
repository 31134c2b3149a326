"""The pod that a job becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from kflite.config import KubernetesSettings
from kflite.core.job import Job, Mount, MountSource, Resources, Role, Secret, VolumeClaim
from kflite.executors.images import ImageMap
from kflite.executors.kubernetes import KubernetesOptions, manifest
from kflite.executors.kubernetes.container import PodOrder, command_line
from kflite.executors.kubernetes.fields import claim

FOLDER = Path("/home/u/runs/r/fit/1")
ARTIFACTS = Path("/home/u/artifacts")
PLAIN = KubernetesOptions()
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def job(**asked: Any) -> Job:
    role = replace(Role("python:3.11", ("sh", "-c"), ("echo $HOME",)), **asked)
    return Job("r/fit", 1, (role,), FOLDER, roots=(FOLDER, ARTIFACTS), outputs=(ARTIFACTS / "model",))


def pod(made: Job, settings: KubernetesOptions = PLAIN, send: bool = False) -> Any:
    hosts = ("a.b", "c.b") if len(made.replicas) > 1 else ()
    return manifest.pod(made, made.replicas[0], PodOrder("uid", {"KFLITE_RANK": "0"}, hosts, send), settings)


def main(made: Any) -> Any:
    (found,) = [c for c in (*made["spec"]["initContainers"], *made["spec"]["containers"]) if c["name"] == "main"]
    return found


def test_the_settings_file_holds_what_the_executor_takes() -> None:
    others = {"images", "profile", "home"}
    assert {f.name for f in fields(KubernetesSettings)} == {f.name for f in fields(KubernetesOptions)} - others
    assert asdict(KubernetesSettings()) == {key: value for key, value in asdict(KubernetesOptions()).items() if key not in others}


def test_main_runs_between_what_fetches_and_what_pushes() -> None:
    spec = pod(job())["spec"]
    assert [c["name"] for c in (*spec["initContainers"], *spec["containers"])] == ["fetch", "main", "push"]


def test_a_pod_belongs_to_its_run_and_is_found_by_its_labels() -> None:
    about = pod(job(), KubernetesOptions(profile="ann@example"))["metadata"]
    assert about["ownerReferences"][0] == {"apiVersion": "v1", "kind": "ConfigMap", "name": "kflite-r", "uid": "uid"}
    assert (
        about["labels"].items()
        >= {
            "app.kubernetes.io/managed-by": "kflite",
            "kflite.dev/run": "r",
            "kflite.dev/task": "fit",
            "kflite.dev/attempt": "1",
            "kflite.dev/profile": "ann.example",
        }.items()
    )


def test_dollars_stay_what_they_are() -> None:
    made = main(pod(job(env={"PRICE": "$(KFLITE_RANK) $$"})))
    assert made["args"] == ["echo $$HOME"]
    assert {"name": "PRICE", "value": "$$(KFLITE_RANK) $$$$"} in made["env"]


@pytest.mark.parametrize(("command", "first"), [("bash", "bash"), ("/bin/sh", "/bin/sh"), ("python3.12", "python3.12")])
def test_a_command_that_can_joins_its_two_streams(command: str, first: str) -> None:
    made, args = command_line(Role("x", (command, "-c"), ("code",)))
    assert (made[0], made[3:], args) == (first, [command, "-c"], ["code"])


def test_any_other_command_is_left_alone() -> None:
    assert command_line(Role("x", ("train",), ("--fast",))) == (["train"], ["--fast"])
    assert command_line(Role("x", (), ("--fast",))) == ([], ["--fast"])


def test_images_are_mapped_the_staging_one_too() -> None:
    spec = pod(job(), KubernetesOptions(images=ImageMap((("python:*", "mirror/python:3"),))))["spec"]
    assert {c["image"] for c in (*spec["initContainers"], *spec["containers"])} == {"mirror/python:3"}


def test_resources_become_requests_and_limits() -> None:
    asked = job(request=Resources(0.5, 1 << 30, 2), limit=Resources(2.0, 2 << 30), accelerator="amd.com/gpu")
    assert main(pod(asked))["resources"] == {
        "requests": {"cpu": "500m", "memory": str(1 << 30)},
        "limits": {"cpu": "2000m", "memory": str(2 << 30), "amd.com/gpu": "2"},
    }


def test_a_kind_of_gpu_that_is_no_resource_is_nvidias() -> None:
    assert main(pod(job(request=Resources(gpus=1), accelerator="NVIDIA_A100")))["resources"]["limits"] == {"nvidia.com/gpu": "1"}


def test_secrets_and_facts_are_references() -> None:
    asked = job(
        secrets=(Secret("A", "s", "k"), Secret("B", "m", "k", True, config=True)), downward_api=(("POD", "metadata.name"),)
    )
    env = {entry["name"]: entry.get("valueFrom") for entry in main(pod(asked))["env"]}
    assert env["A"] == {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}
    assert env["B"] == {"configMapKeyRef": {"name": "m", "key": "k", "optional": True}}
    assert env["POD"] == {"fieldRef": {"fieldPath": "metadata.name"}}


@pytest.mark.parametrize(
    ("mount", "source"),
    [
        (Mount("/m", MountSource.SECRET, "s", optional=True), {"secret": {"secretName": "s", "optional": True}}),
        (Mount("/m", MountSource.CONFIG_MAP, "c"), {"configMap": {"name": "c", "optional": False}}),
        (Mount("/m", MountSource.VOLUME, "v"), {"persistentVolumeClaim": {"claimName": "v"}}),
        (Mount("/m", MountSource.EMPTY, "e", options={"medium": "Memory"}), {"emptyDir": {"medium": "Memory"}}),
        (
            Mount("/m", MountSource.EMPTY, "e", options={"accessModes": ["ReadWriteOnce"], "size": "5Gi"}),
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
                    }
                }
            },
        ),
    ],
)
def test_mounts_become_volumes(mount: Mount, source: Mapping[str, Any]) -> None:
    made = pod(job(mounts=(mount,)))
    assert {"name": "mount-0", **source} in made["spec"]["volumes"]
    assert {"name": "mount-0", "mountPath": "/m"} in main(made)["volumeMounts"]


def test_platform_settings_become_fields_of_the_pod() -> None:
    node = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    settings = {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "nodeAffinity": [
            node,
            {**node, "weight": 5},
            {"nodeAffinityJson": {"preferredDuringSchedulingIgnoredDuringExecution": [1]}},
        ],
        "podAffinity": [{"anti": True, "matchPodLabels": {"app": "x"}, "topologyKey": "host"}],
        "podMetadata": {"labels": {"team": "blue", "kflite.dev/run": "no"}, "annotations": {"why": "to see"}},
        "imagePullSecret": ["registry"],
        "imagePullPolicy": "Always",
        "securityContext": {"runAsUser": 1000, "runAsNonRoot": True},
        "enabledSharedMemory": {"size": "1000"},
        "initContainers": [{"image": "warm", "args": ["up"]}],
    }
    made = pod(job(settings=settings))
    spec, about = made["spec"], made["metadata"]
    assert (spec["nodeSelector"], spec["tolerations"]) == (settings["nodeSelector"], settings["tolerations"])
    assert spec["affinity"]["nodeAffinity"] == {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [node]},
        PREFERRED: [{"weight": 5, "preference": node}, 1],
    }
    term = {"topologyKey": "host", "labelSelector": {"matchLabels": {"app": "x"}}}
    assert spec["affinity"]["podAntiAffinity"] == {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    assert (about["labels"]["team"], about["labels"]["kflite.dev/run"], about["annotations"]["why"]) == ("blue", "r", "to see")
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert main(made)["imagePullPolicy"] == "Always"
    assert spec["securityContext"].items() >= {"runAsUser": 1000, "runAsNonRoot": True}.items()
    assert {"name": "shm", "mountPath": "/dev/shm"} in main(made)["volumeMounts"]
    assert [c["name"] for c in spec["initContainers"]] == ["fetch", "before-0", "main"]


def test_a_volume_that_is_mounted_twice_is_one_volume() -> None:
    mounts = [
        Mount("/a", MountSource.VOLUME, "data"),
        Mount("/b", MountSource.VOLUME, "data", "part"),
        Mount("/c", MountSource.EMPTY, "x"),
    ]
    made = pod(job(mounts=(*mounts, Mount("/d", MountSource.EMPTY, "x"))))
    own = [volume["name"] for volume in made["spec"]["volumes"] if volume["name"].startswith("mount-")]
    assert own == ["mount-0", "mount-2", "mount-3"]
    places = {seen["mountPath"]: seen["name"] for seen in main(made)["volumeMounts"]}
    assert [places[path] for path in ("/a", "/b", "/c", "/d")] == ["mount-0", "mount-0", "mount-2", "mount-3"]


def test_the_executors_own_settings_become_fields_too() -> None:
    gang = replace(job(), roles=(replace(job().roles[0], replicas=2),))
    made = pod(gang, KubernetesOptions(queue="team", service_account="runner", priority_class="high"))
    labels, spec = made["metadata"]["labels"], made["spec"]
    assert labels["kueue.x-k8s.io/queue-name"] == "team"
    assert labels["kueue.x-k8s.io/pod-group-name"] == labels["kflite.dev/group"] == spec["subdomain"]
    assert made["metadata"]["annotations"]["kueue.x-k8s.io/pod-group-total-count"] == "2"
    assert made["metadata"]["annotations"]["kueue.x-k8s.io/retriable-in-group"] == "false"
    assert (spec["serviceAccountName"], spec["priorityClassName"]) == ("runner", "high")


@pytest.mark.parametrize(
    ("settings", "volume", "mount"),
    [
        (KubernetesOptions(volume="host"), {"hostPath": {"path": str(ARTIFACTS), "type": "Directory"}}, {}),
        (
            KubernetesOptions(volume="data", volume_root="/home/u"),
            {"persistentVolumeClaim": {"claimName": "data"}},
            {"subPath": "artifacts"},
        ),
    ],
)
def test_where_folders_are_shared_nothing_is_copied(
    settings: KubernetesOptions, volume: Mapping[str, Any], mount: Mapping[str, Any]
) -> None:
    made = pod(job(), settings)
    assert (made["spec"]["initContainers"], [c["name"] for c in made["spec"]["containers"]]) == ([], ["main"])
    (named,) = {v["name"] for v in made["spec"]["volumes"] if v.items() >= volume.items()}
    assert {"name": named, "mountPath": str(ARTIFACTS), **mount} in main(made)["volumeMounts"]


def test_a_claim_asks_for_what_its_task_says() -> None:
    options = {"size": "5Gi", "accessModes": ["ReadWriteMany"], "storageClassName": "fast", "annotations": {"a": "b"}}
    made: Any = claim(VolumeClaim("data", options=options))
    assert made["metadata"]["annotations"] == {"a": "b"}
    assert made["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "fast",
    }


def test_a_workspace_is_as_its_pipeline_asks_and_otherwise_as_the_settings_say() -> None:
    asked = {"size": "5Gi", "kubernetes": {"pvcSpecPatch": {"storageClassName": "fast"}}}
    held = KubernetesOptions(workspace_class="slow", workspace_access="ReadWriteMany")
    spec: Any = manifest.workspace(job(settings={"workspace": asked}), "uid", held)["spec"]
    assert spec == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "5Gi"}},
        "storageClassName": "fast",
    }
