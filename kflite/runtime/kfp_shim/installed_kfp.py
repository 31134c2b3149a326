"""The kfp that is installed where a component runs: it does the work, and nothing here takes its place.

The text of this file travels in a component's command (see this package). Processes that fork tasks load kfp's run-time part
ahead: it takes some 10 ms, and as much as a second with old releases.
"""

from __future__ import annotations

import os
import sys

from kflite.runtime.artifacts import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    State = tuple[str, int, int]

_ahead: dict[State, dict[str, ModuleType]] = {}  # modules of kfp that were loaded before a fork, by which kfp it was


def real_kfp() -> tuple[bool, list[str]]:
    """Whether kfp is installed, and the folders that hold parts of it where it is not, such as its pipeline specification."""
    module = sys.modules.get("kfp")
    finders = (finder.find_spec("kfp", None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    found = module.__spec__ if module else next((spec for spec in finders if spec), None)
    return bool(found and found.origin), list(found.submodule_search_locations or ()) if found else []


def load_ahead() -> None:
    """Loads kfp's run-time part for processes that will be forked from this one, and hides it again.

    Other code that runs here or in those is to find all of kfp, and as it is then. What cannot be loaded is told by the task.
    """
    is_real, folders = real_kfp()
    if not is_real:
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
    """Brings back what was loaded ahead, where that is the kfp that is still installed."""
    if _ahead and "kfp" not in sys.modules:
        is_real, folders = real_kfp()
        sys.modules.update(_ahead.get(which_kfp(folders), {}) if is_real else {})


def which_kfp(folders: list[str]) -> State:
    """What is another one once kfp was installed anew."""
    file = os.path.join(folders[0], "__init__.py")
    found = os.stat(file)
    return file, found.st_ino, found.st_mtime_ns


def executor_class() -> Callable[..., object]:
    """What calls functions in the kfp that is installed."""
    try:
        from kfp.dsl import executor
    except ImportError:  # kfp 2.0
        from kfp.components import executor
    made: Callable[..., object] = executor.Executor
    return made
