"""The Kubernetes executor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from functools import partial
from typing import Self

from kflite.core.job import Exit, Job, Resources, Update
from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.base import unheard
from kflite.executors.checks import check_roles
from kflite.executors.kubernetes import names
from kflite.executors.kubernetes.access import access
from kflite.executors.kubernetes.api import Api, ClusterGone
from kflite.executors.kubernetes.attempt import PodAttempt
from kflite.executors.kubernetes.claims import settle
from kflite.executors.kubernetes.launch import launch
from kflite.executors.kubernetes.options import KubernetesOptions
from kflite.executors.kubernetes.owners import Owners
from kflite.executors.kubernetes.pod_watch import PodWatch
from kflite.executors.kubernetes.recover import recover
from kflite.executors.kubernetes.shared import ClusterShared
from kflite.executors.kubernetes.staging import staged_schemes
from kflite.executors.kubernetes.sweep import Sweep
from kflite.executors.ref import Ref

# What a cluster has is not for everybody to know; what does not fit waits there, and says so.
_PLENTY = Resources(1e6, 1 << 60, 1_000_000)
_CONTACT_S = 10.0  # a server that never answered is not there after so long; one that did may come back
_UNDO_S = 15.0  # whoever gives a start up waits so long for its undoing, which goes on after that
_LEAVE_S = 15.0  # without an answer, after which nothing more is tried by an executor that is left


class KubernetesExecutor:
    """Runs each replica as a pod of its own."""

    name = "kubernetes"

    def __init__(self, settings: KubernetesOptions | None = None) -> None:
        self._settings = settings or KubernetesOptions()
        self._waiting: dict[str, Callable[[str], None]] = {}  # of what starts, by ref
        self._attempts: dict[str, PodAttempt] = {}
        self._ending: set[PodAttempt] = set()
        self._starting: dict[str, tuple[asyncio.Event, asyncio.Task[None]]] = {}
        self._undoing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._api = await Api(partial(access, settings.context, settings.namespace), settings.reconnect_s).__aenter__()
        self._watch = PodWatch(self._api)
        owners = Owners(self._api, self._watch, settings)
        self._sweep = Sweep(self._api, self._watch, settings.kept_s, owners.mine)
        self._shared = ClusterShared(self._api, self._watch, owners, settings)
        outage, address = self._api.outage, self._api.access.address
        self._listening = asyncio.create_task(outage.tell(address, settings.reconnect_s, self._tell))
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._listening.cancel()
        self._api.hurry(_LEAVE_S)
        self._shared.cleanup.hurry()
        for given_up, _ in self._starting.values():
            given_up.set()
        if begun := {*(task for _, task in self._starting.values()), *self._undoing}:
            await asyncio.wait(begun)
        attempts = {*self._attempts.values(), *self._ending}
        for attempt in attempts:
            attempt.close()
        await asyncio.gather(*(task for each in attempts for task in (each.end, each.left)), return_exceptions=True)
        await self._shared.owners.close()
        await self._sweep.close()
        await self._watch.close()
        await self._api.__aexit__(*exc)

    @property
    def stages(self) -> Collection[str]:
        """See the seam."""
        return staged_schemes(self._settings)

    def capacity(self) -> Resources:
        """More than any job requests, as the cluster's own scheduler decides."""
        return _PLENTY

    @property
    def requests(self) -> int:
        """How many requests were made to the API server."""
        return self._api.requests

    @property
    def pool(self) -> str:
        """The pool of the namespace."""
        return f"kubernetes {self._api.access.context}/{self._api.access.namespace}"

    async def identity(self, job: Job) -> Mapping[str, str]:
        """Empty: only the nodes know the content of images and volumes."""
        return {}

    async def start(self, job: Job, waiting: Callable[[str], None] = unheard) -> str:
        """See the seam. A cancelled start leaves nothing behind."""
        ref = str(Ref.of(job))
        if ref in self._attempts or record.read(job.folder):
            return ref
        _check(job)
        self._waiting[ref] = waiting
        try:
            await self._reach()  # cancelled here, nothing has begun
            if ref not in self._attempts:
                await self._started(job, ref)
        finally:
            self._waiting.pop(ref, None)
        return ref

    async def follow(self, ref: str) -> AsyncGenerator[Update, None]:
        """See the seam."""
        attempt = await self._attempt(ref)
        async with aclosing(attempt.updates.follow(attempt.end)) as updates:
            async for update in updates:
                if isinstance(update, Exit):
                    self._attempts.pop(ref, None)
                    self._see_off(attempt)
                yield update

    async def stop(self, ref: str, grace_s: float) -> None:
        """See the seam."""
        await (await self._attempt(ref)).stop(grace_s)

    def _tell(self, text: str) -> None:
        for waiting in (*self._waiting.values(), *(attempt.updates.waiting for attempt in self._attempts.values())):
            waiting(text)

    async def _reach(self) -> None:
        """Return once the server has listed all pods. Raises Refused, and Gone, soon if the server has never answered."""
        connecting = asyncio.ensure_future(self._shared.watch.connected())
        try:
            await asyncio.wait({connecting}, timeout=_CONTACT_S)
            if not connecting.done() and not self._api.answered:
                raise ClusterGone(self._api.access, self._api.outage.why)
            await connecting
            self._sweep.begin()
        finally:
            connecting.cancel()

    async def _started(self, job: Job, ref: str) -> None:
        """Wait until the attempt has started, whoever starts it."""
        if ref not in self._starting:
            given_up = asyncio.Event()
            starting = asyncio.create_task(self._start(job, ref, given_up))
            self._starting[ref] = given_up, starting
            starting.add_done_callback(lambda _: self._starting.pop(ref))
        given_up, starting = self._starting[ref]
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            given_up.set()
            undoing = asyncio.create_task(self._undo(ref, starting))
            self._undoing.add(undoing)
            undoing.add_done_callback(self._undoing.discard)
            await asyncio.wait({undoing}, timeout=_UNDO_S)
            raise

    async def _start(self, job: Job, ref: str, given_up: asyncio.Event) -> None:
        if job.claim:
            return await settle(self._shared, job)
        with self._shared.owners.needed(names.run(job)):
            state = await launch(self._shared, job, given_up, self._waiting.get(ref, unheard))
            self._attempts[ref] = PodAttempt(self._shared, Ref.of(job), state)
        return None

    async def _undo(self, ref: str, starting: asyncio.Task[None]) -> None:
        """Remove what an abandoned start created, as a request under way cannot be called back."""
        await asyncio.gather(starting, return_exceptions=True)
        if (attempt := self._attempts.pop(ref, None)) is None:
            return
        self._see_off(attempt)
        with suppress(ExecutorError):
            await attempt.stop(0)
            record.forget(Ref.parse(ref).folder)

    def _see_off(self, attempt: PodAttempt) -> None:
        """Keep the attempt until all its objects are removed."""
        self._ending.add(attempt)
        attempt.left.add_done_callback(lambda _: self._ending.discard(attempt))

    async def _attempt(self, ref: str) -> PodAttempt:
        if ref not in self._attempts:
            state = await recover(self._shared, Ref.parse(ref))
            if ref not in self._attempts:  # nobody else found it meanwhile
                self._attempts[ref] = PodAttempt(self._shared, Ref.parse(ref), state)
        return self._attempts[ref]


def _check(job: Job) -> None:
    check_roles(job)
    if any(port.ready for role in job.roles for port in role.ports):
        raise ExecutorError(f"{job.id} serves, and nothing of a cluster is served here yet: use --on process", "NotServed")
