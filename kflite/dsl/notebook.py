"""Notebook components: a function that runs a notebook which travels with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType
from typing import ParamSpec, TypeVar, overload

from kflite.dsl import trace
from kflite.dsl.definitions import of_function
from kflite.dsl.embedded import Embedded, embedded, found
from kflite.dsl.python import Options, PythonComponent, installed, no_kfp, written
from kflite.dsl.source import Cargo
from kflite.dsl.task_config import Passthroughs, passthroughs

PACKAGES = ("nbclient>=0.10,<1", "ipykernel>=6,<8", "jupyter_client>=7,<9")
P = ParamSpec("P")
R = TypeVar("R")


@overload
def notebook_component(func: Callable[P, R], *, notebook_path: str) -> PythonComponent[P, R]: ...
@overload
def notebook_component(
    func: None = None,
    *,
    notebook_path: str,
    base_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    output_component_file: str | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    use_venv: bool = False,
    kfp_package_path: str | None = None,
    install_kfp_package: bool = True,
    task_config_passthroughs: Passthroughs | None = None,
) -> Callable[[Callable[P, R]], PythonComponent[P, R]]: ...
def notebook_component(
    func: Callable[P, R] | None = None,
    *,
    notebook_path: str,
    base_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    output_component_file: str | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    use_venv: bool = False,
    kfp_package_path: str | None = None,
    install_kfp_package: bool = True,
    task_config_passthroughs: Passthroughs | None = None,
) -> PythonComponent[P, R] | Callable[[Callable[P, R]], PythonComponent[P, R]]:
    """Makes a component from a function that calls `dsl.run_notebook(**parameters)`; the notebook travels in its source.

    notebook_path: a notebook, or a folder with one and what it needs; packages_to_install: nbclient and a kernel where none are
    given; the rest as for `dsl.component`. Raises CompileError.
    """
    no_kfp(kfp_package_path)
    packages = installed(
        PACKAGES if packages_to_install is None else packages_to_install, pip_index_urls, pip_trusted_hosts, use_venv
    )
    options = Options(base_image, packages, passthroughs=passthroughs(task_config_passthroughs))

    def make(function: Callable[P, R]) -> PythonComponent[P, R]:
        of_function(function)
        if not _calls(function.__code__):
            raise trace.refused(f"{function.__name__}() never calls dsl.run_notebook(), so its notebook would not run: call it")
        cargo = Cargo(_notebook(found("notebook_path", notebook_path, function.__code__.co_filename)), runs=_text())
        return written(PythonComponent(function, options, cargo), output_component_file)

    return make(func) if func else make


def _text() -> str:
    return (Path(__file__).parent / "cells.py").read_text("utf-8")


def _calls(code: CodeType) -> bool:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return "run_notebook" in code.co_names or any(map(_calls, inner))


def _notebook(path: Path) -> Embedded:
    """The notebook at a path, or the only one in that folder. Raises CompileError."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in f.parts)
    if len(files) != 1:
        names = ", ".join(file.relative_to(path).as_posix() for file in files[:5])
        raise trace.refused(f"notebook_path {path} holds {names or 'no notebook'}: name one notebook, or a folder with one")
    try:
        sound = files[0].suffix == ".ipynb" and isinstance(json.loads(files[0].read_bytes()).get("cells"), list)
    except (ValueError, AttributeError):
        sound = False
    if not sound:
        raise trace.refused(f"notebook_path {files[0]} is no notebook of format 4: save it as .ipynb with Jupyter")
    return embedded(path, files[0].relative_to(path).as_posix() if path.is_dir() else "")
