"""The record of an attempt's end in its folder, written before its containers or pods are removed, so that one of both exists."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile

from kflite.core.job import Exit, ReplicaExit

_NAME = "attempt.exit"


def write(folder: Path, exit: Exit) -> None:
    """Record how the attempt and its replicas ended; only the first record counts."""
    with NamedTemporaryFile("w", dir=folder, prefix=".attempt.exit-", encoding="utf-8") as file:
        file.write(json.dumps(asdict(exit)))
        file.flush()
        try:
            os.link(file.name, folder / _NAME)
        except FileExistsError:
            return


def read(folder: Path) -> Exit | None:
    """How the attempt ended, None while unknown."""
    try:
        found = json.loads((folder / _NAME).read_text("utf-8"))
    except FileNotFoundError:
        return None
    replicas = tuple(ReplicaExit(**each) for each in found["replicas"])
    return Exit(found["code"], found["reason"], found["message"], found["lost"], replicas)


def forget(folder: Path) -> None:
    """Remove the record, as if the attempt had never begun."""
    (folder / _NAME).unlink(missing_ok=True)
