"""kfp as it lies in an image that has none: `python3 -m kfp.dsl.executor_main` finds it, and it steps aside for a real one.

The text of this file, after those of its neighbours, is kfp/__init__.py of an image, where `settle` is called at its end; where a
component runs from the user's own folder instead, it is the program. Source of the contract: KFP v2, how containerized Python
components are called, and kfp_config.ini, which tells their files by their functions' names.

argv: --executor_input JSON --function_to_execute NAME [--component_module_path FILE --project FOLDER]; JSON may be `@/FILE`.
"""

from __future__ import annotations

import json
import os
import sys

from kflite.runtime.artifacts import TYPE_CHECKING
from kflite.runtime.component_env import Absent, Surroundings, unused
from kflite.runtime.kfp_shim.installed_kfp import real_kfp
from kflite.runtime.kfp_shim.names import install
from kflite.runtime.kfp_shim.program import call, call_real, status
from kflite.runtime.runner import content

if TYPE_CHECKING:
    from types import ModuleType

_CONFIG = "kfp_config.ini"
_WRITES_IT = "which `kflite component build` writes: build the image anew"


def settle(file: str) -> None:
    """Puts the real kfp in place of this one, where there is one, else what stands in for it. file: kfp/__init__.py."""
    folder = os.path.dirname(os.path.abspath(file))
    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != os.path.dirname(folder)]
    del sys.modules["kfp"]
    is_real, path = real_kfp()
    if is_real:
        __import__("kfp")
        return
    install("", path)
    sys.modules["kfp.dsl"].__path__ = [os.path.join(folder, "dsl")]
    sys.modules["kfp"].__dict__["run_resident"] = run_resident


def component_file(name: str, folder: str) -> str:
    """The file of a component, as kfp_config.ini in the folder tells. Raises Absent."""
    from configparser import ConfigParser

    found = ConfigParser()
    found.optionxform = str  # type: ignore[assignment, method-assign]
    if not found.read(os.path.join(folder, _CONFIG), "utf-8") or not found.has_section("Components"):
        raise Absent(f"there is no {_CONFIG} in {folder}, {_WRITES_IT}")
    names = dict(found["Components"])
    if name not in names:
        raise Absent(f"{_CONFIG} in {folder} names {', '.join(names) or 'no component'} only, {_WRITES_IT}")
    return os.path.join(folder, names[name])


def resident_module(file: str, folder: str) -> ModuleType:
    """The module in a file below the folder, which its absolute imports begin at; its relative ones work too."""
    root = folder
    while os.path.exists(os.path.join(root, "__init__.py")):
        root = os.path.dirname(root)
    sys.path[:0] = [place for place in dict.fromkeys((folder, root)) if place not in sys.path]
    sys.path.append(os.path.dirname(file))  # as kfp has it
    parts = os.path.splitext(os.path.relpath(file, root))[0].split(os.sep)
    taken = sys.modules.get(parts[0])
    foreign = taken and not _lies_in(taken, root)
    if foreign or not all(part.isidentifier() for part in parts):
        parts = ["_kfp_component_" + parts[-1]]
    return _executed(file, parts)


def _lies_in(module: ModuleType, root: str) -> bool:
    file = getattr(module, "__file__", None)
    return any(str(place).startswith(root) for place in ([file] if file else list(getattr(module, "__path__", ()))))


def _executed(file: str, parts: list[str]) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    name = ".".join(parts)
    if len(parts) > 1:
        __import__(".".join(parts[:-1]))
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not os.path.exists(file):
        raise Absent(f"there is no Python file {file}, where {_CONFIG} has the component")
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_resident(argv: list[str]) -> int:
    """Runs the component that the arguments describe; returns the exit status."""
    options = dict(zip(argv[::2], argv[1::2]))  # noqa: B905
    name, given = options["--function_to_execute"], json.loads(content(options["--executor_input"]))
    folder = options.get("--project") or os.getcwd()
    around = Surroundings(os.path.dirname(given["outputs"]["outputFile"]), folder)
    around.open(folder)
    is_real, path = real_kfp()
    if not is_real:
        stand_in(around, os.path.dirname(given["outputs"]["outputFile"]), path)
    try:
        file = options.get("--component_module_path") or component_file(name, folder)
        with open(file, encoding="utf-8") as text:
            source = text.read()
    except (Absent, OSError) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1

    def found() -> object:
        value = getattr(resident_module(os.path.abspath(file), folder), name)
        around.settle()
        return getattr(value, "python_func", value)

    return status(name, given, found, call_real if is_real else call, (source, file))


def stand_in(around: Surroundings, folder: str, path: list[str]) -> None:
    """Lets the modules of components be imported whole: decorators, compilers and the like do nothing."""
    install(folder, path)
    for module in ("kfp", "kfp.dsl"):
        sys.modules[module].__dict__["__getattr__"] = unused
    around.stood_for = ("kflite", "kfp")


if __name__ == "__main__":
    arguments_given, sys.argv[1:] = sys.argv[1:], []
    sys.exit(run_resident(arguments_given))
