"""Requests to a cluster's API server: JSON, streams of lines or bytes, and programs run in containers.

aiohttp, because every follower of a log and every watch is a stream that waits: none of them costs a thread, and all of them end
when their task does. Bodies stay JSON: nothing here needs models of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Self

from kflite.errors import ExecutorError
from kflite.executors.kubernetes.access import Access
from kflite.executors.kubernetes.objects import Object
from kflite.executors.kubernetes.outage import Outage

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse

Query = Mapping[str, str] | Sequence[tuple[str, str]]

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, EXPIRED = 401, 403, 404, 409, 410
_AGAIN = frozenset({UNAUTHORIZED, 429, 500, 502, 503, 504})  # another try may succeed
_TOO_LARGE = 413
_FULL = ("larger than max", "request is too large")  # the words of the database behind the server
_CALLS = 32  # at once
_CALL_S = 30.0  # longest time for one answer
_CONNECT_S = 10.0
_LONGEST_PAUSE_S = 2.0
_LONGEST_MESSAGE = 16 << 20  # bytes of a websocket's message
_JSON = {"Accept": "application/json"}


class ClusterGone(ExecutorError):
    """The API server does not answer, or refuses us."""

    def __init__(self, access: Access, why: object) -> None:
        remedy = "start it, or name another one by --on kubernetes:CONTEXT or KUBECONFIG"
        super().__init__(f"no answer from the cluster {access.context} at {access.address}: {why}; {remedy}", "NoCluster")


class ClusterRefused(ExecutorError):
    """The API server answers with an error. status: of HTTP."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.too_large = status == _TOO_LARGE or (status == 500 and any(words in message for words in _FULL))
        super().__init__(f"Kubernetes: {message}", "NotAllowed" if status == FORBIDDEN else "StartFailed")


class Broken(ConnectionError):
    """A stream ended early, or could not be opened."""


