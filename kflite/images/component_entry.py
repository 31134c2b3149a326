"""Checks that components can be loaded in their image: the text of this file runs there, after kflite's program.

argv: JSON [[name, module]]; the module is "" if kfp's executor calls the component. Prints JSON {name: problem}.
"""

from __future__ import annotations

import json
import os
import sys

from kflite.runtime.component_env import ComponentEnv
from kflite.runtime.kfp_shim.in_image import allow_kfp_imports, component_file, module_in_image
from kflite.runtime.kfp_shim.installed_kfp import find_installed_kfp
from kflite.runtime.runner import short_repr


def load(name: str, module: str) -> object:
    """The component's function, found in the same way as by its command. Raises any exception of the user's code."""
    folder = os.getcwd()
    env = ComponentEnv(os.path.join(folder, "no_task"))
    if module:
        return env.import_from_project(module, name, "")
    from importlib.util import find_spec

    if not find_spec("kfp") or not find_spec("kfp.dsl.executor_main"):
        raise ImportError("kfp is not there: let the Dockerfile install it, or have the folder .kflite on the PYTHONPATH")
    is_installed, path = find_installed_kfp()
    file = os.path.abspath(component_file(name, folder))
    if is_installed:
        from kfp.dsl.utils import load_module

        module_loaded = load_module(os.path.basename(file)[:-3], os.path.dirname(file))
        return getattr(module_loaded, name)
    allow_kfp_imports(env, folder, path)
    env.open(folder)
    return getattr(module_in_image(file, folder), name)


def problem(name: str, module: str) -> str:
    """The problem of a component; "" if it can be loaded."""
    try:
        load(name, module)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises, SystemExit too
        return f"{type(error).__name__}: {error}" if str(error) else short_repr(error)
    return ""


if __name__ == "__main__":
    problems = {name: problem(name, module) for name, module in json.loads(sys.argv[1])}
    print("\n" + json.dumps({name: text for name, text in problems.items() if text}))
