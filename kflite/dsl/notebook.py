"""Notebook components: functions that run an embedded notebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType
from typing import ParamSpec, TypeVar, overload

from kflite.dsl import trace
from kflite.dsl.definitions import of_function
from kflite.dsl.embedded import Embedded, embed, resolve_path
from kflite.dsl.python import Options, PythonComponent, packages_of, refuse_kfp_package, with_file
from kflite.dsl.source import SourceBundle
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
    """Create a component from a function that calls `dsl.run_notebook(**parameters)`; the notebook is embedded in its source.

    notebook_path: a notebook, or a folder with one and its files; packages_to_install: by default nbclient and a kernel; others
    as for `dsl.component`. Raises CompileError.
    """
    refuse_kfp_package(kfp_package_path)
    packages = packages_of(
        PACKAGES if packages_to_install is None else packages_to_install, pip_index_urls, pip_trusted_hosts, use_venv
    )
    options = Options(base_image, packages, passthroughs=passthroughs(task_config_passthroughs))

    def make(function: Callable[P, R]) -> PythonComponent[P, R]:
        of_function(function)
        if not _calls(function.__code__):
            raise trace.refused(f"{function.__name__}() never calls dsl.run_notebook(), so its notebook would not run: call it")
        bundle = SourceBundle(
            _notebook(resolve_path("notebook_path", notebook_path, function.__code__.co_filename)), runner_text=_text()
        )
        return with_file(PythonComponent(function, options, bundle), output_component_file)

    return make(func) if func else make


def _text() -> str:
    return (Path(__file__).parent / "cells.py").read_text("utf-8")


def _calls(code: CodeType) -> bool:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return "run_notebook" in code.co_names or any(map(_calls, inner))


def _notebook(path: Path) -> Embedded:
    """The notebook at a path, or the only one in a folder. Raises CompileError."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*.ipynb") if ".ipynb_checkpoints" not in f.parts)
    if len(files) != 1:
        names = ", ".join(file.relative_to(path).as_posix() for file in files[:5])
        raise trace.refused(f"notebook_path {path} holds {names or 'no notebook'}: name one notebook, or a folder with one")
    try:
        valid = files[0].suffix == ".ipynb" and isinstance(json.loads(files[0].read_bytes()).get("cells"), list)
    except (ValueError, AttributeError):
        valid = False
    if not valid:
        raise trace.refused(f"notebook_path {files[0]} is no notebook of format 4: save it as .ipynb with Jupyter")
    return embed(path, files[0].relative_to(path).as_posix() if path.is_dir() else "")
