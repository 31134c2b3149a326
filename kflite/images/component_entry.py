"""Whether components can be loaded where their image runs them: the text of this file runs in the image, after kflite's program.

argv: JSON [[name, module]]; the module is "" where kfp's executor calls the component. Prints JSON {name: what is wrong}.
"""

from __future__ import annotations

import json
import os
import sys

from kflite.runtime.component_env import Surroundings
from kflite.runtime.kfp_shim.in_image import component_file, resident_module, stand_in
from kflite.runtime.kfp_shim.installed_kfp import real_kfp
from kflite.runtime.runner import shortened


def load(name: str, module: str) -> object:
    """The component's function, as the command finds it that calls it. Raises whatever that raises."""
    folder = os.getcwd()
    around = Surroundings(os.path.join(folder, "no_task"))
    if module:
        return around.of_project(module, name, "")
    from importlib.util import find_spec

    if not find_spec("kfp") or not find_spec("kfp.dsl.executor_main"):
        raise ImportError("kfp is not there: let the Dockerfile install it, or have the folder .kflite on the PYTHONPATH")
    is_real, path = real_kfp()
    file = os.path.abspath(component_file(name, folder))
    if is_real:
        from kfp.dsl.utils import load_module

        found = load_module(os.path.basename(file)[:-3], os.path.dirname(file))
        return getattr(found, name)
    stand_in(around, folder, path)
    around.open(folder)
    return getattr(resident_module(file, folder), name)


def why(name: str, module: str) -> str:
    """What is wrong with a component, "" for nothing."""
    try:
        load(name, module)
    except BaseException as error:  # noqa: BLE001 - whatever the user's code raises, SystemExit too
        return f"{type(error).__name__}: {error}" if str(error) else shortened(error)
    return ""


if __name__ == "__main__":
    found = {name: why(name, module) for name, module in json.loads(sys.argv[1])}
    print("\n" + json.dumps({name: text for name, text in found.items() if text}))
