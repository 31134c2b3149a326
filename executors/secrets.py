"""Secrets and config maps: found when a job starts and handed to it alone, so that no event, log or view ever holds a secret.

The value of KEY of the secret NAME is the variable KFLITE_SECRET_NAME_KEY (in capitals, all but letters and digits as `_`), else
the entry KEY of the JSON object in KFLITE_SECRET_NAME, else the text of the file NAME/KEY below `secrets/` beside the user's
settings. Config maps are found by the same rule, by KFLITE_CONFIG_ and below `configs/`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from kflite.config import user_file
from kflite.core.job import Mount, MountSource, Role, Secret
from kflite.errors import ExecutorError

_PREFIXES = {False: "KFLITE_SECRET_", True: "KFLITE_CONFIG_"}
_FOLDERS = {False: "secrets", True: "configs"}
_WORDS = {False: "secret", True: "config map"}
_KEY = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"  # each becomes a file
_REASONS = {False: "SecretMissing", True: "ConfigMapMissing"}


def values(role: Role) -> dict[str, str]:
    """The variables of the role's secrets.

    Raises ExecutorError (SecretMissing, ConfigMapMissing) for one that is nowhere.
    """
    found = {secret.variable: _value(secret) for secret in role.secrets}
    return {variable: value for variable, value in found.items() if value is not None}


def files(mount: Mount) -> dict[str, bytes]:
    """What a secret or config map holds, by key: the files of the folder that it is mounted as.

    Raises ExecutorError for one that is nowhere, unless it may be.
    """
    config = mount.source is MountSource.CONFIG_MAP
    folder = secrets_folder(config) / mount.name
    found = {path.name: path.read_bytes() for path in _entries(folder, config)}
    found |= {key: text.encode() for key, text in _told(mount.name, config).items()}
    for key in found:
        if (text := os.environ.get(_variable(mount.name, key, config))) is not None:
            found[key] = text.encode()
    if not found and not mount.optional:
        whole = _variable(mount.name, "", config)
        message = (
            f"the {_WORDS[config]} {mount.name!r} is not here: make the folder {folder} with a file for each key, or put a JSON"
        )
        raise ExecutorError(f"{message} object into {whole}", _REASONS[config])
    return found


def contents(secrets: Iterable[Secret], mounts: Iterable[Mount]) -> dict[str, str]:
    """A digest of what each config map among them holds now, "" where it cannot be read.

    Secrets have none: a digest would tell of a short one.
    """
    asked: dict[str, list[Secret | Mount]] = {}
    for secret in secrets:
        if secret.config:
            asked.setdefault(secret.name, []).append(secret)
    for mount in mounts:
        if mount.source is MountSource.CONFIG_MAP:
            asked.setdefault(mount.name, []).append(mount)
    return {name: _digest(every) for name, every in asked.items()}


def _digest(asked: Iterable[Secret | Mount]) -> str:
    try:
        held = [_value(one) if isinstance(one, Secret) else sorted(files(one).items()) for one in asked]
    except (ExecutorError, OSError):  # who starts the task says so
        return ""
    return sha256(repr(held).encode()).hexdigest()[:32]


def secrets_folder(config: bool) -> Path:
    """The folder in which secrets, or config maps, are looked for: a folder each, with a file for each key."""
    return user_file().parent / _FOLDERS[config]


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that are to see only the secrets that they ask for."""
    return {name: value for name, value in environment.items() if not name.startswith(_PREFIXES[False])}


def variable(secret: Secret) -> str:
    """The environment variable that a secret's value is looked for in."""
    return _variable(secret.name, secret.key, secret.config)


def _variable(name: str, key: str, config: bool) -> str:
    return _PREFIXES[config] + re.sub(r"[^A-Z0-9]", "_", (f"{name}_{key}" if key else name).upper())


def _value(secret: Secret) -> str | None:
    if (given := os.environ.get(variable(secret))) is not None:
        return given
    told = _told(secret.name, secret.config)
    if secret.key in told:
        return told[secret.key]
    file = secrets_folder(secret.config) / secret.name / secret.key
    if _inside(file, secret.config) and file.is_file():
        return file.read_text().removesuffix("\n")
    if secret.optional:
        return None
    what = f"the key {secret.key!r} of the {_WORDS[secret.config]} {secret.name!r}"
    raise ExecutorError(f"{what} is not here: put it into {file} or into {variable(secret)}", _REASONS[secret.config])


def _told(name: str, config: bool) -> dict[str, str]:
    """The entries in the variable that holds all of them."""
    whole = _variable(name, "", config)
    if (text := os.environ.get(whole)) is None:
        return {}
    try:
        held = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise ExecutorError(f'{whole} holds no JSON object of texts: write {{"KEY": "VALUE"}}', _REASONS[config])
    if odd := next((key for key in held if not re.fullmatch(_KEY, key)), None):
        raise ExecutorError(f"{whole}: {odd!r} cannot be a key: use letters, digits, '-', '_' and '.'", _REASONS[config])
    return held


def _entries(folder: Path, config: bool) -> list[Path]:
    if not _inside(folder, config) or not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]


def _inside(path: Path, config: bool) -> bool:
    """Whether a name has not climbed out of where it is looked for."""
    own = secrets_folder(config).resolve()
    return path.resolve().is_relative_to(own) and path.resolve() != own
