"""Named volumes as tests look at them from outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from contract.kube import Space, kubectl, offer


class Volumes(Protocol):
    """The volumes of an executor."""

    def folder(self, name: str) -> Path:
        """Where its content lies, or would."""

    def make(self, name: str) -> None:
        """As a user does beforehand."""

    def identity(self, name: str) -> str:
        """What tells it from another one of that name; "" where there is none."""


class FolderVolumes:
    """Folders of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, name: str) -> Path:
        return self._folder / name

    def make(self, name: str) -> None:
        self.folder(name).mkdir(parents=True)

    def identity(self, name: str) -> str:
        return str(self.folder(name).stat().st_ino) if self.folder(name).exists() else ""

    def close(self) -> None:
        pass


class ClaimedVolumes:
    """Claims in a namespace, bound to folders of its node, which is this machine."""

    def __init__(self, folder: Path, namespace: str) -> None:
        self._folder, self._space = folder, Space(namespace, "")

    def folder(self, name: str) -> Path:
        return self._folder / name

    def make(self, name: str) -> None:
        self.folder(name).mkdir(parents=True)
        offer(self._space, self.folder(name), claim=name)
        spec = {
            "storageClassName": self._space.name,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        }
        body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}
        self._space.kubectl("create", "-f", "-", given=json.dumps(body))

    def identity(self, name: str) -> str:
        shown = self._space.kubectl("get", "pvc", name, "--ignore-not-found", "-o", "json")
        about = json.loads(shown)["metadata"] if shown else {"deletionTimestamp": ""}
        return "" if "deletionTimestamp" in about else str(about["uid"])

    def close(self) -> None:
        kubectl("delete", "persistentvolumes", "-l", f"of={self._space.name}", "--wait=false")
