"""The start of an attempt: it creates all containers before it starts any, and removes them all after a failure."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import field
from functools import partial
from hashlib import sha256
from ipaddress import IPv4Network
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from kflite.core.frozen import dataclass
from kflite.core.job import Job, Replica
from kflite.errors import ExecutorError
from kflite.executors import peers, record
from kflite.executors.docker import names, spec
from kflite.executors.docker.daemon import Daemon, DaemonGone, DaemonRefused
from kflite.executors.docker.events import ContainerEvents
from kflite.executors.docker.host import Host
from kflite.executors.docker.lock import alone
from kflite.executors.docker.mounts import binds
from kflite.executors.docker.names import ContainerRef
from kflite.executors.docker.options import DockerOptions
from kflite.executors.docker.output import Attached, ContainerLog, Copy
from kflite.executors.docker.pull import Images
from kflite.executors.docker.spec import Bind, ContainerOrder, Image
from kflite.executors.docker.user import as_another
from kflite.executors.exit_status import lost
from kflite.executors.exits import of_each
from kflite.executors.folders import prepare
from kflite.executors.machine import GpuShare
from kflite.executors.ref import Ref
from kflite.executors.volumes import Volumes, clear
from kflite.runtime.bootstrap import runs_image_code

if TYPE_CHECKING:
    from docker import APIClient

T = TypeVar("T")
Mounts: TypeAlias = Mapping[int, Sequence[Bind]]  # by rank

_SPARE, _GANG_PREFIX = IPv4Network("198.18.0.0/15"), 23  # 510 addresses for a gang
_TRIES = 16
_CONFLICT, _NOT_FOUND, _IN_USE = 409, 404, 403


@dataclass(frozen=True, slots=True)
class ContainerStart:
    """The start of a job. stop: set to give up a pull; waiting: called with what it waits for, "" once it waits no longer."""

    job: Job
    stop: asyncio.Event
    waiting: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DockerShared:
    """Shared by all attempts of an executor.

    progress: gets a job's id and a note on the pull of its image; left: groups whose end the daemon missed, to be removed.
    """

    daemon: Daemon
    watch: ContainerEvents
    images: Images
    settings: DockerOptions
    host: Host
    volumes: Volumes
    progress: Callable[[str, str], None] | None = None
    left: set[str] = field(default_factory=set)
    gpus: GpuShare = field(default_factory=GpuShare)
    choosing_gpus: asyncio.Lock = field(default_factory=asyncio.Lock)


async def launch(shared: DockerShared, start: ContainerStart) -> list[tuple[ContainerRef, Copy | None]]:
    """Start a job's containers; those that another executor started come without a copy of their output.

    Returns nothing when the attempt has ended already. Raises ExecutorError; nothing is left then.
    """
    daemon, job = shared.daemon, start.job
    await shared.watch.connected()
    for group in list(shared.left):
        await remove(daemon, group)
        shared.left.discard(group)
    try:
        mounts = await daemon.in_thread(partial(_prepare, shared, job))
        async with alone(job.folder):
            return await _launch(shared, start, mounts)
    except DaemonGone as error:
        _leave(shared, job, error)
        raise
    except OSError as error:
        await _undo(shared, job)
        reason = "DiskFull" if error.errno == errno.ENOSPC else "StartFailed"
        raise ExecutorError(f"{job.id}: {error}", reason) from error
    except BaseException:
        await _undo(shared, job)
        raise


def _prepare(shared: DockerShared, job: Job) -> Mounts:
    """Create the job's files on the machine, and return the replicas' mounts. Blocks."""
    open_ = shared.settings.image_user or any(map(as_another, job.roles))
    prepare(job, open_)
    return binds(job, shared.volumes, open_)


async def _undo(shared: DockerShared, job: Job) -> None:
    shared.gpus.give(Ref.of(job).group)
    await asyncio.to_thread(clear, job.folder)
    try:
        await remove(shared.daemon, Ref.of(job).group)
    except DaemonGone as error:
        _leave(shared, job, error)


def _leave(shared: DockerShared, job: Job, error: DaemonGone) -> None:
    """Record that the attempt is over but its containers remain, for this executor and later ones."""
    shared.left.add(Ref.of(job).group)
    shared.gpus.give(Ref.of(job).group)
    clear(job.folder)
    with suppress(OSError):
        record.write(job.folder, of_each(job, lost(str(error))))


async def _launch(shared: DockerShared, start: ContainerStart, mounts: Mounts) -> list[tuple[ContainerRef, Copy | None]]:
    job = start.job
    boxes = await _create_all(shared, start, mounts)
    # Whoever ends an attempt writes its exit before its containers are removed: these would run what has run.
    if record.read(job.folder):
        await remove(shared.daemon, Ref.of(job).group)
        return []
    return await _all(_start(shared, box) for box in boxes)


async def remove(daemon: Daemon, group: str) -> None:
    """Remove an attempt's containers and network, running or not. Raises Gone."""
    label = {"label": [f"{names.GROUP}={group}"]}
    found = await daemon.call(lambda client: client.containers(all=True, filters=label)) or []
    await _all(daemon.call(partial(_remove_container, box["Id"]), accept=(_NOT_FOUND, _CONFLICT)) for box in found)
    networks = await daemon.call(lambda client: client.networks(filters=label)) or []
    await _all(daemon.call(partial(_remove_network, net["Id"]), accept=(_NOT_FOUND, _IN_USE)) for net in networks)


