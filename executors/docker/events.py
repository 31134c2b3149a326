"""Who ended: one stream of the daemon's events for all containers, in a thread that comes back after a break.

It only says "look": whoever is woken asks for the container's state, so that an event lost or told twice does no harm.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kflite.executors.docker import names
from kflite.executors.docker.daemon import Daemon, DaemonGone, answer
from kflite.executors.docker.output import Reply, tell

if TYPE_CHECKING:
    from docker import APIClient

_QUIET_S = 15.0  # silence after which the daemon is asked whether it is still there
_PAUSE_S = 0.2  # between tries to reach it
_OVERLAP_S = 5  # events of that long ago are told again, which closes the gap between two streams
_MANAGED = f"{names.MANAGED}={names.MANAGER}"
_RUNNING = ("created", "running", "paused", "restarting")


class ContainerEvents:
    """Wakes those who wait for containers to end."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._connected = asyncio.Event()
        self._closing = threading.Event()
        self._stream: Reply | None = None
        self._thread = threading.Thread(target=self._run, name="kflite-docker-events", daemon=True)

    async def connected(self) -> None:
        """Start listening; returns once events arrive."""
        if not self._thread.is_alive():
            self._thread.start()
        try:
            async with asyncio.timeout(self._daemon.reconnect_s):
                await self._connected.wait()
        except TimeoutError as error:
            raise DaemonGone(self._daemon.address) from error

    def ended(self, container: str) -> asyncio.Future[None]:
        """A future that is done when the container should be inspected; it raises Gone when the daemon is away for too long."""
        return self._waiting.setdefault(container, self._loop.create_future())

    def forget(self, container: str) -> None:
        """Forget the events of a container so far."""
        self._waiting.pop(container, None)

    def close(self) -> None:
        """Stop listening."""
        self._closing.set()
        if self._stream is not None:
            self._stream.close()

    def _run(self) -> None:
        away_since = 0.0
        while not self._closing.is_set():
            try:
                answer(self._listen, self._daemon.client)
                away_since = 0.0
            except (ConnectionError, DaemonGone):
                self._daemon.breaks += 1
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > self._daemon.reconnect_s:
                    self._tell_all(DaemonGone(self._daemon.address, f"no answer for {self._daemon.reconnect_s:.0f} s"))
                self._closing.wait(_PAUSE_S)

    def _listen(self, client: APIClient) -> None:
        """Read events until there are no more for a while. Raises ConnectionError when the daemon is gone."""
        import requests

        self._stream = _open(client)
        try:
            tell(self._loop, self._connected.set)
            self._look(client)
            for container in _dead(self._stream):
                tell(self._loop, partial(self._wake, container))
        except requests.ConnectionError as error:
            if not _is_silence(error):
                raise
            self._look(client)
        else:
            raise ConnectionError("the stream of events ended")
        finally:
            self._stream.close()

    def _look(self, client: APIClient) -> None:
        waiting = list(self._waiting)
        if not waiting:
            return
        known = client.containers(all=True, filters={"label": [_MANAGED]})
        running = {found["Id"] for found in known if found["State"] in _RUNNING}
        for container in waiting:
            if container not in running:
                tell(self._loop, partial(self._wake, container))

    def _wake(self, container: str) -> None:
        future = self._waiting.get(container)
        if future is not None and not future.done():
            future.set_result(None)

    def _tell_all(self, error: DaemonGone) -> None:
        tell(self._loop, partial(self._fail, error))

    def _fail(self, error: DaemonGone) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(error)


def _open(client: APIClient) -> Reply:
    filters = {"type": ["container"], "event": ["die", "destroy"], "label": [_MANAGED]}
    parameters = {"filters": json.dumps(filters), "since": str(int(time.time()) - _OVERLAP_S)}
    stream = Reply(client, "/events", parameters, _QUIET_S)
    if not stream.found:
        stream.close()
        raise ConnectionError("no stream of events")
    return stream


def _dead(stream: Reply) -> Iterator[str]:
    rest = b""
    for chunk in stream:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (json.loads(line)["id"] for line in lines if line.strip())


def _is_silence(error: BaseException) -> bool:
    from urllib3.exceptions import ReadTimeoutError

    return any(isinstance(cause, ReadTimeoutError) for cause in (error.__cause__, error.__context__, *error.args))
