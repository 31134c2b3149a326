"""Refusals of jobs that no executor can run yet, before they start."""

from __future__ import annotations

from kflite.core.job import Job, Restart, Role
from kflite.errors import ExecutorError

_READY = ("", "tcp")


def check_roles(job: Job) -> None:
    """Raises ExecutorError for roles with unsupported settings."""
    for role in job.roles:
        _check(job, role)
    if unknown := [name for name in job.success_roles if all(role.name != name for role in job.roles)]:
        raise ExecutorError(f"{job.id} has no role {unknown[0]!r} that could make it succeed: name one of its roles", "BadRole")


def _check(job: Job, role: Role) -> None:
    if role.restart is not Restart.NEVER:
        why = f"the role {role.name!r} of {job.id} is to be restarted ({role.restart}), which no executor does within an attempt"
        raise ExecutorError(f"{why} yet: use the task's retries", "NoRestarts")
    if role.min_replicas not in (0, role.replicas):
        why = f"the role {role.name!r} of {job.id} may do with {role.min_replicas} of {role.replicas} replicas"
        raise ExecutorError(f"{why}, and executors start all of them or none yet: ask for as many as it needs", "NotElastic")
    if odd := next((port for port in role.ports if port.ready not in _READY), None):
        raise ExecutorError(f"nothing here tells whether the port {odd.name!r} is ready by {odd.ready!r}: use 'tcp'", "BadPort")
