"""Finds the local source folders of kfp's in-image components, which run from there if no image is used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from kflite.ir.document import Document, DocumentView
from kflite.runtime.bootstrap import installed_first, kfp_function
from kflite.target.importing import INSTALLED, importable

if TYPE_CHECKING:
    from kflite.core.value import Value
    from kflite.ir import Pipeline

_CONFIG = "kfp_config.ini"


def with_local_sources(pipeline: Pipeline, base_folder: Path) -> Pipeline:
    """The pipeline annotated with the local source folders of its in-image components, from loaded modules or nearby folders."""
    platform: dict[str, Any] = dict(pipeline.platforms.get("kflite") or {})  # type: ignore[arg-type]
    known = platform.get("deploymentSpec", {}).get("executors", {})
    executors = DocumentView(pipeline.documents[0]).executors
    by_label = {
        label: sources for label, spec in executors.items() if label not in known and (sources := _sources(spec, base_folder))
    }
    if not by_label:
        return pipeline
    platform["deploymentSpec"] = {"executors": {**known, **by_label}}
    return replace(pipeline, platforms={**pipeline.platforms, "kflite": platform})


def _sources(executor: Document, base_folder: Path) -> dict[str, Value] | None:
    container = executor.get("container")
    if not isinstance(container, dict) or not all(isinstance(container.get(key), list) for key in ("command", "args")):
        return None
    name = kfp_function(container["command"], container["args"])
    file = name and (
        _from_loaded_modules(name, container.get("image", "")) or _from_config(name, container.get("image", ""), base_folder)
    )
    if not file:
        return None
    folder = next((location for location in file.parents if (location / _CONFIG).is_file()), file.parent)
    sources: dict[str, Value] = {"project": str(folder), "file": str(file), "revision": _revision(file, folder)}
    return sources | (_installed(container["command"]) or _required(folder / "runtime-requirements.txt"))


def _from_loaded_modules(name: str, image: str) -> Path | None:
    """The file of a kfp component with this name and image in the user's loaded modules."""
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
    value: object = component
    for part in ("component_spec", "implementation", "container", "image"):
        value = getattr(value, part, "")
    return str(value)


def _from_config(name: str, image: str, base_folder: Path) -> Path | None:
    """The file of a component in a kfp_config.ini, near the document or here, that belongs to this image."""
    folders = dict.fromkeys((base_folder.resolve(), Path.cwd()))
    for config in (
        config_file
        for location in folders
        for pattern in (_CONFIG, f"*/{_CONFIG}")
        for config_file in sorted(location.glob(pattern))
    ):
        path = dict(_components(config)).get(name)
        spec = config.parent / "component_metadata" / f"{name}.yaml"
        if path and spec.is_file() and f" image: {image}\n" in spec.read_text("utf-8", "replace"):
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
    """The packages that the component's command installs."""
    wanted = installed_first(command)
    if not wanted or not wanted.packages:
        return {}
    return {
        "packages": [*wanted.packages],
        "index_urls": [*wanted.index_urls],
        "trusted_hosts": [*wanted.trusted_hosts],
    }


def _required(file: Path) -> dict[str, Value]:
    """The packages of a requirements file, without pip's options, which are for images only."""
    lines = [line.strip() for line in file.read_text("utf-8").splitlines()] if file.is_file() else []
    needed: list[Value] = [line for line in lines if line and not line.startswith(("#", "-"))]
    return {"packages": needed} if needed else {}


def _revision(file: Path, folder: Path) -> str:
    """Identifies the state of the component's code."""
    import hashlib

    from kflite.dsl import project

    module = ".".join(file.relative_to(folder).with_suffix("").parts)
    with importable(str(file.parent)), importable(str(folder)):
        importlib.invalidate_caches()
        files = project.files([module]) or {"": file.read_text("utf-8", "replace")}
    return hashlib.sha256("\0".join(part for pair in files.items() for part in pair).encode()).hexdigest()[:16]
