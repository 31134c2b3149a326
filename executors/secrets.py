"""Secrets: found when a job starts and handed to it alone, so that no event, log or view ever holds one.

The value of KEY of the secret NAME is the variable KFLITE_SECRET_NAME_KEY (in capitals, all but letters and digits as `_`), else
the text of the file NAME/KEY below `secrets/` beside the user's settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from kflite.config import user_file
from kflite.errors import ExecutorError
from kflite.job import Role, Secret

_PREFIX = "KFLITE_SECRET_"


def values(role: Role) -> dict[str, str]:
    """The variables that the role's secrets become. Raises ExecutorError (SecretMissing) for one that is nowhere."""
    found = {secret.variable: _value(secret) for secret in role.secrets}
    return {variable: value for variable, value in found.items() if value is not None}


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that are to see only the secrets that they ask for."""
    return {name: value for name, value in environment.items() if not name.startswith(_PREFIX)}


def variable(secret: Secret) -> str:
    """The environment variable that a secret's value is looked for in."""
    return _PREFIX + re.sub(r"[^A-Z0-9]", "_", f"{secret.name}_{secret.key}".upper())


def _value(secret: Secret) -> str | None:
    if (given := os.environ.get(variable(secret))) is not None:
        return given
    folder = user_file().parent / "secrets"
    file = folder / secret.name / secret.key
    if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
        return file.read_text().removesuffix("\n")
    if secret.optional:
        return None
    message = f"the key {secret.key!r} of the secret {secret.name!r} is not here: put it into {file} or into {variable(secret)}"
    raise ExecutorError(message, "SecretMissing")
