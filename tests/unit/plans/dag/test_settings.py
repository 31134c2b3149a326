"""Platform settings of a task: what kfp.kubernetes writes becomes the job's own fields, or what a cluster gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from builder import Document, Pipeline, constant, of, optional, outer, parameters, task
from drive import Driven, gives, plan_of

from kflite.core.event_kind import State
from kflite.core.job import Mount, MountSource, Role, Secret
from kflite.core.paths import RunPaths
from kflite.core.plan import Origin, Outcome, Ready, Work
from kflite.core.value import Value
from kflite.plans import dag

CACHED = {"cachingOptions": {"enableCache": True}}
NAME = constant("s")


def works(document: str, **given: Value) -> dict[str, Work]:
    """The work of each task, where all succeed with `x` being "made"."""
    return Driven(plan_of(document, **given), lambda task, work: gives(x="made")).works


def role(platform: Document, inputs: Document | None = None, given: Document | None = None, **values: Value) -> Role:
    """The role of one task with these settings; `first`, beside it, gives `x`."""
    pipeline = Pipeline().leaf("c", inputs, platform=platform)
    document = pipeline.document(
        parameters(**{k: optional(type(v)) if v is not None else optional(dict) for k, v in values.items()}),
        first=task(),
        t=task("c", after=["first"], inputs=given),
    )
    return role_of(works(document, **{k: v for k, v in values.items() if v is not None})["t"])


def role_of(work: Work) -> Role:
    (found,) = work.job(RunPaths(Path("/home"), "/artifacts", "p", "run-1"), "t", 1).roles
    return found


def key_parts(platform: Document) -> dict[str, str]:
    document = Pipeline().leaf("c", platform=platform).document(t=task("c", **CACHED))
    return dict(works(document)["t"].key_parts or {})


def test_entries_of_secrets_and_config_maps_become_variables() -> None:
    found = role(
        {
            "secretAsEnv": [
                {"secretNameParameter": NAME, "keyToEnv": [{"secretKey": "k", "envVar": "A"}], "optional": True},
                {"secretName": "old", "keyToEnv": [{"secretKey": "l", "envVar": "B"}]},
            ],
            "configMapAsEnv": [{"configMapNameParameter": NAME, "keyToEnv": [{"configMapKey": "m", "envVar": "C"}]}],
        }
    )
    assert found.secrets == (Secret("A", "s", "k", True), Secret("B", "old", "l"), Secret("C", "s", "m", config=True))


def test_secrets_config_maps_claims_and_empty_folders_are_mounted() -> None:
    found = role(
        {
            "secretAsVolume": [{"secretNameParameter": NAME, "mountPath": "/s", "optional": True}],
            "configMapAsVolume": [{"configMapNameParameter": NAME, "mountPath": "/c"}],
            "pvcMount": [{"pvcNameParameter": NAME, "mountPath": "/v", "subPath": "a/b"}],
            "emptyDirMounts": [{"volumeName": "e", "mountPath": "/e", "medium": "Memory", "sizeLimit": "1Gi"}],
            "genericEphemeralVolume": [
                {
                    "volumeName": "g",
                    "mountPath": "/g",
                    "accessModes": ["ReadWriteOnce"],
                    "size": "2Gi",
                    "defaultStorageClass": True,
                }
            ],
        }
    )
    assert found.mounts == (
        Mount("/s", MountSource.SECRET, "s", optional=True),
        Mount("/c", MountSource.CONFIG_MAP, "s"),
        Mount("/v", MountSource.VOLUME, "s", "a/b"),
        Mount("/e", MountSource.EMPTY, "e", options={"medium": "Memory", "sizeLimit": "1073741824"}),
        Mount("/g", MountSource.EMPTY, "g", options={"accessModes": ["ReadWriteOnce"], "size": "2Gi"}),
    )


@pytest.mark.parametrize(
    "name",
    [
        {"constant": "v"},
        {"componentInputParameter": "volume"},
        {"constant": "older", "pvcNameParameter": constant("v")},
        {"componentInputParameter": "other", "pvcNameParameter": outer("volume")},
    ],
)
def test_claims_of_older_compilers_have_their_name_beside_the_path(name: Document) -> None:
    found = role({"pvcMount": [{"mountPath": "/v", **name}]}, volume="v")
    assert found.mounts == (Mount("/v", MountSource.VOLUME, "v"),)


def test_a_name_may_come_from_another_task() -> None:
    found = role({"secretAsVolume": [{"secretNameParameter": of("first"), "mountPath": "/s"}]})
    assert found.mounts == (Mount("/s", MountSource.SECRET, "made"),)


def test_a_name_in_a_loop_is_the_items() -> None:
    platform = {"secretAsVolume": [{"secretNameParameter": outer("item"), "mountPath": "/s"}]}
    pipeline = Pipeline().leaf("c", platform=platform).group("body", {"t": task("c")}, parameters(item=str))
    iterator = {"items": {"raw": '["a", "b"]'}, "itemInput": "item"}
    found = works(pipeline.document(l=task("body", parameterIterator=iterator)))
    assert [role_of(found[f"l[{n}]/t"]).mounts[0].name for n in range(2)] == ["a", "b"]


@pytest.mark.parametrize(
    "platform",
    [
        {"secretAsVolume": [{"secretNameParameter": outer("n"), "mountPath": "/s"}]},
        {"secretAsEnv": [{"secretNameParameter": outer("n"), "keyToEnv": [{"secretKey": "k", "envVar": "A"}]}]},
        {"pvcMount": [{"pvcNameParameter": outer("n"), "mountPath": "/s"}]},
        {"tolerations": [{"tolerationJson": outer("n")}]},
        {"nodeAffinity": [{"nodeAffinityJson": outer("n")}]},
        {"nodeSelector": {"nodeSelectorJson": outer("n")}},
        {"imagePullSecret": [{"secretNameParameter": outer("n")}]},
    ],
)
def test_a_setting_whose_value_is_null_is_not_there(platform: Document) -> None:
    found = role(platform, n=None)
    assert (found.secrets, found.mounts, dict(found.settings)) == ((), (), {})


def test_a_task_whose_setting_comes_from_a_skipped_task_is_skipped() -> None:
    platform = {"secretAsVolume": [{"secretNameParameter": of("first"), "mountPath": "/s"}]}
    document = Pipeline().leaf("c", platform=platform).document(first=task(), t=task("c", after=["first"], always=True))
    driven = Driven(plan_of(document), lambda task, work: Outcome(State.SKIPPED))
    assert driven.states["t"] is State.SKIPPED


def test_facts_are_variables_with_a_field() -> None:
    assert role({"fieldPathAsEnv": [{"name": "POD", "fieldPath": "metadata.name"}]}).downward_api == (("POD", "metadata.name"),)


@pytest.mark.parametrize(
    ("platform", "settings"),
    [
        ({"nodeSelector": {"labels": {"a": "b"}}}, {"nodeSelector": {"a": "b"}}),
        ({"nodeSelector": {"nodeSelectorJson": constant({"a": "c"})}}, {"nodeSelector": {"a": "c"}}),
        ({"nodeSelector": {"nodeSelectorJson": constant('{"a": "c"}')}}, {"nodeSelector": {"a": "c"}}),
        (
            {"tolerations": [{"key": "k", "tolerationSeconds": "5"}, {"tolerationJson": constant([{"key": "l"}, {"key": "m"}])}]},
            {"tolerations": [{"key": "k", "tolerationSeconds": 5}, {"key": "l"}, {"key": "m"}]},
        ),
        (
            {"nodeAffinity": [{"nodeAffinityJson": constant({"x": []})}, {"matchFields": [{"key": "k"}], "weight": 3}]},
            {"nodeAffinity": [{"nodeAffinityJson": {"x": []}}, {"matchFields": [{"key": "k"}], "weight": 3}]},
        ),
        ({"imagePullSecret": [{"secretNameParameter": NAME}, {"secretName": "b"}]}, {"imagePullSecret": ["s", "b"]}),
        ({"imagePullPolicy": "Always"}, {"imagePullPolicy": "Always"}),
        ({"podMetadata": {"labels": {"l": "v"}}}, {"podMetadata": {"labels": {"l": "v"}}}),
        (
            {"securityContext": {"runAsUser": "1000", "runAsNonRoot": True}},
            {"securityContext": {"runAsUser": 1000, "runAsNonRoot": True}},
        ),
        (
            {"enabledSharedMemory": {"volumeName": "shm", "size": "1Gi"}},
            {"enabledSharedMemory": {"volumeName": "shm", "size": "1073741824"}},
        ),
        ({"podAffinity": [{"topologyKey": "zone", "anti": True}]}, {"podAffinity": [{"topologyKey": "zone", "anti": True}]}),
        ({"ofTheFuture": {"nameParameter": NAME}}, {"ofTheFuture": {"nameParameter": "s"}}),
        ({"activeDeadlineSeconds": "5", "imagePullSecret": []}, {}),
    ],
)
def test_all_else_is_kept_for_a_cluster(platform: Document, settings: dict[str, Any]) -> None:
    assert dict(role(platform).settings) == settings


def test_placeholders_in_settings_are_filled() -> None:
    label = {"podMetadata": {"labels": {"l": "{{$.inputs.parameters['n']}}-{{$.pipeline_job_uuid}}"}}}
    found = role(label, parameters(n=int), {"n": constant(3)})
    assert found.settings["podMetadata"] == {"labels": {"l": "3-run-1"}}


def test_a_selector_that_is_no_mapping_fails_its_task() -> None:
    pipeline = Pipeline().leaf("c", platform={"nodeSelector": {"nodeSelectorJson": constant([1])}})
    driven = Driven(plan_of(pipeline.document(t=task("c"))), lambda task, work: gives())
    assert (driven.states["t"], driven.messages["t"]) == (State.FAILED, "nodeSelector must be a mapping, and is '[1]'")


def test_a_size_that_is_none_fails_its_task() -> None:
    pipeline = Pipeline().leaf("c", platform={"emptyDirMounts": [{"mountPath": "/e", "sizeLimit": "much"}]})
    driven = Driven(plan_of(pipeline.document(t=task("c"))), lambda task, work: gives())
    assert driven.messages["t"].startswith("sizeLimit: 'much' is not an amount of memory")


def test_what_is_mounted_decides_whether_a_result_may_be_used_again() -> None:
    one, other = ({"pvcMount": [{"pvcNameParameter": constant(name), "mountPath": "/v"}]} for name in "ab")
    assert key_parts(one) == key_parts(one)
    assert key_parts(one)["mounts"] != key_parts(other)["mounts"]


def test_where_a_task_runs_does_not_decide_its_result() -> None:
    assert key_parts({"nodeSelector": {"labels": {"a": "b"}}}) == key_parts({})


@pytest.mark.parametrize("form", ["resourceType", "type"])
def test_the_kind_of_accelerator_is_kept(form: str) -> None:
    kind = {"resources": {"accelerator": {form: "{{$.inputs.parameters['k']}}", "count": "1"}}}
    document = Pipeline().leaf("c", parameters(k=str), **kind).document(t=task("c", inputs={"k": constant("amd.com/gpu")}))
    steps = dag.plan(document, {}, Origin("run-1", "a run", 0.0)).begin()
    assert role_of(next(s.work for s in steps if isinstance(s, Ready))).accelerator == "amd.com/gpu"