class Api:
    """An API server. find: reads the credentials, again when the server rejects them. requests: how many were made."""

    def __init__(self, find: Callable[[], Access], reconnect_s: float) -> None:
        self._find, self.reconnect_s = find, reconnect_s
        self._session: ClientSession | None = None
        self._calls = asyncio.Semaphore(_CALLS)
        self.answered = False  # once, so that there is such a server, which takes our credentials
        self.outage = Outage()
        self._call_s = _CALL_S
        self.requests = 0

    async def __aenter__(self) -> Self:
        from aiohttp import ClientSession, TCPConnector

        self.access = await asyncio.to_thread(self._find)
        self._session = ClientSession(connector=TCPConnector(limit=0), headers=_JSON, read_bufsize=1 << 20)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._session is not None:
            await self._session.close()

    def path(self, kind: str, name: str = "") -> str:
        """The path of a kind in our namespace, or of one object of it."""
        return "/".join(filter(None, ("/api/v1/namespaces", self.access.namespace, kind, name)))

    async def call(
        self, method: str, path: str, body: Object | None = None, query: Query = (), accept: Collection[int] = ()
    ) -> Object | None:
        """Ask, again while there is no answer; None where it is refused with a status in `accept`. Raises Refused, and Gone
        after `reconnect_s`. Every question can be asked twice: objects are created by name.
        """
        clock, pause = asyncio.get_running_loop().time, 0.05
        began = clock()
        while True:
            try:
                return await self._ask(method, path, body, query)
            except ClusterRefused as error:
                if error.status in accept:
                    return None
                if error.status not in _AGAIN or clock() - began > self.reconnect_s or self.in_vain(error):
                    raise
                await self._renew(error.status)
            except Broken as error:
                if clock() + pause - began > self.reconnect_s:
                    raise ClusterGone(self.access, error) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def hurry(self, seconds: float) -> None:
        """Change how long to wait for an answer, for requests under way too."""
        self.reconnect_s, self._call_s = min(self.reconnect_s, seconds), min(self._call_s, seconds)

    def in_vain(self, error: ClusterRefused) -> bool:
        """Whether waiting is useless: the server never accepted our credentials, or the request is too large for it."""
        return error.too_large or (error.status == UNAUTHORIZED and not self.answered)

    async def once(self, method: str, path: str, body: Object | None = None, query: Query = ()) -> Object:
        """Ask once. Raises Refused and Broken."""
        return await self._ask(method, path, body, query)

    async def create(self, path: str, body: Object) -> Object | None:
        """Create an object; None if one of that name exists. Raises as `call` does."""
        return await self.call("POST", path, body, accept=(CONFLICT,))

    async def _ask(self, method: str, path: str, body: Object | None, query: Query) -> Object:
        async with self._calls, self._open(method, path, query, body, self._call_s) as response:
            found: Object = json.loads(await response.read())
            return found

    async def _renew(self, status: int) -> None:
        """Read the credentials again: a token has expired."""
        if status == UNAUTHORIZED:
            with suppress(ExecutorError):
                self.access = await asyncio.to_thread(self._find)

    @asynccontextmanager
    async def stream(self, path: str, query: Query, quiet_s: float | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """The bytes of an answer as they come. quiet_s: the longest time without data. Raises Refused and Broken."""
        async with self._open("GET", path, query, None, None, quiet_s) as response:
            yield response.content.iter_any()

    @asynccontextmanager
    async def _open(
        self, method: str, path: str, query: Query, body: Object | None, total: float | None, quiet_s: float | None = None
    ) -> AsyncIterator[ClientResponse]:
        from aiohttp import ClientError, ClientTimeout

        self.requests += 1
        assert self._session is not None
        timeout = ClientTimeout(total=total, sock_connect=_CONNECT_S, sock_read=quiet_s)
        try:
            async with self._session.request(
                method,
                self.access.address + path,
                params=list(query.items() if isinstance(query, Mapping) else query),
                json=body,
                timeout=timeout,
                headers=self._headers(),
                ssl=self.access.tls or True,
                server_hostname=self.access.server_name or None,
                proxy=self.access.proxy or None,
            ) as response:
                if response.status >= 400:
                    raise await self._refused(response)
                self.answered = True
                self.outage.end()
                yield response
        except (ClientError, TimeoutError, OSError) as error:
            self.outage.begin(_why(error))
            raise Broken(_why(error)) from error

    async def _refused(self, response: ClientResponse) -> ClusterRefused:
        said = _message(response.status, await response.read())
        if response.status >= 500:
            self.outage.begin(said)
        else:
            self.outage.end()
        return ClusterRefused(response.status, said + self._remedy(response.status, said))

    def _remedy(self, status: int, said: str) -> str:
        namespace = self.access.namespace
        if status == UNAUTHORIZED:
            return f": log in to {self.access.context} again"
        if status == FORBIDDEN and "cannot " in said:
            return f"; `kflite deploy --rights --namespace {namespace}` prints a role that allows it"
        if status == NOT_FOUND and said.startswith("namespaces "):
            return f"; `kubectl create namespace {namespace}`, or name another one by --on kubernetes:CONTEXT/NAMESPACE"
        return ""

    def _headers(self) -> dict[str, str]:
        authorization = self.access.authorization()
        return {"Authorization": authorization} if authorization else {}

    @asynccontextmanager
    async def run(self, pod: str, container: str, command: Sequence[str]) -> AsyncIterator[ClientWebSocketResponse]:
        """A program in a container, by a websocket; a message begins with its channel's number. Raises Refused and Broken."""
        from aiohttp import ClientError, ClientWSTimeout, WSServerHandshakeError

        self.requests += 1
        assert self._session is not None
        query = [("container", container), ("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
        try:
            async with self._session.ws_connect(
                self.access.address + self.path("pods", pod) + "/exec",
                params=[*query, *(("command", word) for word in command)],
                protocols=("v5.channel.k8s.io", "v4.channel.k8s.io"),
                timeout=ClientWSTimeout(ws_close=5.0),
                headers={**self._headers(), "Accept": "*/*"},
                ssl=self.access.tls or True,
                server_hostname=self.access.server_name or None,
                proxy=self.access.proxy or None,
                max_msg_size=_LONGEST_MESSAGE,
            ) as socket:
                self.outage.end()
                yield socket
        except WSServerHandshakeError as error:
            raise ClusterRefused(error.status, f"no program can be run in {pod}: HTTP status {error.status}") from error
        except (ClientError, TimeoutError, OSError) as error:
            self.outage.begin(_why(error))
            raise Broken(_why(error)) from error


def _why(error: Exception) -> str:
    """A connection's error, without details of its library."""
    cause = getattr(error, "os_error", error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno and cause.errno > 0:
        return os.strerror(cause.errno)
    said = str(getattr(cause, "strerror", None) or cause)
    return said or ("it took too long" if isinstance(error, TimeoutError) else "the connection broke")


def _message(status: int, body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()[:500] or f"HTTP status {status}"
