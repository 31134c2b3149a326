"""Settings: a flag wins, then the environment, then ./kflite.toml, then ~/.config/kflite/config.toml, then the default."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import TypeVar

from kflite.core.frozen import dataclass
from kflite.errors import InputError

T = TypeVar("T")
Images = tuple[tuple[str, str], ...]
_NAMES = ("home", "store", "artifacts", "on", "images", "profile", "cache_days")
_SQLITE = "sqlite:///"
_TYPE_NAMES: Mapping[type, str] = {bool: "true or false", float: "a number of seconds", str: "text"}


@dataclass(frozen=True, slots=True)
class DockerSettings:
    """The table [docker]: how containers run.

    address: the daemon's, such as unix:///var/run/docker.sock; "" takes DOCKER_HOST, else the docker command's current context.
    image_user: run as the image's own user instead of the caller; what it writes may then belong to somebody else.
    pass_ca: give containers the certificate authorities, proxies and package indexes that this machine's environment names.
    reconnect_s: seconds without an answer from the daemon after which its containers count as lost.
    peer_grace_s: seconds that the other replicas of a gang have to end after one has failed.
    """

    address: str = ""
    image_user: bool = False
    pass_ca: bool = True
    reconnect_s: float = 60.0
    peer_grace_s: float = 10.0


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """The table [kubernetes]: how pods run. Times are in seconds.

    context: of the kubeconfig, "" for its current one, or the pod's own account in a cluster; namespace: "" for the context's.
    staging_image: has python3 (3.7 or newer), and fsspec with s3fs where artifacts are kept in S3.
    storage_secret: the secret with the way to S3, as variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL): pods
    copy artifacts at s3:// themselves; "" lets the scheduler copy them for its pods.
    volume: how the folders of this machine are seen in pods: "" copies files through the API server, "host" mounts the node's own
    folders, NAME mounts the claim of that name, whose root is `volume_root` here.
    volume_root: the folder of this machine that is the root of the claim `volume`; service_account: that pods run as, "" for the
    namespace's own; priority_class: of the pods, "" for the cluster's own.
    queue: Kueue's, which admits the pods of a gang together; workspace_*: of the claim that the tasks of a run share, where a
    pipeline asks for a workspace and does not say.
    pull_s: how long an image, secret or volume may be missing; pending_s: how long a pod may find no node; gang_s: how long the
    first replica waits for the last one; push_s: how long a pod keeps outputs that nobody fetches.
    kept_s: how long a run whose scheduler has not come back is kept in the namespace once nothing of it runs.
    reconnect_s: how long the API server may give no answer before its pods count as lost.
    peer_grace_s: how long the other replicas of a gang have to end after one has failed.
    restricted: obey the Pod Security standard "restricted" whole, which images that run as root do not.
    """

    context: str = ""
    namespace: str = ""
    staging_image: str = "python:3.11-slim"
    storage_secret: str = ""
    volume: str = ""
    volume_root: str = ""
    service_account: str = ""
    priority_class: str = ""
    queue: str = ""
    workspace_class: str = ""
    workspace_access: str = "ReadWriteOnce"
    restricted: bool = False
    pull_s: float = 120.0
    pending_s: float = 3600.0
    gang_s: float = 300.0
    push_s: float = 86_400.0
    kept_s: float = 604_800.0
    reconnect_s: float = 300.0
    peer_grace_s: float = 10.0


_TABLES: Mapping[str, type] = {"docker": DockerSettings, "kubernetes": KubernetesSettings}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings.

    home: the folder of logs, environments and all else that is private to kflite; store: `sqlite:///path` or `postgresql://…`;
    artifacts: a folder, or any URL that fsspec has a driver for; on: where tasks run unless a run says so; images: patterns
    and the images that replace what matches, in order; profile: whose runs these are, your user's name by default.
    cache_days: how long a result may be used again, 0 for ever.
    origins: where each came from, by name (also `docker.KEY` and `kubernetes.KEY`).
    """

    home: Path
    store: str
    artifacts: str
    on: str = "local"
    images: Images = ()
    profile: str = ""
    cache_days: float = 0.0
    docker: DockerSettings = DockerSettings()
    kubernetes: KubernetesSettings = KubernetesSettings()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    """Settings from one source. base: the folder that relative paths start from."""

    name: str
    values: Mapping[str, object]
    base: Path


