"""`kflite deploy` prints what a cluster needs to run a scheduler, and nothing that reaches beyond its namespace."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from integration.cli import Cli

IMAGE = ("--image", "registry.internal/kflite:1")


def printed(folder: Path, *arguments: str) -> dict[str, dict[str, object]]:
    return {held["kind"]: held for held in yaml.safe_load_all(Cli.at(folder)("deploy", *arguments))}


def test_a_scheduler_with_a_store_elsewhere_keeps_nothing(tmp_path: Path) -> None:
    found = printed(tmp_path, *IMAGE, "-n", "team", "--secret", "store", "--replicas", "2")
    assert set(found) == {"ServiceAccount", "Role", "RoleBinding", "Deployment"}
    assert {held["metadata"]["namespace"] for held in found.values()} == {"team"}  # type: ignore[index]
    spec = found["Deployment"]["spec"]
    assert isinstance(spec, dict)
    assert spec["replicas"] == 2
    (container,) = spec["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "store"}}]


def test_one_that_keeps_all_itself_has_a_volume_and_is_never_there_twice(tmp_path: Path) -> None:
    found = printed(tmp_path, *IMAGE, "--size", "3Gi")
    assert found["PersistentVolumeClaim"]["spec"]["resources"] == {"requests": {"storage": "3Gi"}}  # type: ignore[index]
    assert found["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}  # type: ignore[index]


def test_rights_alone_are_printed_for_a_scheduler_elsewhere(tmp_path: Path) -> None:
    found = printed(tmp_path, "--rights")
    assert set(found) == {"ServiceAccount", "Role", "RoleBinding"}
    rules = found["Role"]["rules"]
    assert isinstance(rules, list)
    assert not any("*" in rule["verbs"] + rule["resources"] or "secrets" in rule["resources"] for rule in rules)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "--image is missing"), ((*IMAGE, "--replicas", "2"), "several schedulers need PostgreSQL")],
)
def test_what_cannot_work_is_refused(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in Cli.at(tmp_path).full("deploy", *arguments, status=2).stderr
