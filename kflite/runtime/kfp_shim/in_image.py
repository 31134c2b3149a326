"""The shim's package kfp for an image without kfp: `python3 -m kfp.dsl.executor_main` finds it, and a real kfp replaces it.

The text of this file, after those of its neighbours, is kfp/__init__.py of an image, and calls `step_aside` at its end. If a
component runs from the user's own folder instead, it is the program. Source of the contract: KFP v2, how containerized Python
components are called, and kfp_config.ini, which maps the functions' names to files.

argv: --executor_input JSON --function_to_execute NAME [--component_module_path FILE --project FOLDER]; JSON may be `@/FILE`.
"""

from __future__ import annotations

import json
import os
import sys

from kflite.runtime.artifacts import TYPE_CHECKING
from kflite.runtime.component_env import ComponentEnv, MissingModule, inert_attribute
from kflite.runtime.kfp_shim.installed_kfp import find_installed_kfp
from kflite.runtime.kfp_shim.names import install
from kflite.runtime.kfp_shim.program import call, call_installed_kfp, status
from kflite.runtime.runner import word_or_file

if TYPE_CHECKING:
    from types import ModuleType

_CONFIG = "kfp_config.ini"
_WRITES_IT = "which `kflite component build` writes: build the image anew"


def step_aside(file: str) -> None:
    """Replace this package by the installed kfp, else by the shim. file: kfp/__init__.py."""
    folder = os.path.dirname(os.path.abspath(file))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != os.path.dirname(folder)]
    del sys.modules["kfp"]
    is_installed, path = find_installed_kfp()
    if is_installed:
        __import__("kfp")
        return
    install("", path)
    sys.modules["kfp.dsl"].__path__ = [os.path.join(folder, "dsl")]
    sys.modules["kfp"].__dict__["run_in_image"] = run_in_image


def component_file(name: str, folder: str) -> str:
    """The file of a component, from kfp_config.ini in the folder. Raises MissingModule."""
    from configparser import ConfigParser

    config = ConfigParser()
    config.optionxform = str  # type: ignore[assignment, method-assign]
    if not config.read(os.path.join(folder, _CONFIG), "utf-8") or not config.has_section("Components"):
        raise MissingModule(f"there is no {_CONFIG} in {folder}, {_WRITES_IT}")
    names = dict(config["Components"])
    if name not in names:
        raise MissingModule(f"{_CONFIG} in {folder} names {', '.join(names) or 'no component'} only, {_WRITES_IT}")
    return os.path.join(folder, names[name])


def module_in_image(file: str, folder: str) -> ModuleType:
    """The module of a file below the folder; its absolute imports start at the folder, and its relative ones work too."""
    root = folder
    while os.path.exists(os.path.join(root, "__init__.py")):
        root = os.path.dirname(root)
    sys.path[:0] = [entry for entry in dict.fromkeys((folder, root)) if entry not in sys.path]
    sys.path.append(os.path.dirname(file))  # as kfp has it
    parts = os.path.splitext(os.path.relpath(file, root))[0].split(os.sep)
    taken = sys.modules.get(parts[0])
    foreign = taken and not _lies_in(taken, root)
    if foreign or not all(part.isidentifier() for part in parts):
        parts = ["_kfp_component_" + parts[-1]]
    return _executed(file, parts)


def _lies_in(module: ModuleType, root: str) -> bool:
    file = getattr(module, "__file__", None)
    return any(str(entry).startswith(root) for entry in ([file] if file else list(getattr(module, "__path__", ()))))


def _executed(file: str, parts: list[str]) -> ModuleType:
    from importlib.util import module_from_spec, spec_from_file_location

    name = ".".join(parts)
    if len(parts) > 1:
        __import__(".".join(parts[:-1]))
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None or not os.path.exists(file):
        raise MissingModule(f"there is no Python file {file}, where {_CONFIG} has the component")
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_in_image(argv: list[str]) -> int:
    """Run the component that the arguments describe; return the exit status."""
    options = dict(zip(argv[::2], argv[1::2]))  # noqa: B905
    name, executor_input = options["--function_to_execute"], json.loads(word_or_file(options["--executor_input"]))
    folder = options.get("--project") or os.getcwd()
    env = ComponentEnv(os.path.dirname(executor_input["outputs"]["outputFile"]), folder)
    env.open(folder)
    is_installed, path = find_installed_kfp()
    if not is_installed:
        allow_kfp_imports(env, os.path.dirname(executor_input["outputs"]["outputFile"]), path)
    try:
        file = options.get("--component_module_path") or component_file(name, folder)
        with open(file, encoding="utf-8") as text:
            source = text.read()
    except (MissingModule, OSError) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1

    def find_function() -> object:
        value = getattr(module_in_image(os.path.abspath(file), folder), name)
        env.stop_standing_in()
        return getattr(value, "python_func", value)

    return status(name, executor_input, find_function, call_installed_kfp if is_installed else call, (source, file))


def allow_kfp_imports(env: ComponentEnv, folder: str, path: list[str]) -> None:
    """Let components' modules import kfp: decorators, compilers and the like do nothing."""
    install(folder, path)
    for module in ("kfp", "kfp.dsl"):
        sys.modules[module].__dict__["__getattr__"] = inert_attribute
    env.stand_ins = ("kflite", "kfp")


if __name__ == "__main__":
    arguments_given, sys.argv[1:] = sys.argv[1:], []
    sys.exit(run_in_image(arguments_given))
