"""Targets: things that a user asks to run, and the pipelines in them.

Lives here: the search for a pipeline in a Python file, module, document, archive, standard input, or object of kflite or kfp.
Imports ir and, for objects, dsl; never client, scheduler, executors or store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kflite.core.value import Value
from kflite.errors import InputError, NotFound
from kflite.ir.text import LARGEST
from kflite.target.target import Target

__all__ = ["Target", "load"]

_PYTHON = ".py"


def load(target: object) -> Target:
    """What a target is: `file.py`, `file.py:name`, `package.module:name`, the path of a document or archive, `-`, or an object.

    Raises NotFound, CompileError, InvalidPipeline (what cannot be read; `kflite.ir.check` finds the rest), and InputError.
    """
    if isinstance(target, str):
        return _named(target)
    if isinstance(target, os.PathLike):
        return _file(Path(target))
    if isinstance(target, Mapping):
        return _mapping(target)
    from kflite.target.objects import of_object

    return of_object(target, "")


def _mapping(target: Mapping[str, Value]) -> Target:
    """Serialises the mapping, so that the limits of files apply."""
    import json

    from kflite.target.document import of_bytes

    source = "the given document"
    try:
        return of_bytes(json.dumps(target).encode(), source)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{source} is not JSON: {error}") from None


def _named(text: str) -> Target:
    if text == "-":
        from kflite.target.document import of_bytes

        return of_bytes(sys.stdin.buffer.read(LARGEST + 1), "standard input")
    if not text.strip() or "\0" in text:
        raise InputError(f"{text!r} names no target: give file.py, file.py:name, package.module:name, or a YAML file")
    if Path(text).exists():
        return _file(Path(text))
    location, colon, name = text.rpartition(":")
    if colon and location.endswith(_PYTHON):
        return _file(Path(location), name)
    if colon and Path(location).is_file():
        raise InputError(f"{text}: only a Python file holds several targets; name {location} alone")
    if colon and location and _dotted(location) and _dotted(name):
        from kflite.target.python import of_module

        return of_module(location, name)
    raise NotFound(f"{text}: there is no such file" + (f" in {Path.cwd()}" if not Path(text).is_absolute() else ""))


def _dotted(text: str) -> bool:
    return all(part.isidentifier() for part in text.split("."))


def _file(path: Path, name: str = "") -> Target:
    if path.is_dir():
        raise InputError(f"{path}: this is a folder; name a file in it")
    if path.suffix == _PYTHON:
        from kflite.target.python import of_file

        return of_file(path, name)
    from kflite.ir.read import load as content
    from kflite.target.document import of_bytes
    from kflite.target.sources import with_local_sources

    target = of_bytes(content(path), str(path))
    return replace(target, pipeline=with_local_sources(target.pipeline, path.parent)) if target.pipeline else target
