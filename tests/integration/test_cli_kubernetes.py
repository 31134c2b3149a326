"""A pipeline beside a cluster before it runs there: what it would create, and what the cluster says to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from contract.kube import Space, namespace
from integration.cli import Cli, interrupt
from machine import KUBECONFIG


@pytest.fixture
def cli(tmp_path: Path, cluster: str) -> Cli:
    cli = Cli.at(tmp_path)
    return replace(cli, environment={**cli.environment, "KUBECONFIG": KUBECONFIG, "KFLITE_IMAGES": f"*={cluster}"})


def where(space: Space) -> str:
    return f"kubernetes:/{space.name}"


def leave_behind(space: Space, run: str) -> None:
    """What is there of a run whose scheduler died."""
    about = {"name": f"kflite-{run}", "labels": {"app.kubernetes.io/managed-by": "kflite", "kflite.dev/run": run}}
    space.kubectl("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": about}))


def test_a_dry_run_prints_manifests_that_the_cluster_takes(cli: Cli, cluster: str) -> None:
    with namespace(cluster) as space:
        printed = cli("run", "p.py:sound", "--on", where(space), "--dry-run")
        said = space.kubectl("apply", "--dry-run=server", "-f", "-", given=printed)
        assert [line.split("/")[0] for line in said.splitlines()] == ["configmap", "pod"]
        held = json.loads(cli("run", "p.py:sound", "--on", where(space), "--dry-run", "--json"))
        assert [made["kind"] for made in held["manifests"]] == ["ConfigMap", "Pod"]
        assert space.ours() == []


def test_check_asks_the_cluster_and_creates_nothing(cli: Cli, cluster: str) -> None:
    with namespace(cluster) as space:
        assert "would take what it begins with" in cli("check", "p.py:sound", "--on", where(space))
        assert "was not asked" in cli("check", "p.py:waiting", "--on", where(space))
        assert space.ours() == []


def test_check_says_what_the_cluster_would_refuse(cli: Cli, cluster: str) -> None:
    with namespace(cluster, **{"pod-security.kubernetes.io/enforce": "restricted"}) as space:
        refused = cli.full("check", "p.py:sound", "--on", where(space), status=2).stderr
        assert "violates PodSecurity" in refused
        assert "runAsNonRoot" in refused
        cli.folder.joinpath("kflite.toml").write_text("[kubernetes]\nrestricted = true\n")
        assert "would take what it begins with" in cli("check", "p.py:sound", "--on", where(space))


def test_a_cluster_that_is_not_there_is_told_in_a_line(cli: Cli) -> None:
    refused = cli.full("check", "p.py:sound", "--on", "kubernetes:moon/base", status=1).stderr
    assert "moon" in refused
    assert "there is kflite" in refused
    assert "Traceback" not in refused


def test_a_run_says_what_it_waits_for_and_is_cancelled_then_too(cli: Cli, cluster: str) -> None:
    with namespace(cluster) as space:
        space.kubectl("create", "quota", "none", "--hard=pods=0")
        running = cli.start("run", "p.py:sound", "--on", where(space))
        assert running.stdout
        assert any("waiting: Kubernetes: " in line and "exceeded quota: none" in line for line in running.stdout)
        interrupt(running)
        assert "cancelled by Ctrl-C" in running.communicate(timeout=60)[1]
        assert running.returncode == 130
        assert space.ours() == []


def test_removing_a_run_removes_what_its_dead_scheduler_left_on_the_cluster(cli: Cli, cluster: str) -> None:
    with namespace(cluster) as space:
        run = str(cli.json("run", "p.py:double", "--param", "n=1", "--on", where(space))["run"])
        leave_behind(space, run)
        assert f"removed {run}" in cli("rm", run)
        assert space.ours() == []


def test_doctor_tells_what_a_run_that_has_ended_left_on_the_cluster(cli: Cli, cluster: str) -> None:
    with namespace(cluster) as space:
        run = str(cli.json("run", "p.py:double", "--param", "n=1", "--on", where(space))["run"])
        leave_behind(space, run)
        there = replace(cli, environment={**cli.environment, "KFLITE_ON": where(space)})
        (found,) = [finding for finding in there.doctor() if finding["name"] == "left behind"]
        assert f"no scheduler looks after: {run} (0 pods" in found["text"]
        assert f"kubectl --namespace {space.name} delete configmap kflite-{run}" in found["remedy"]
