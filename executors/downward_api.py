"""The Downward API on this machine: variables with the fields of a Pod, as they are here."""

from __future__ import annotations

import platform
import re
import socket
from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from kflite.core.job import Job, Replica
from kflite.core.value import Value
from kflite.errors import ExecutorError
from kflite.executors.ref import Ref

HERE = "127.0.0.1"
_MARKED = r"metadata\.(labels|annotations)\['([^']+)'\]"
_DISCARDED = ("192.0.2.1", 9)  # nothing is sent there (RFC 5737, 863); it tells which address of ours a packet would have


def values(job: Job, replica: Replica, ip: str = HERE, host: str = HERE) -> dict[str, str]:
    """The variables. ip, host: the addresses of the replica and of the machine.

    Raises ExecutorError (FactUnknown) for a field that is none of a Pod's, or that nothing here corresponds to.
    """
    return {name: _value(job, replica, field, ip, host) for name, field in replica.role.downward_api}


def _value(job: Job, replica: Replica, field: str, ip: str, host: str) -> str:
    name = Ref.of(job).name(replica.rank)
    if marked := re.fullmatch(_MARKED, field):
        return _marks(job, replica.role.settings, marked[1]).get(marked[2], "")
    known = {
        "metadata.name": name,
        "metadata.namespace": "default",
        "metadata.uid": str(uuid5(NAMESPACE_URL, name)),
        "spec.nodeName": platform.node(),
        "spec.serviceAccountName": "default",
        "status.podIP": ip,
        "status.podIPs": ip,
        "status.hostIP": host,
        "status.hostIPs": host,
    }
    if field not in known:
        fields = ", ".join((*known, "metadata.labels['KEY']", "metadata.annotations['KEY']"))
        raise ExecutorError(f"there is no field {field!r} that a task could be told; there is {fields}", "FactUnknown")
    return known[field]


def _marks(job: Job, settings: Mapping[str, Value], kind: str) -> dict[str, str]:
    metadata = settings.get("podMetadata")
    own = metadata.get(kind) if isinstance(metadata, dict) else None
    found = {key: str(value) for key, value in own.items()} if isinstance(own, dict) else {}
    return {**job.labels, **found} if kind == "labels" else found


def address() -> str:
    """The machine's address in its network, or its loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_DISCARDED)
        except OSError:
            return HERE
        return str(probe.getsockname()[0])