async def _create_all(shared: DockerShared, start: ContainerStart, mounts: Mounts) -> list[ContainerRef]:
    job = start.job
    network = await _network(shared.daemon, job) if len(job.replicas) > 1 else ""
    hosts = [Ref.of(job).name(replica.rank) for replica in job.replicas]
    envs = peers.environments(job, hosts, [spec.ports(replica) for replica in job.replicas])
    async with shared.choosing_gpus if job.request.gpus else nullcontext():
        shares = await _shares(shared, job)
        return await _all(
            _create(
                shared,
                start,
                replica,
                partial(spec.ContainerOrder, env=env, network=network, gpus=share, binds=mounts.get(replica.rank, ())),
            )
            for replica, env, share in zip(job.replicas, envs, shares, strict=True)
        )


async def _network(daemon: Daemon, job: Job) -> str:
    """Create or find the gang's network."""
    name, labels = Ref.of(job).group, names.group_labels(job)
    try:
        await daemon.call(partial(_create_network, name, labels, ""), accept=(_CONFLICT,))
    except DaemonRefused as error:
        for subnet in _subnets(name):  # the daemon's own address ranges are full: it has about thirty
            with suppress(DaemonRefused):
                await daemon.call(partial(_create_network, name, labels, subnet), accept=(_CONFLICT,))
                return name
        raise ExecutorError(f"{job.id}: no network for its replicas: {error.explanation}; try `docker network prune`") from error
    return name


def _subnets(name: str) -> Iterator[str]:
    """Address ranges to try, from those that no real network uses (RFC 2544), in an order by name."""
    ranges = list(_SPARE.subnets(new_prefix=_GANG_PREFIX))
    first = int(sha256(name.encode()).hexdigest(), 16)
    return (str(ranges[(first + n) % len(ranges)]) for n in range(_TRIES))


async def _shares(shared: DockerShared, job: Job) -> list[tuple[str, ...]]:
    """The GPUs of each replica, which no container of ours and no other executor here has."""
    daemon = shared.daemon
    wanted = [max(replica.role.request.gpus, replica.role.limit.gpus) for replica in job.replicas]
    if not any(wanted):
        return [()] * len(wanted)
    holders = await daemon.call(lambda client: client.containers(filters={"label": [names.GPUS]})) or []
    created = await daemon.call(lambda client: client.containers(filters={"label": [names.GPUS], "status": "created"})) or []
    used = {gpu for box in (*holders, *created) for gpu in box["Labels"][names.GPUS].split(",")}
    left = iter(shared.gpus.take(Ref.of(job).group, job.id, sum(wanted), used))
    return [tuple(islice(left, count)) for count in wanted]


