"""Images: their properties and pulling them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from kflite.core.threads import run_in_thread
from kflite.errors import ExecutorError
from kflite.executors.docker import names
from kflite.executors.docker.daemon import Daemon, DaemonRefused, answer
from kflite.executors.docker.spec import Image
from kflite.executors.images import ImageMap

if TYPE_CHECKING:
    from docker import APIClient

_DIGEST_S = 2.0  # for which a digest counts: many tasks are queued at once, and somebody may build the image anew
_TELL_S = 1.0  # between two notes on the progress of a pull
_PROBE = {names.MANAGED: names.MANAGER, names.GROUP: "probe"}
_ABANDONED_S = 60.0  # age of a probe whose maker must have died


class Images:
    """The images of jobs, through the image map of the settings; each is inspected once."""

    def __init__(self, daemon: Daemon, mapping: ImageMap) -> None:
        self._daemon, self._map = daemon, mapping
        self._known: dict[str, Image] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._pulling: set[str] = set()
        self._digests: dict[str, tuple[float, asyncio.Future[str]]] = {}  # by image, with the time of asking

    async def find(
        self, asked: str, tell: Callable[[str], None], stop: asyncio.Event, policy: str, note: Callable[[str], None]
    ) -> Image:
        """The image used for `asked`, pulled if it is not here. tell: gets notes on the pull; stop: set to give it up; note: told
        in the loop what is waited for, "" once it is not.

        policy: Always pulls it also where it is here, Never does not. Raises ExecutorError (ImageNotFound).
        """
        name = self._map.image(asked)
        if not name:
            raise ExecutorError("a container without an image: name one in the component", "NoImage")
        if name in self._pulling:
            note(f"for the image {name}, which is pulled")
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._known or policy == "Always":
                try:
                    self._known[name] = await self._look(name, tell, stop, policy, note)
                except DaemonRefused as error:
                    raise _not_found(asked, name, error.explanation) from error
            return self._known[name]

    def forget(self, asked: str) -> None:
        """Inspect the image again the next time, as it is gone."""
        self._known.pop(self._map.image(asked), None)

    async def digest(self, asked: str) -> str:
        """The digest of the image used for `asked`, "" if it is unknown; asked for again after a while."""
        name, clock = self._map.image(asked), asyncio.get_running_loop().time
        known = self._digests.get(name)
        if known is None or clock() - known[0] > _DIGEST_S:
            known = self._digests[name] = clock(), asyncio.ensure_future(self._ask_digest(name))
        return await asyncio.shield(known[1])

    async def _ask_digest(self, name: str) -> str:
        try:
            found = await self._daemon.in_thread(lambda: answer(partial(_inspect, name), self._daemon.reach()))
        except (ExecutorError, ConnectionError):
            return ""
        return str(next((entry.partition("@")[2] for entry in found.get("RepoDigests") or ()), found["Id"]))

    async def _look(
        self, name: str, tell: Callable[[str], None], stop: asyncio.Event, policy: str, note: Callable[[str], None]
    ) -> Image:
        found = await self._daemon.call(partial(_inspect, name), accept=(404,)) if policy != "Always" else None
        if found is None and policy == "Never":
            raise DaemonRefused(404, "it is not here, and is not to be pulled (imagePullPolicy Never)")
        if found is None:
            note(f"for the image {name}, which is pulled")
            self._pulling.add(name)
            try:
                await self._unless(stop, self._daemon.call(partial(_pull, name, tell, stop), thread=run_in_thread))
            finally:
                self._pulling.discard(name)
            note("")
            found = await self._daemon.call(partial(_inspect, name))
        assert found is not None
        own: _Config = found.get("Config") or {}
        return Image(
            name=name,
            id=found["Id"],
            entrypoint=tuple(own.get("Entrypoint") or ()),
            command=tuple(own.get("Cmd") or ()),
            env=tuple(entry.partition("=")[0] for entry in own.get("Env") or ()),
            folder=own.get("WorkingDir") or "",
            shell=bool(await self._daemon.call(partial(_has_shell, found["Id"]))),
        )

    async def _unless(self, stop: asyncio.Event, pull: Coroutine[None, None, None]) -> None:
        """Wait for a pull until it ends or is given up, as a registry may be silent for long."""
        pulling, stopped = asyncio.ensure_future(pull), asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({pulling, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not pulling.done():
                raise DaemonRefused(0, "its pull was given up")
            await pulling
        finally:
            pulling.cancel()
            stopped.cancel()


def _not_found(asked: str, name: str, why: str) -> ExecutorError:
    mapped = "" if asked == name else f" (for {asked}, by the image map)"
    remedy = 'check its name, `docker login`, or map it to one that you have: [images] "PATTERN" = "IMAGE" in kflite.toml'
    return ExecutorError(f"no image {name}{mapped}: {why}; {remedy}", "ImageNotFound")


class _Config(TypedDict, total=False):
    Entrypoint: list[str] | None
    Cmd: list[str] | None
    Env: list[str] | None
    WorkingDir: str


class _Inspected(TypedDict):
    Id: str
    RepoDigests: list[str] | None
    Config: _Config | None


def _inspect(image: str, client: APIClient) -> _Inspected:
    found: _Inspected = client.inspect_image(image)  # type: ignore[no-untyped-call]
    return found


def _has_shell(image: str, client: APIClient) -> bool:
    """Whether the image has a /bin/sh, as seen in a container that is never started."""
    for old in client.containers(all=True, filters={"label": [f"{names.GROUP}=probe"]}):
        if time.time() - old["Created"] > _ABANDONED_S:
            client.remove_container(old["Id"], force=True)
    probe = client.create_container(image, "true", labels=_PROBE)["Id"]
    try:
        url = f"{client.base_url}/v{client.api_version}/containers/{probe}/archive"
        return client.head(url, params={"path": "/bin/sh"}).status_code == 200
    finally:
        client.remove_container(probe, v=True)


def _pull(name: str, tell: Callable[[str], None], stop: asyncio.Event, client: APIClient) -> None:
    from docker.utils import parse_repository_tag

    repository, tag = parse_repository_tag(name)
    tell(f"pulling the image {name}")
    layers: dict[str, tuple[int, int]] = {}
    told = time.monotonic()
    for line in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
        if stop.is_set():
            return
        if "error" in line:
            raise DaemonRefused(404, str(line["error"]))
        _note(layers, line)
        if layers and time.monotonic() - told > _TELL_S:
            told = time.monotonic()
            tell(f"pulling the image {name}: {_megabytes(layers, 0)} of {_megabytes(layers, 1)} MB")
    if not stop.is_set():
        tell(f"pulled the image {name}")


def _note(layers: dict[str, tuple[int, int]], line: Mapping[str, object]) -> None:
    detail = line.get("progressDetail")
    if line.get("status") == "Downloading" and isinstance(detail, dict) and detail.get("total"):
        layers[str(line.get("id"))] = (int(detail["current"]), int(detail["total"]))
    elif line.get("status") == "Download complete" and (layer := str(line.get("id"))) in layers:
        layers[layer] = (layers[layer][1], layers[layer][1])


def _megabytes(layers: Mapping[str, tuple[int, int]], which: int) -> str:
    return f"{sum(sizes[which] for sizes in layers.values()) / 1e6:.0f}"
