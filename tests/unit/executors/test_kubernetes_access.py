"""Which cluster a kubeconfig's contexts lead to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("kubernetes")

from kflite.executors.kubernetes.access import access, split


def kubeconfig(folder: Path, *contexts: str) -> str:
    """A kubeconfig with these contexts, each of a cluster of its own; the first is the current one."""
    names = [{"name": name} for name in contexts]
    held = {
        "current-context": contexts[0],
        "clusters": [each | {"cluster": {"server": f"http://{each['name'].replace('/', '.')}"}} for each in names],
        "users": [each | {"user": {}} for each in names],
        "contexts": [each | {"context": {"cluster": each["name"], "user": each["name"], "namespace": "own"}} for each in names],
    }
    file = folder / "-".join(contexts).replace("/", "_")
    file.write_text(json.dumps(held))
    return str(file)


def test_the_kubeconfig_that_is_named_now_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, name))
        found = access("", "")
        assert (found.address, found.context, found.namespace) == (f"http://{name}", name, "own")


def test_a_context_may_hold_slashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", kubeconfig(tmp_path, "plain", "of/aws"))
    assert [split(text) for text in ("", "plain/there", "/there", "of/aws", "of/aws/there")] == [
        ("", ""),
        ("plain", "there"),
        ("", "there"),
        ("of/aws", ""),
        ("of/aws", "there"),
    ]