async def _create(
    shared: DockerShared, start: ContainerStart, replica: Replica, order: Callable[[Image], ContainerOrder]
) -> ContainerRef:
    job, asked = start.job, replica.role.image
    name, tell = Ref.of(job).name(replica.rank), partial(_tell, shared, job, replica)
    policy = str(replica.role.settings.get("imagePullPolicy", ""))
    try:
        image = await shared.images.find(asked, tell, start.stop, policy, start.waiting)
    except ExecutorError as error:
        if error.reason != "ImageNotFound" or not runs_image_code(replica.role.command, replica.role.args):
            raise
        raise ExecutorError(f"{error}; `kflite component build FOLDER` makes images of components", error.reason) from error
    try:
        return await _create_of(shared, job, replica, name, order(image))
    except DaemonRefused as error:
        if error.status != _NOT_FOUND:
            raise
    shared.images.forget(asked)  # somebody removed it since it was looked at
    return await _create_of(
        shared, job, replica, name, order(await shared.images.find(asked, tell, start.stop, policy, start.waiting))
    )


async def _create_of(shared: DockerShared, job: Job, replica: Replica, name: str, order: ContainerOrder) -> ContainerRef:
    body = spec.container(job, replica, order, shared.host)
    made = await shared.daemon.call(partial(_create_container, body, name), accept=(_CONFLICT,))
    if made is not None:
        return ContainerRef.of(made, names.labels(job, replica, order.gpus, spec.ports(replica)))
    found = await shared.daemon.call(lambda client: client.inspect_container(name))
    labels = found["Config"]["Labels"] if found else {}
    if labels.get(names.GROUP) != Ref.of(job).group:
        raise ExecutorError(f"a container named {name} is there, and is not of {job.id}: remove it with `docker rm`")
    return ContainerRef.of(found["Id"] if found else "", labels, found=True)


async def _start(shared: DockerShared, box: ContainerRef) -> tuple[ContainerRef, Copy | None]:
    """Start a container, unless a scheduler that died has started it."""
    if box.found and await shared.daemon.call(lambda client: client.inspect_container(box.id)["State"]["Status"]) != "created":
        return box, None
    shared.watch.ended(box.id)
    attached = await shared.daemon.call(lambda client: Attached(client, box.id))
    copy = Copy(attached, ContainerLog(box.log, box.offset)) if attached else None
    try:
        await shared.daemon.call(lambda client: client.start(box.id))
    except DaemonRefused as error:
        raise ExecutorError(f"{box.name}: {error.explanation}", _reason(error.explanation)) from error
    return box, copy


def _reason(explanation: str) -> str:
    known = {
        "argument list too long": "ArgumentTooLong",
        "permission denied": "NotExecutable",
        "executable file not found": "CommandNotFound",
        "no such file or directory": "CommandNotFound",
        "could not select device driver": "NoGPU",
        "no space left on device": "DiskFull",
    }
    return next((reason for text, reason in known.items() if text in explanation.lower()), "StartFailed")


def _tell(shared: DockerShared, job: Job, replica: Replica, text: str) -> None:
    """Report what the job waits for, in its log if nobody listens."""
    if shared.progress:
        shared.progress(job.id, text)
        return
    with replica.log.open("a", encoding="utf-8") as log:
        log.write(text + "\n")


async def _all(calls: Iterable[Awaitable[T]]) -> list[T]:
    """All results. The first error is raised after all have ended, so that none still creates what is to be removed."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    done = [result for result in results if not isinstance(result, BaseException)]
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return done


def _create_container(body: Mapping[str, object], name: str, client: APIClient) -> str:
    return str(client.create_container_from_config(dict(body), name)["Id"])  # type: ignore[no-untyped-call]


def _create_network(name: str, labels: dict[str, str], subnet: str, client: APIClient) -> None:
    from docker.types import IPAMConfig, IPAMPool

    ipam = IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]) if subnet else None
    client.create_network(name, check_duplicate=True, labels=labels, ipam=ipam)


def _remove_container(container: str, client: APIClient) -> None:
    client.remove_container(container, v=True, force=True)


def _remove_network(network: str, client: APIClient) -> None:
    client.remove_network(network)
