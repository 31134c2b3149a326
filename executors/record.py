"""How an attempt ended, kept in its folder: written before what ran it is removed, so that one of the two is always there."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile

from kflite.core.job import Exit, ReplicaExit

_NAME = "attempt.exit"


def write(folder: Path, exit: Exit) -> None:
    """Keep how the attempt and its replicas ended; of several who say so, the first is right."""
    with NamedTemporaryFile("w", dir=folder, prefix=".attempt.exit-", encoding="utf-8") as file:
        file.write(json.dumps(asdict(exit)))
        file.flush()
        try:
            os.link(file.name, folder / _NAME)
        except FileExistsError:
            return


def read(folder: Path) -> Exit | None:
    """How the attempt ended, None while that is not known."""
    try:
        found = json.loads((folder / _NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    replicas = tuple(ReplicaExit(**each) for each in found["replicas"])
    return Exit(found["code"], found["reason"], found["message"], found["lost"], replicas)


def forget(folder: Path) -> None:
    """The attempt is as if it had never begun."""
    (folder / _NAME).unlink(missing_ok=True)
