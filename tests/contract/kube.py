"""A namespace of a test's own, and a way to the API server that can be cut."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from machine import KUBECONFIG

from kflite.executors.images import ImageMap
from kflite.executors.kubernetes import KubernetesExecutor, KubernetesOptions

PATIENCE_S = 60.0  # a pod takes five seconds on two cores that do nothing else
_OURS = "app.kubernetes.io/managed-by=kflite"


def kubectl(*words: str, given: str = "") -> str:
    """What kubectl prints."""
    done = subprocess.run(
        ["kubectl", "--kubeconfig", KUBECONFIG, *words], input=given, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Space:
    """A namespace."""

    name: str
    image: str

    def executor(self, **settings: Any) -> KubernetesExecutor:
        """An executor that works there."""
        images = ImageMap((("python:*", self.image),))
        return KubernetesExecutor(replace(KubernetesOptions(namespace=self.name, images=images), **settings))

    @property
    def plain(self) -> ImageMap:
        """Maps no image but that of tasks."""
        return ImageMap(((self.image, self.image),))

    def kubectl(self, *words: str, given: str = "") -> str:
        return kubectl("-n", self.name, *words, given=given)

    def ours(self) -> list[str]:
        """All that kflite has there."""
        return self.kubectl("get", "pods,services,configmaps,pvc", "-l", _OURS, "-o", "name").split()

    def pods(self) -> list[str]:
        """The names of our pods."""
        return [name.removeprefix("pod/") for name in self.kubectl("get", "pods", "-l", _OURS, "-o", "name").split()]

    async def running(self) -> str:
        """Until the main container of one of our pods runs; its pod's name."""
        jsonpath = "{range .items[*]}{.status.initContainerStatuses[1].state.running.startedAt} {.metadata.name}{end}"
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await asyncio.to_thread(self.kubectl, "get", "pods", "-l", _OURS, "-o", f"jsonpath={jsonpath}")
                if len(found.split()) == 2:
                    return found.split()[1]


@contextmanager
def namespace(image: str, **labels: str) -> Iterator[Space]:
    """A namespace for as long as it is needed."""
    space = Space(f"test-{uuid.uuid4().hex[:10]}", image)
    about = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space.name, "labels": labels}}
    kubectl("create", "-f", "-", given=json.dumps(about))
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not space.kubectl("get", "serviceaccounts", "-o", "name") and time.monotonic() < deadline:
            pass
        yield space
    finally:
        kubectl("delete", "namespace", space.name, "--wait=false")


def offer(space: Space, folder: Path, claim: str = "") -> None:
    """A volume that is a folder of the node, for claims of the class that has the namespace's name; or for one claim alone."""
    spec: dict[str, Any] = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": str(folder), "type": "DirectoryOrCreate"},
        "storageClassName": space.name,
    }
    spec |= {"claimRef": {"namespace": space.name, "name": claim}} if claim else {}
    about = {"name": f"{space.name}-{folder.name}", "labels": {"of": space.name}}
    body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": about, "spec": spec}
    kubectl("create", "-f", "-", given=json.dumps(body))


@contextmanager
def offered(space: Space, folder: Path) -> Iterator[None]:
    """A volume for as long as it is needed."""
    offer(space, folder)
    try:
        yield
    finally:
        kubectl("delete", "persistentvolumes", "-l", f"of={space.name}", "--wait=false")


class Wire:
    """Passes bytes on to the API server, until it is cut."""

    def __init__(self, folder: Path) -> None:
        held = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        self._held, self._folder = held, folder
        host = held["clusters"][0]["cluster"]["server"].removeprefix("https://")
        self._host, _, self._port = host.partition(":")
        self._up = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._left: int | None = None
        self.config = folder / "wire.kubeconfig"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self._held["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{port}"
        self.config.write_text(json.dumps(self._held))
        os.chmod(self.config, 0o600)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._up = False
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._up = True

    def cut_after(self, size: int) -> None:
        """Break every connection once so many bytes more have passed, and let new ones through."""
        self._left = size

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._host, int(self._port))
        self._writers |= {writer, back}
        if not self._up:
            self.cut()
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        self._writers -= {writer, back}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                if self._left is not None and (left := self._left - len(data)) <= 0:
                    self._left = None
                    self.cut()
                    self.mend()
                    return
                if self._left is not None:
                    self._left = left
                writer.write(data)
                await writer.drain()
            writer.write_eof() if writer.can_write_eof() else writer.close()
        except OSError:
            writer.transport.abort()
