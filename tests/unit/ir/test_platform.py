"""The platform document: what of it is refused, and what is kept and told."""

import copy

import pytest
from unit.ir.documents import PLATFORM, sound

from kflite.ir.check import check, ignored
from kflite.ir.pipeline import Pipeline


def pipeline(changes: dict) -> Pipeline:
    """The sound pipeline with settings of `fit`, some put in another way: by slash-separated path."""
    platform = copy.deepcopy(PLATFORM)
    for path, value in changes.items():
        place: dict | list = platform
        *parents, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
        for parent in parents:
            place = place[parent]
        place[last] = value
    return Pipeline(sound().spec, {"kubernetes": platform})


def test_settings_of_every_kind_are_sound() -> None:
    assert check(pipeline({})) == []
    assert ignored(pipeline({"pipelineConfig/resourceTtlOnCompletion": 0})) == []


def test_how_long_a_cluster_keeps_a_run_is_told_to_have_no_effect() -> None:
    ((path, reason),) = ignored(pipeline({}))
    assert path == "platforms.kubernetes.pipelineConfig.resourceTtlOnCompletion"
    assert "kflite keeps a run until `kflite rm` removes it" in reason


EXECUTOR = "deploymentSpec/executors/exec-fit"
SPOILED = [
    ({f"{EXECUTOR}/secretAsEnv": {}}, "exec-fit.secretAsEnv", "it must be a list, and is a mapping"),
    ({f"{EXECUTOR}/secretAsEnv/0/optional": "no"}, "secretAsEnv[0].optional", "it must be true or false, and is 'no'"),
    ({f"{EXECUTOR}/secretAsEnv/0/keyToEnv/0": {"secretKey": "k"}}, "secretAsEnv[0].keyToEnv[0]", "it has no envVar"),
    (
        {f"{EXECUTOR}/secretAsVolume/0": {"mountPath": "/s"}},
        "secretAsVolume[0]",
        "it has no name: give it as 'secretNameParameter'",
    ),
    ({f"{EXECUTOR}/secretAsVolume/0/mountPath": "s"}, "secretAsVolume[0].mountPath", "'s' is no absolute path"),
    ({f"{EXECUTOR}/secretAsVolume/0/mount_path": "/s"}, "secretAsVolume[0].mount_path", "write 'mountPath'"),
    ({f"{EXECUTOR}/pvcMount/0/subPath": None}, "pvcMount[0].subPath", "it is null: give a value, or remove the key"),
    ({f"{EXECUTOR}/podMetadata/labels": {"a": 1}}, "podMetadata.labels.a", "it must be text, and is 1 (quote it)"),
    ({f"{EXECUTOR}/nodeAffinity/0/weight": "heavy"}, "nodeAffinity[0].weight", "it must be a whole number, and is 'heavy'"),
    ({f"{EXECUTOR}/activeDeadlineSeconds": "-1"}, "activeDeadlineSeconds", "it is negative"),
    (
        {f"{EXECUTOR}/pvcMount/0/pvcNameParameter": {"componentInput": "a"}},
        "pvcMount[0].pvcNameParameter.componentInput",
        "unknown key",
    ),
    (
        {f"{EXECUTOR}/pvcMount/0/pvcNameParameter": {"componentInputParameter": "modes"}},
        "pvcMount[0].pvcNameParameter.componentInputParameter",
        "no input 'modes': did you mean 'mode'?",
    ),
    (
        {f"{EXECUTOR}/configMapAsVolume/0/configMapNameParameter/taskOutputParameter/producerTask": "lode"},
        "configMapAsVolume[0].configMapNameParameter.taskOutputParameter.producerTask",
        "there is no task 'lode' in this DAG: did you mean 'load'?",
    ),
    (
        {f"{EXECUTOR}/pvcMount/0/pvcNameParameter": {"taskOutputParameter": None, "componentInputParameter": "mode"}},
        "pvcMount[0].pvcNameParameter.taskOutputParameter",
        "it is null",
    ),
    (
        {f"{EXECUTOR}/nodeSelector/nodeSelectorJson": {"runtimeValue": {}}},
        "nodeSelector.nodeSelectorJson",
        "it has no source",
    ),
    ({"deploymentSpec/executors/exec-fid": {}}, "executors.exec-fid", "has no 'exec-fid': did you mean 'exec-fit', "),
    ({"deploymentSpec/executors": []}, "deploymentSpec.executors", "it must be a mapping"),
    ({"pipelineConfig/workspace/size": "big"}, "pipelineConfig.workspace.size", "'big' is not an amount of memory"),
    ({"pipelineConfig/workspace/size": ""}, "pipelineConfig.workspace.size", "it has no size: give one, such as '10Gi'"),
    ({"pipelineConfig/workspace/sizes": "1Gi"}, "pipelineConfig.workspace.sizes", "unknown key"),
    ({"pipelineConfig/activeDeadlineSeconds": -5}, "pipelineConfig.activeDeadlineSeconds", "-5 is negative"),
    ({"pipelineConfig/activeDeadlineSeconds": 1.5}, "pipelineConfig.activeDeadlineSeconds", "it must be a whole number"),
    ({"deployment": {}}, "platforms.kubernetes.deployment", "unknown key: remove it, or correct it"),
]


@pytest.mark.parametrize(("changes", "path", "problem"), SPOILED)
def test_what_is_wrong_is_told_with_its_path(changes: dict, path: str, problem: str) -> None:
    (found,) = check(pipeline(changes))
    assert found[0].endswith(path)
    assert problem in found[1]


def test_every_problem_is_found_at_once() -> None:
    changes = {f"{EXECUTOR}/imagePullPolicy": 1, f"{EXECUTOR}/tolerations": 2, "pipelineConfig/resourceTtlOnSuccess": -1}
    assert len(check(pipeline(changes))) == 3


def test_a_setting_that_kflite_does_not_know_is_kept_and_told() -> None:
    changes = {"pipelineConfig": {}, f"{EXECUTOR}/hostNetwork": {"deep": [1]}, f"{EXECUTOR}/secretAsEnv/0/prefix": "P"}
    found = pipeline(changes)
    assert check(found) == []
    told = dict(ignored(found))
    assert [path.rpartition("exec-fit.")[2] for path in told] == ["secretAsEnv[0].prefix", "hostNetwork"]
    assert all("kflite does not know this setting, and leaves it out" in reason for reason in told.values())
    assert found.platforms["kubernetes"]["deploymentSpec"]["executors"]["exec-fit"]["hostNetwork"] == {"deep": [1]}


def test_the_settings_of_a_task_inside_a_loop_see_what_is_there() -> None:
    load = {"imagePullSecret": [{"secretNameParameter": {"componentInputParameter": "size"}}]}
    (found,) = check(pipeline({"deploymentSpec/executors/exec-load": load}))
    assert "no input 'size'" in found[1], "the executor runs for a task outside of the loop too"
