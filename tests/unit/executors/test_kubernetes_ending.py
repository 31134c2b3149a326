"""What the end of a pod says, and what keeps one waiting."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kflite.core.job import Exit
from kflite.executors.kubernetes import KubernetesOptions
from kflite.executors.kubernetes.ending import judge, trouble
from kflite.executors.kubernetes.objects import Pod

NOWHERE = Path("/nowhere/log")


def pod(phase: str = "Failed", **ended: dict[str, Any]) -> Pod:
    return Pod("p", phase=phase, states={name: {"terminated": state} for name, state in ended.items()})  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("main", "exit"),
    [
        ({"exitCode": 0}, Exit(0)),
        ({"exitCode": 3}, Exit(3, "Error", "exit status 3")),
        ({"exitCode": 137}, Exit(-9, "Killed", "killed by SIGKILL")),
        ({"exitCode": 137, "reason": "OOMKilled"}, Exit(-9, "OutOfMemory", "memory ran out; the limit is 100 MiB")),
        (
            {"exitCode": 128, "reason": "StartError", "message": 'exec: "x": executable file not found in $PATH'},
            Exit(127, "CommandNotFound", 'exec: "x": executable file not found in $PATH'),
        ),
    ],
)
def test_the_main_containers_end_is_the_tasks(main: dict[str, Any], exit: Exit) -> None:
    assert judge(pod(main=main), NOWHERE, 100 << 20) == exit


def test_a_pod_that_was_deleted_while_main_ran_is_lost_unless_we_deleted_it() -> None:
    gone = replace(pod(main={"exitCode": 143}), gone=True)
    assert judge(gone, NOWHERE, 0).lost
    assert judge(gone, NOWHERE, 0, asked=True) == Exit(-15, "Killed", "killed by SIGTERM")


def test_what_the_cluster_did_to_a_pod_is_told_and_is_no_fault_of_the_task() -> None:
    evicted = replace(pod(main={"exitCode": 137}), reason="Evicted", message="The node was low on memory.")
    assert judge(evicted, NOWHERE, 0) == Exit(-1, "Evicted", "The node was low on memory.", lost=True)
    drained = replace(
        pod(main={"exitCode": 143}),
        conditions={"DisruptionTarget": {"status": "True", "reason": "EvictionByEvictionAPI", "message": "drained"}},
    )
    assert judge(drained, NOWHERE, 0) == Exit(-1, "EvictionByEvictionAPI", "drained", lost=True)


@pytest.mark.parametrize(
    ("status", "reason", "lost"), [(70, "StagingFailed", False), (75, "GangIncomplete", True), (76, "StagingFailed", True)]
)
def test_inputs_that_did_not_come_are_a_fault_of_the_task_only_where_they_are_not_there(
    status: int, reason: str, lost: bool
) -> None:
    exit = judge(pod(fetch={"exitCode": status, "message": "why"}), NOWHERE, 0)
    assert (exit.reason, exit.lost) == (reason, lost)
    assert "why" in exit.message


@pytest.mark.parametrize(
    ("reason", "patience"), [("ErrImageNeverPull", 0.0), ("ImagePullBackOff", 7.0), ("CreateContainerConfigError", 7.0)]
)
def test_what_keeps_a_container_waiting_is_borne_for_a_set_time(reason: str, patience: float) -> None:
    waiting = Pod("p", states={"main": {"waiting": {"reason": reason, "message": "why"}}})
    found = trouble(waiting, KubernetesOptions(pull_s=7.0))
    assert found is not None
    assert (found.reason, found.message, found.patience_s) == (reason, "main: why", patience)


def test_a_warning_counts_until_a_container_runs() -> None:
    waiting = Pod("p", states={"fetch": {"waiting": {"reason": "ContainerCreating"}}}, warning=("FailedMount", "no secret"))
    found = trouble(waiting, KubernetesOptions())
    assert found is not None
    assert found.reason == "FailedMount"
    assert trouble(replace(waiting, states={"fetch": {"running": {}}}), KubernetesOptions()) is None


def unscheduled(message: str, reason: str = "Unschedulable") -> Pod:
    return Pod("p", conditions={"PodScheduled": {"status": "False", "reason": reason, "message": message}})


@pytest.mark.parametrize(
    "message",
    [
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
        '0/1 nodes are available: persistentvolumeclaim "data" not found.',
        "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.",
    ],
)
def test_a_claim_without_a_volume_is_borne_as_long_as_anything_that_is_missing(message: str) -> None:
    found = trouble(unscheduled(message), KubernetesOptions())
    assert found is not None
    assert (found.claim, found.patience_s) == (True, KubernetesOptions().pull_s)


def test_a_volume_that_another_pod_still_has_is_waited_for_as_a_node_is() -> None:
    found = trouble(Pod("p", warning=("FailedAttachVolume", "Multi-Attach error for volume x")), KubernetesOptions())
    assert found is not None
    assert found.patience_s == KubernetesOptions().pending_s


def test_a_queue_may_be_as_long_as_it_likes() -> None:
    gated = unscheduled("Scheduling is blocked due to non-empty scheduling gates", "SchedulingGated")
    found = trouble(gated, KubernetesOptions(queue="team"))
    assert found is not None
    assert (found.message, found.patience_s) == ("waiting for admission in the queue team", math.inf)


def test_what_we_wrote_into_a_log_is_not_the_tasks_last_word(tmp_path: Path) -> None:
    log, note = tmp_path / "log", f"waiting: Unschedulable: {'no node is free, ' * 40}"
    log.write_text(f"{note}\n")
    assert judge(pod(main={"exitCode": 3}), log, 0, note=note) == Exit(3, "Error", "exit status 3")
    log.write_text(f"{note}\nit broke\n")
    assert judge(pod(main={"exitCode": 3}), log, 0, note=note) == Exit(3, "Error", "exit status 3: it broke")