def load(flags: Mapping[str, str] | None = None) -> Settings:
    """The settings; creates the home folder (0700). flags: texts by name, "" if not given. Raises InputError."""
    sources = list(_sources(flags or {}))
    chosen = {name: _strongest(sources, name) for name in _NAMES}
    origins = {name: source.name if source else "default" for name, source in chosen.items()}
    home = _path(chosen["home"], "home") if chosen["home"] else default_home()
    docker, kubernetes = (
        _table(sources, origins, "docker", DockerSettings),
        _table(sources, origins, "kubernetes", KubernetesSettings),
    )
    _make_home(home, origins["home"])
    return Settings(
        home=home,
        store=_store(chosen["store"]) if chosen["store"] else f"{_SQLITE}{home / 'kflite.db'}",
        artifacts=_artifacts(chosen["artifacts"]) if chosen["artifacts"] else str(home / "artifacts"),
        on=_text(chosen["on"], "on") if chosen["on"] else "local",
        images=_images(chosen["images"]) if chosen["images"] else (),
        profile=_text(chosen["profile"], "profile") if chosen["profile"] else _user(),
        cache_days=_days(chosen["cache_days"]) if chosen["cache_days"] else 0.0,
        docker=docker,
        kubernetes=kubernetes,
        origins=origins,
    )


def _sources(flags: Mapping[str, str]) -> Iterator[_Source]:
    """The sources of settings, the strongest first."""
    base = _current_folder()
    for name, text in flags.items():
        if text:
            yield _Source(f"--{name}", {name: text}, base)
    for name in _NAMES:
        if text := os.environ.get(f"KFLITE_{name.upper()}", ""):
            yield _Source(f"KFLITE_{name.upper()}", {name: text}, base)
    for table, kind in _TABLES.items():
        yield from _variables(table, kind, base)
    for file in (base / "kflite.toml", user_file()):
        if file.is_file():
            yield _Source(str(file), _read(file), file.parent)


def _variables(table: str, kind: type, base: Path) -> Iterator[_Source]:
    """The environment variables `KFLITE_TABLE_KEY` that are set."""
    for key, default in ((f.name, f.default) for f in fields(kind)):
        name = f"KFLITE_{table}_{key}".upper()
        if text := os.environ.get(name, ""):
            yield _Source(name, {table: {key: text if isinstance(default, str) else _literal(text)}}, base)


