"""Task config: what a component passes on to the work that it starts, and what of it its own task has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from builder import Document, Pipeline, constant, optional, parameters, task
from drive import Driven, gives, plan_of

from kflite.core.job import Job, Resources
from kflite.core.paths import RunPaths

PLATFORM = {
    "secretAsEnv": [{"secretName": "s", "keyToEnv": [{"secretKey": "k", "envVar": "S"}]}],
    "configMapAsEnv": [{"configMapName": "c", "keyToEnv": [{"configMapKey": "k", "envVar": "C"}], "optional": True}],
    "fieldPathAsEnv": [{"name": "POD", "fieldPath": "metadata.name"}],
    "pvcMount": [
        {"constant": "data", "mountPath": "/one", "subPath": "1"},
        {"constant": "data", "mountPath": "/two"},
    ],
    "secretAsVolume": [{"secretName": "data", "mountPath": "/s", "optional": True}],
    "tolerations": [{"key": "k"}],
    "nodeSelector": {"labels": {"a": "b"}},
    "nodeAffinity": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}],
}
BOX: Document = {
    "env": [{"name": "PLAIN", "value": "{{$.inputs.parameters['n']}}"}],
    "resources": {
        "resourceCpuLimit": "2",
        "resourceMemoryRequest": "1Gi",
        "accelerator": {"resourceType": "g", "resourceCount": "1"},
    },
}
INPUTS = parameters(n=optional(int, defaultValue=7), config={"parameterType": "TASK_CONFIG", "isOptional": True})


def job(*passthroughs: Document) -> Job:
    pipeline = Pipeline().leaf("c", INPUTS, platform=PLATFORM, **BOX)
    pipeline.components["comp-c"]["taskConfigPassthroughs"] = list(passthroughs)
    found = Driven(plan_of(pipeline.document(t=task("c"))), lambda task, work: gives()).works["t"]
    return found.job(RunPaths(Path("/home"), "/artifacts", "p", "run-1"), "t", 1)


def config(*fields: str, **more: Any) -> Document:
    """What the code is handed where these fields pass."""
    pipeline = Pipeline().leaf("c", INPUTS, platform=PLATFORM, **BOX, args=["{{$}}"])
    pipeline.components["comp-c"]["taskConfigPassthroughs"] = [{"field": field, **more} for field in fields]
    found = Driven(plan_of(pipeline.document(t=task("c"))), lambda task, work: gives()).works["t"]
    (role,) = found.job(RunPaths(Path("/home"), "/artifacts", "p", "run-1"), "t", 1).roles
    held: Document = json.loads(role.args[0])["inputs"]["parameterValues"]["config"]
    return held


def test_nothing_passes_where_nothing_is_named() -> None:
    assert config() == {}
    assert job().roles[0].env == {"PLAIN": "7"}


def test_resources_pass_as_kubernetes_writes_them() -> None:
    assert config("RESOURCES") == {"resources": {"limits": {"cpu": "2", "g": "1"}, "requests": {"memory": "1Gi"}}}


def test_variables_pass_with_where_their_values_come_from() -> None:
    assert config("ENV") == {
        "env": [
            {"name": "PLAIN", "value": "7"},
            {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
            {"name": "C", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}},
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ]
    }


def test_volumes_pass_once_each_with_all_places_where_they_are_mounted() -> None:
    assert config("KUBERNETES_VOLUMES") == {
        "volumes": [
            {"name": "data", "secret": {"secretName": "data", "optional": True}},
            {"name": "data-2", "persistentVolumeClaim": {"claimName": "data"}},
        ],
        "volumeMounts": [
            {"name": "data", "mountPath": "/s"},
            {"name": "data-2", "mountPath": "/one", "subPath": "1"},
            {"name": "data-2", "mountPath": "/two"},
        ],
    }


def test_where_pods_may_run_passes() -> None:
    required = {"nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "Exists"}]}]}
    assert config("KUBERNETES_TOLERATIONS", "KUBERNETES_NODE_SELECTOR", "KUBERNETES_AFFINITY") == {
        "tolerations": [{"key": "k"}],
        "nodeSelector": {"a": "b"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}},
    }


FIELDS = ("RESOURCES", "ENV", "KUBERNETES_VOLUMES", "KUBERNETES_TOLERATIONS", "KUBERNETES_NODE_SELECTOR", "KUBERNETES_AFFINITY")


def test_the_task_itself_has_nothing_of_what_only_passes() -> None:
    (role,) = job(*({"field": field} for field in FIELDS)).roles
    assert (role.env, role.request, role.accelerator) == ({}, Resources(), "")
    assert (role.secrets, role.mounts, role.downward_api, dict(role.settings)) == ((), (), (), {})


def test_the_task_has_what_is_said_to_apply_to_it_too() -> None:
    (role,) = job(*({"field": field, "applyToTask": True} for field in FIELDS)).roles
    assert role == job().roles[0]
    assert role.mounts


def test_a_value_that_is_given_is_replaced() -> None:
    pipeline = Pipeline().leaf("c", INPUTS)
    given = {"config": constant({"nodeSelector": {"of": "nobody"}})}
    found = Driven(plan_of(pipeline.document(t=task("c", inputs=given))), lambda task, work: gives()).works["t"]
    assert found.parameters["config"] == {}
