"""The user of a replica's container: the caller, unless its security context asks for another. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.job import Role
from kflite.core.value import Value
from kflite.errors import ExecutorError
from kflite.executors.docker.host import Host


def as_another(role: Role) -> bool:
    """Whether it asks to run as another user than the caller."""
    return any(key in _security(role) for key in ("runAsUser", "runAsGroup"))


def user(role: Role, host: Host) -> str:
    """The user for Docker. Raises ExecutorError for a user that the caller cannot become."""
    asked, own = _security(role), host.user.partition(":")
    uid, group = str(asked.get("runAsUser", own[0])), str(asked.get("runAsGroup", "" if "runAsUser" in asked else own[2]))
    if asked.get("runAsNonRoot") and uid == "0" and not host.rootless:
        raise ExecutorError("it is not to run as root (runAsNonRoot), and you are root: give it a user (runAsUser)", "RunsAsRoot")
    if group and not uid:
        raise ExecutorError("a group (runAsGroup) needs a user beside it: give it one (runAsUser)", "NoUser")
    return f"{uid}:{group}" if group else uid


def _security(role: Role) -> Mapping[str, Value]:
    found = role.settings.get("securityContext")
    return found if isinstance(found, dict) else {}