def _literal(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return {"true": True, "false": False}.get(text.lower(), text)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise InputError("the folder that you work in is gone: change to one that is there") from None


def user_file() -> Path:
    """The path of the user's settings."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or _expanded("~/.config")) / "kflite" / "config.toml"


def default_home() -> Path:
    """The platform's folder for a user's data."""
    if sys.platform == "darwin":
        return _expanded("~/Library/Application Support/kflite")
    return Path(os.environ.get("XDG_DATA_HOME") or _expanded("~/.local/share")) / "kflite"


def _user() -> str:
    return os.environ.get("LOGNAME") or os.environ.get("USER") or str(os.getuid())


def _read(file: Path) -> Mapping[str, object]:
    import tomllib

    try:
        values = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: this is not TOML: {error}") from None
    except OSError as error:
        raise InputError(f"{file}: the file cannot be read: {error.strerror}") from None
    _refuse_unknown(file, "", values, (*_NAMES, *_TABLES))
    for name, kind in _TABLES.items():
        table = values.get(name, {})
        if not isinstance(table, dict):
            raise InputError(f"{file}: {name} must be a table: write [{name}] and its keys below")
        _refuse_unknown(file, f"{name}.", table, tuple(f.name for f in fields(kind)))
    return values


def _refuse_unknown(file: Path, prefix: str, values: Mapping[str, object], known: tuple[str, ...]) -> None:
    from difflib import get_close_matches

    for key in values:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"there is {', '.join(prefix + k for k in known)}"
            raise InputError(f"{file}: there is no setting {prefix}{key}: {hint}")


def _strongest(sources: list[_Source], name: str) -> _Source | None:
    return next((s for s in sources if name in s.values), None)


def _text(source: _Source, name: str) -> str:
    value = source.values[name]
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{source.name}: {name} must be text, and is {value!r}")
    return value.strip()


def _path(source: _Source, name: str) -> Path:
    return _absolute(_text(source, name), source.base)


def _absolute(text: str, base: Path) -> Path:
    return Path(os.path.normpath(base / _expanded(text)))


def _expanded(text: str) -> Path:
    """The path, with a home folder in place of `~`, `~user`. A container's user often has none."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise InputError(f"{text}: there is no such home folder: set HOME, or give a path without ~") from None


def _store(source: _Source) -> str:
    text = _text(source, "store")
    if text.startswith(_SQLITE) or "://" not in text:
        return f"{_SQLITE}{_absolute(text.removeprefix(_SQLITE), source.base)}"
    return text


def _artifacts(source: _Source) -> str:
    text = _text(source, "artifacts").removeprefix("file://")
    return text.rstrip("/") if "://" in text else str(_absolute(text, source.base))


def _days(source: _Source) -> float:
    value = source.values["cache_days"]
    try:
        days = float(value) if isinstance(value, str | int | float) else -1.0
    except ValueError:
        days = -1.0
    if not 0 <= days < float("inf"):
        raise InputError(f"{source.name}: cache_days must be a number of days, 0 for ever, and is {value!r}")
    return days


def _images(source: _Source) -> Images:
    value = source.values["images"]
    pairs = value.items() if isinstance(value, dict) else _rules(source, value)
    for pattern, image in pairs:
        if not (isinstance(image, str) and pattern.strip() and image.strip()):
            raise InputError(f"{source.name}: images: {pattern!r} must have the name of an image, and has {image!r}")
    return tuple((pattern.strip(), image.strip()) for pattern, image in pairs)


def _rules(source: _Source, value: object) -> list[tuple[str, str]]:
    if not isinstance(value, str):
        raise InputError(f'{source.name}: images must be a table: write [images], then lines such as "python:*" = "IMAGE"')
    parts = [part.partition("=") for part in value.split(",") if part.strip()]
    for pattern, equals, image in parts:
        if not (pattern.strip() and equals and image.strip()):
            rule = f"{pattern}{equals}{image}".strip()
            raise InputError(f"{source.name}: {rule!r} is no rule: write PATTERN=IMAGE, with commas between rules")
    return [(pattern, image) for pattern, _, image in parts]


def _table(sources: list[_Source], origins: dict[str, str], name: str, kind: type[T]) -> T:
    values: dict[str, object] = {}
    for f in fields(kind):  # type: ignore[arg-type]
        key, default = f.name, f.default
        origins[f"{name}.{key}"] = "default"
        for source in sources:
            table = source.values.get(name)
            if isinstance(table, dict) and key in table:
                values[key] = _checked(table[key], default, f"{source.name}: {name}.{key}")
                origins[f"{name}.{key}"] = source.name
                break
    return kind(**values)


def _checked(value: object, default: object, what: str) -> object:
    """The value, if it has the default's type. Raises InputError."""
    if isinstance(default, bool) or isinstance(value, bool):
        valid, expected = isinstance(default, bool) and isinstance(value, bool), _TYPE_NAMES[type(default)]
    elif isinstance(default, float):
        valid, expected = isinstance(value, int | float) and value >= 0, _TYPE_NAMES[float]
    else:
        valid, expected = isinstance(value, str), _TYPE_NAMES[str]
    if not valid:
        raise InputError(f"{what} must be {expected}, and is {value!r}")
    return float(value) if isinstance(default, float) and isinstance(value, int) else value


def _make_home(home: Path, origin: str) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the home folder {home} ({origin}) cannot be made: {error.strerror}; choose one by --home") from None
