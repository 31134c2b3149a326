"""Assembles the findings of all checks. Checks start nothing and change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.doctor.artifacts import remote_artifacts
from kflite.doctor.cluster import cluster
from kflite.doctor.disk import disk
from kflite.doctor.docker import docker_daemon
from kflite.doctor.finding import Finding
from kflite.doctor.gpus import gpus_found
from kflite.doctor.installation import installation
from kflite.doctor.machine import machine_resources
from kflite.doctor.packages import optional_packages
from kflite.doctor.secrets import local_objects
from kflite.doctor.settings import changed_settings
from kflite.doctor.store import store_state

if TYPE_CHECKING:
    from kflite.config import Settings

_CHECKS = (
    installation,
    changed_settings,
    store_state,
    local_objects,
    remote_artifacts,
    disk,
    machine_resources,
    docker_daemon,
    gpus_found,
    optional_packages,
    cluster,
)


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, the most important first."""
    for check in _CHECKS:
        yield from check(settings)
