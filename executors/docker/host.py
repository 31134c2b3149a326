"""What containers take from the machine and the caller: user, proxies, certificate authorities, limits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.executors import downward_api
from kflite.executors.docker.daemon import Info
from kflite.executors.docker.options import DockerOptions

_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "UV_INDEX_URL")
_AUTHORITIES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Host:
    """The machine of the daemon, and the caller.

    user: as Docker takes it, "" for the image's own; cpus in cores, memory in bytes; init: the daemon has an init process;
    selinux: labels of bind mounts are to be left out of account; files: (source, target), to be mounted read only;
    rootless: root in a container is the caller; address: the machine's in its network.
    """

    user: str
    groups: tuple[str, ...] = ()
    cpus: float = 1.0
    memory: int = 0
    init: bool = True
    selinux: bool = False
    env: Mapping[str, str] | None = None
    files: tuple[tuple[Path, Path], ...] = ()
    rootless: bool = False
    address: str = downward_api.HERE


def describe(info: Info, settings: DockerOptions, environ: Mapping[str, str]) -> Host:
    """The host of this process."""
    security = [option.partition(",")[0] for option in info.get("SecurityOptions") or ()]
    env, files = _passed(environ) if settings.pass_ca else ({}, ())
    return Host(
        user=_user(settings, rootless="name=rootless" in security),
        groups=tuple(str(group) for group in sorted({os.getgid(), *os.getgroups()})),
        cpus=float(info.get("NCPU", 1)),
        memory=info.get("MemTotal", 0),
        init=bool(info.get("InitBinary", "docker-init")),
        selinux="name=selinux" in security,
        env={**_names(environ), **env},
        files=files,
        rootless="name=rootless" in security,
        address=downward_api.address(),
    )


def _user(settings: DockerOptions, rootless: bool) -> str:
    """The user of containers: the caller, who is root in a rootless daemon's containers, or "" for the image's own."""
    if settings.image_user:
        return ""
    return "0:0" if rootless else f"{os.getuid()}:{os.getgid()}"


def _names(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables with the caller's name, which programs ask for and no image's list of users has."""
    name = environ.get("USER") or environ.get("LOGNAME") or "kflite"
    return {"USER": name, "LOGNAME": name}


def _passed(environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[tuple[Path, Path], ...]]:
    proxies = [name for word in _PROXIES for name in (word, word.upper())]
    env = {name: environ[name] for name in (*proxies, *_INDEXES) if environ.get(name)}
    named = {name: Path(environ[name]) for name in _AUTHORITIES if environ.get(name) and Path(environ[name]).is_file()}
    targets = {source: Path(f"/run/kflite/authorities-{n}.crt") for n, source in enumerate(dict.fromkeys(named.values()))}
    return env | {name: str(targets[source]) for name, source in named.items()}, tuple(targets.items())
