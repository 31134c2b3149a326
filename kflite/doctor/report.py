"""What this machine has for kflite, what is missing, and how to get it. Nothing is started and nothing is changed."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from kflite import __version__
from kflite.core.value import Value
from kflite.errors import InputError, KfliteError
from kflite.format import duration, size

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.executors.kubernetes.api import Api

_LOW_DISK = 2_000_000_000  # bytes free below which runs with data are likely to fail

_EXTRAS = (
    ("psycopg", "postgres", "stores at postgresql://"),
    ("s3fs", "s3", "artifacts at s3:// and minio://"),
    ("gcsfs", "gcs", "artifacts at gs://"),
)
_NAMED_IMAGES = 6
_NAMED_RUNS = 3
_CLUSTER_S = 1.0  # longest wait for a cluster


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ok: None where it is missing and only some runs need it; remedy: how to get it."""

    name: str
    ok: bool | None
    text: str
    remedy: str = ""

    @property
    def word(self) -> str:
        """`ok`, `missing` or `wrong`."""
        return "ok" if self.ok else "missing" if self.ok is None else "wrong"

    def as_json(self) -> dict[str, Value]:
        """The finding as `--json` prints it."""
        return {"name": self.name, "state": self.word, "text": self.text, "remedy": self.remedy}


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order in which they matter."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _python,
        _settings,
        _store,
        _given,
        _disk,
        _machine,
        _docker,
        _gpus,
        _tools,
        _kubernetes,
    )
    for check in checks:
        yield from check(settings)


def _python(_: Settings) -> Iterator[Finding]:
    yield Finding("kflite", True, f"{__version__} in {Path(__file__).resolve().parents[1]}")
    yield Finding("python", True, f"{platform.python_version()} at {sys.executable}")
    yield Finding("sqlite", True, sqlite3.sqlite_version)


def _settings(settings: Settings) -> Iterator[Finding]:
    for name, origin in settings.origins.items():
        if "." not in name or origin != "default":
            yield Finding(f"setting {name}", True, f"{_shown(attrgetter(name)(settings))}  from {origin}")


def _shown(value: object) -> str:
    return ", ".join(f"{a}={b}" for a, b in value) or "none" if isinstance(value, tuple) else str(value)


def _store(settings: Settings) -> Iterator[Finding]:
    from kflite import store

    try:
        began = time.perf_counter()
        opened = store.open(settings.store)
        newest, runs = opened.last(), len(opened.runs(1000))
        opened.close()
    except KfliteError as error:
        yield Finding("store", False, str(error))
        return
    took = (time.perf_counter() - began) * 1000
    many = "1000 or more" if runs == 1000 else str(runs)
    yield Finding("store", True, f"{newest} events, {many} runs{_bytes(settings.store)}, {took:.0f} ms")


def _bytes(url: str) -> str:
    path = Path(url.removeprefix("sqlite://"))
    return f", {size(path.stat().st_size)}" if url.startswith("sqlite:///") and path.exists() else ""


def _given(settings: Settings) -> Iterator[Finding]:
    """Where tasks find secrets, config maps and volumes, and how many there are."""
    from kflite.executors.secrets import place

    places = (("secrets", place(config=False)), ("config maps", place(config=True)), ("volumes", settings.home / "volumes"))
    for name, folder in places:
        count = sum(each.is_dir() for each in folder.iterdir()) if folder.is_dir() else 0
        yield Finding(name, True, f"{count} in {folder}")


def _disk(settings: Settings) -> Iterator[Finding]:
    folders = {"home": settings.home}
    if "://" not in settings.artifacts:
        folders["artifacts"] = Path(settings.artifacts)
    else:
        yield from _elsewhere(settings.artifacts)
    for name, folder in folders.items():
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free
        text = f"{size(free)} free at {folder}"
        if not os.access(there, os.W_OK):
            yield Finding(f"disk {name}", False, f"{there} cannot be written", f"choose another place: --{name} FOLDER")
        elif free < _LOW_DISK:
            yield Finding(f"disk {name}", False, text, f"make room, or choose another place: --{name} FOLDER")
        else:
            yield Finding(f"disk {name}", True, text)


def _elsewhere(artifacts: str) -> Iterator[Finding]:
    from kflite.store.blobs.remote import ready

    try:
        ready(artifacts)
    except InputError as error:
        yield Finding("artifacts", False, str(error))


