"""Finds the kfp that is installed where a component runs, which is used instead of the shim.

The text of this file travels in a component's command (see this package). Processes that fork tasks load kfp's run-time part
ahead, as it takes some 10 ms, and up to a second with old releases.
"""

from __future__ import annotations

import os
import sys

from kflite.runtime.artifacts import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    State = tuple[str, int, int]

_ahead: dict[State, dict[str, ModuleType]] = {}  # kfp's modules that were loaded before a fork, by installed kfp


def find_installed_kfp() -> tuple[bool, list[str]]:
    """Whether kfp is installed, and its folders; without it, folders with parts of it, such as its pipeline specification."""
    module = sys.modules.get("kfp")
    finders = (finder.find_spec("kfp", None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    spec = module.__spec__ if module else next((candidate for candidate in finders if candidate), None)
    return bool(spec and spec.origin), list(spec.submodule_search_locations or ()) if spec else []


def load_ahead() -> None:
    """Load kfp's run-time part for processes that are forked from this one, and hide it again.

    Other code, here and in those processes, must find all of kfp as installed then. The task reports what cannot be loaded.
    """
    is_installed, folders = find_installed_kfp()
    if not is_installed:
        return
    environment, before, ours = dict(os.environ), set(sys.modules), getattr(sys, "stdlib_module_names", ())
    os.environ["_KFP_RUNTIME"] = "true"
    try:
        executor_class()
        _ahead[which_kfp(folders)] = {name: module for name, module in sys.modules.items() if name not in before}
    except Exception as error:  # noqa: BLE001 - whatever its code raises
        sys.stderr.write(f"kfp is not loaded ahead: {error!r}\n")
    finally:
        os.environ.clear()
        os.environ.update(environment)
        for name in set(sys.modules) - before:
            if name.split(".")[0] not in ours:
                del sys.modules[name]


def use_ahead() -> None:
    """Restore the modules that were loaded ahead, if the same kfp is still installed."""
    if _ahead and "kfp" not in sys.modules:
        is_installed, folders = find_installed_kfp()
        sys.modules.update(_ahead.get(which_kfp(folders), {}) if is_installed else {})


def which_kfp(folders: list[str]) -> State:
    """Identifies an installation of kfp; a new installation differs."""
    file = os.path.join(folders[0], "__init__.py")
    stat = os.stat(file)
    return file, stat.st_ino, stat.st_mtime_ns


def executor_class() -> Callable[..., object]:
    """The class that calls functions in the installed kfp."""
    try:
        from kfp.dsl import executor
    except ImportError:  # kfp 2.0
        from kfp.components import executor
    kind: Callable[..., object] = executor.Executor
    return kind
