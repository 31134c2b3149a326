"""The connection to the daemon: blocking calls in few threads, tried again while the daemon is away.

Every question asked through `call` can be asked twice: containers are created by name, started, stopped and removed by id.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol, Required, TypedDict, TypeVar

from kflite.errors import ExecutorError

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")


class Thread(Protocol):
    """Runs blocking calls in a thread."""

    def __call__(self, ask: Callable[[], T], /) -> Coroutine[None, None, T]: ...


_THREADS = 16  # calls at once; the daemon itself does about as many side by side
_CALL_S = 30.0  # longest time for one answer
_LONGEST_PAUSE_S = 1.0


class ContainerState(TypedDict, total=False):
    """State of a container, as `inspect` gives it."""

    Status: Required[str]
    ExitCode: int
    OOMKilled: bool
    Error: str
    FinishedAt: str


class Info(TypedDict, total=False):
    """The daemon's description of itself and its machine. MemTotal is in bytes."""

    NCPU: int
    MemTotal: int
    Runtimes: dict[str, object]
    SecurityOptions: list[str] | None
    InitBinary: str


class DaemonGone(ExecutorError):
    """The daemon does not answer, or refuses us."""

    def __init__(self, address: str, why: object = "") -> None:
        text = f"no Docker daemon at {address}: start it, or use --on process"
        if "Permission denied" in str(why):
            text, why = f"no access to the Docker daemon at {address}: join its group (docker), or use --on process", ""
        super().__init__(f"{text} ({why})" if why else text, reason="NoDocker")


class DaemonRefused(ExecutorError):
    """The daemon answers with an error. status: of HTTP."""

    def __init__(self, status: int, explanation: str) -> None:
        self.status = status
        self.explanation = explanation
        super().__init__(f"Docker: {explanation}", reason="StartFailed")


class Daemon:
    """A daemon at an address. breaks: how often it did not answer; containers may have died by that."""

    def __init__(self, address: str, reconnect_s: float) -> None:
        self.address = address or os.environ.get("DOCKER_HOST", "")
        self.reconnect_s = reconnect_s
        self.breaks = 0
        self.info: Info = {}
        self._client: APIClient | None = None
        self._threads: ThreadPoolExecutor | None = None  # None uses the loop's own

    @property
    def client(self) -> APIClient:
        """The SDK's client. Raises Gone before `connect`."""
        if self._client is None:
            raise DaemonGone(self.address)
        return self._client

    async def connect(self) -> None:
        """Connect to the daemon and ask for its description. Raises Gone."""
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="kflite-docker")
        client = await self.in_thread(self.reach)
        self.info = await self.in_thread(partial(_ask_info, client))

    def reach(self) -> APIClient:
        """The connected client. Blocks. Raises Gone."""
        if self._client is None:
            self._client = self._connect()
        return self._client

    def close(self) -> None:
        """Close the connections; containers go on."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client is not None:
            self._client.close()
        self._threads = self._client = None

    async def in_thread(self, ask: Callable[[], T]) -> T:
        """Run a blocking call."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def call(self, ask: Callable[[APIClient], T], accept: Collection[int] = (), thread: Thread | None = None) -> T | None:
        """Ask the daemon; None where it refuses with a status in `accept`. Raises Refused, and Gone after `reconnect_s`.

        thread: runs what blocks, `in_thread` unless given.
        """
        clock = asyncio.get_running_loop().time
        pause, deadline = 0.05, 0.0
        while True:
            try:
                return await (thread or self.in_thread)(partial(answer, ask, self.client))
            except DaemonRefused as error:
                if error.status in accept:
                    return None
                raise
            except ConnectionError as error:
                self.breaks += 1
                deadline = deadline or clock() + self.reconnect_s
                if clock() + pause > deadline:
                    raise DaemonGone(self.address, error) from error
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _connect(self) -> APIClient:
        from docker import APIClient
        from docker.errors import DockerException
        from docker.utils import kwargs_from_env

        options = kwargs_from_env()
        self.address = self.address or str(options.get("base_url") or _context() or "unix:///var/run/docker.sock")
        tls = options.get("tls") or False
        try:
            return APIClient(self.address, "auto", int(_CALL_S), tls, max_pool_size=2 * _THREADS)
        except DockerException as error:
            raise DaemonGone(self.address, error if "Permission denied" in str(error) else "") from error


def _ask_info(client: APIClient) -> Info:
    return client.info()  # type: ignore[return-value]


def answer(ask: Callable[[APIClient], T], client: APIClient) -> T:
    """Ask in this thread. Turns errors of the SDK and its HTTP library into Refused and the built-in ConnectionError."""
    import requests
    import urllib3
    from docker.errors import APIError

    try:
        return ask(client)
    except APIError as error:
        raise DaemonRefused(error.status_code or 0, str(error.explanation or error).strip()) from error
    except requests.HTTPError as error:
        raise DaemonRefused(error.response.status_code, str(error)) from error
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise ConnectionError(str(error)) from error
    except urllib3.exceptions.HTTPError as error:
        raise ConnectionError(str(error)) from error


def _context() -> str:
    """The address of the docker command's current context, by which Docker Desktop, Colima and rootless daemons are found."""
    from docker.context import ContextAPI
    from docker.errors import DockerException

    try:
        context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT"))
    except (DockerException, OSError, ValueError):
        return ""
    return str(context.Host or "") if context is not None else ""