def _machine(_: Settings) -> Iterator[Finding]:
    from kflite.executors.machine import machine

    held = machine()
    yield Finding("machine", True, f"{held.cpus:g} CPUs, {size(held.memory)} memory, {platform.system()} {platform.machine()}")


def _docker(settings: Settings) -> Iterator[Finding]:
    try:
        version, names = asyncio.run(_ask_docker(settings.docker.address))
    except KfliteError as error:
        yield Finding("docker", None, str(error).partition(": ")[0], "start Docker, or run with --on process")
        return
    more = ", …" if len(names) > _NAMED_IMAGES else ""
    yield Finding("docker", True, f"{version}, {len(names)} images: {', '.join(names[:_NAMED_IMAGES])}{more}")


async def _ask_docker(address: str) -> tuple[str, list[str]]:
    from kflite.executors.docker.daemon import Daemon

    daemon = Daemon(address, reconnect_s=1.0)
    try:
        await daemon.connect()
        version = await daemon.call(lambda client: str(client.version()["Version"]))
        images = await daemon.call(lambda client: [tag for image in client.images() for tag in image["RepoTags"] or ()])
    finally:
        daemon.close()
    return version or "", sorted(images or ())


def _gpus(_: Settings) -> Iterator[Finding]:
    from kflite.executors.machine import gpus

    found = gpus()
    if found:
        yield Finding("gpus", True, f"{len(found)}: {', '.join(found)}")
    else:
        yield Finding("gpus", None, "none", "NVIDIA's driver makes /dev/nvidia0; only tasks that ask for GPUs need one")


def _tools(_: Settings) -> Iterator[Finding]:
    if path := shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"):
        yield Finding("uv", True, path)
    else:
        yield Finding("uv", None, "not found: pip builds environments, more slowly", "pip install uv")
    for name, extra, purpose in _EXTRAS:
        if find_spec(name):
            yield Finding(name, True, f"for {purpose}")
        else:
            yield Finding(name, None, f"not installed: for {purpose}", f"pip install 'kflite[{extra}]'")


def _kubernetes(settings: Settings) -> Iterator[Finding]:
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    path = Path(named) if named else Path.home() / ".kube" / "config"
    if not path.exists() and "KUBERNETES_SERVICE_HOST" not in os.environ:
        yield Finding("kubernetes", None, f"no {path}", "only --on kubernetes needs one")
        return
    try:
        yield from asyncio.run(_ask_cluster(settings))
    except KfliteError as error:
        yield Finding("kubernetes", None, str(error), "only --on kubernetes needs it")


async def _ask_cluster(settings: Settings) -> list[Finding]:
    """The server's version, context and namespace, the rights that it refuses, and what dead schedulers left there."""
    from kflite.engine.leftovers import reached
    from kflite.executors.kubernetes.rights import refused

    asked = settings.on.partition(":")[2] if settings.on.startswith("kubernetes") else ""
    async with reached(settings, asked, _CLUSTER_S) as api:
        where = f"{api.access.context}/{api.access.namespace}"
        version = await api.call("GET", "/version") or {}
        found = [Finding("kubernetes", True, f"{version['gitVersion']}, {where}")]
        if lacking := await refused(api):
            remedy = "kflite deploy --rights prints a role with all"
            return [*found, Finding("rights", False, f"refused in {where}: {', '.join(lacking)}", remedy)]
        return [*found, Finding("rights", True, f"all that --on kubernetes needs in {where}"), await _left(api, where, settings)]


async def _left(api: Api, where: str, settings: Settings) -> Finding:
    from kflite.engine.leftovers import behind

    there, left = await behind(api, settings)
    if not left:
        return Finding("left behind", True, f"nothing in {where}; {there} runs are there now")
    told = ", ".join(f"{run.run} ({run.pods} pods, for {duration(run.quiet_s)})" for run in left[:_NAMED_RUNS])
    more = ", …" if len(left) > _NAMED_RUNS else ""
    owners = " ".join(run.owner for run in left)
    remedy = (
        "kflite resume goes on with one of this store, kflite rm removes one that has ended; "
        f"the others: kubectl --namespace {api.access.namespace} delete configmap {owners}"
    )
    return Finding("left behind", None, f"{len(left)} runs in {where} that no scheduler looks after: {told}{more}", remedy)
