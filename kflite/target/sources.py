"""Where the code lies here that images of kfp's components have: without an image they run from it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kflite.ir.document import Document, Whole
from kflite.runtime.bootstrap import called, called_with

if TYPE_CHECKING:
    from kflite.core.value import Value
    from kflite.ir import Pipeline

_CONFIG = "kfp_config.ini"


def located(pipeline: Pipeline, near: Path) -> Pipeline:
    """The pipeline, told where the code is that its images have, as far as modules say that are loaded, or folders near."""
    platform: dict[str, Any] = dict(pipeline.platforms.get("kflite") or {})  # type: ignore[arg-type]
    known = platform.get("deploymentSpec", {}).get("executors", {})
    executors = Whole(pipeline.documents[0]).executors
    found = {label: where for label, spec in executors.items() if label not in known and (where := _sources(spec, near))}
    if not found:
        return pipeline
    platform["deploymentSpec"] = {"executors": {**known, **found}}
    return replace(pipeline, platforms={**pipeline.platforms, "kflite": platform})


def _sources(executor: Document, near: Path) -> dict[str, Value] | None:
    container = executor.get("container")
    if not isinstance(container, dict) or not all(isinstance(container.get(key), list) for key in ("command", "args")):
        return None
    name = called(container["command"], container["args"])
    file = name and (_loaded(name, container.get("image", "")) or _configured(name, container.get("image", ""), near))
    if not file:
        return None
    folder = next((place for place in file.parents if (place / _CONFIG).is_file()), file.parent)
    made: dict[str, Value] = {"project": str(folder), "file": str(file), "revision": _revision(file, folder)}
    return made | (_installed(container["command"]) or _required(folder / "runtime-requirements.txt"))


def _loaded(name: str, image: str) -> Path | None:
    """The file of a component of kfp's, of this name and image, that a module of the user's has."""
    from kflite.target.python import INSTALLED

    for module in list(sys.modules.values()):
        file = Path(getattr(module, "__file__", None) or "/")
        if any(part in INSTALLED for part in file.parts):
            continue
        for value in list(vars(module).values()):
            function = getattr(value, "python_func", None) if type(value).__name__ == "PythonComponent" else None
            if isinstance(function, FunctionType) and function.__name__ == name and _image(value) == image:
                return Path(function.__code__.co_filename).resolve()
    return None


def _image(component: object) -> str:
    found: object = component
    for part in ("component_spec", "implementation", "container", "image"):
        found = getattr(found, part, "")
    return str(found)


def _configured(name: str, image: str, near: Path) -> Path | None:
    """The file that kfp_config.ini names of a folder near, or here, which made this image."""
    folders = dict.fromkeys((near.resolve(), Path.cwd()))
    for config in (found for place in folders for pattern in (_CONFIG, f"*/{_CONFIG}") for found in sorted(place.glob(pattern))):
        path = dict(_components(config)).get(name)
        told = config.parent / "component_metadata" / f"{name}.yaml"
        if path and told.is_file() and f" image: {image}\n" in told.read_text("utf-8", "replace"):
            return (config.parent / path).resolve()
    return None


def _components(config: Path) -> Iterator[tuple[str, str]]:
    from configparser import ConfigParser, Error

    parser = ConfigParser()
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read(config, "utf-8")
        yield from parser["Components"].items()
    except (Error, KeyError, OSError, UnicodeDecodeError):
        return


def _installed(command: list[str]) -> dict[str, Value]:
    """What the component's own command installs."""
    wanted = called_with(command)
    if not wanted or not wanted.packages:
        return {}
    return {
        "packages": [*wanted.packages],
        "index_urls": [*wanted.index_urls],
        "trusted_hosts": [*wanted.trusted_hosts],
    }


def _required(file: Path) -> dict[str, Value]:
    """What kfp_config.ini's neighbour names; options of pip's hold for images only."""
    lines = [line.strip() for line in file.read_text("utf-8").splitlines()] if file.is_file() else []
    needed: list[Value] = [line for line in lines if line and not line.startswith(("#", "-"))]
    return {"packages": needed} if needed else {}


def _revision(file: Path, folder: Path) -> str:
    """What tells one state of the component's code from another."""
    import hashlib

    from kflite.dsl import project
    from kflite.target.python import importable

    module = ".".join(file.relative_to(folder).with_suffix("").parts)
    with importable(str(file.parent)), importable(str(folder)):
        importlib.invalidate_caches()
        files = project.files([module]) or {"": file.read_text("utf-8", "replace")}
    return hashlib.sha256("\0".join(part for pair in files.items() for part in pair).encode()).hexdigest()[:16]
