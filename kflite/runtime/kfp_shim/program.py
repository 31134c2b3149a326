"""Runs a component that kfp's compiler packed: with the executor of the installed kfp, else with the shim.

The text of this file travels in the component's command, after those of `artifacts`, `runner` and its neighbours here.
Source of the contract: KFP v2, executor_input and executor_output.json.

argv: SOURCE --executor_input JSON --function_to_execute NAME. SOURCE and JSON may be `@/FILE`.
"""

from __future__ import annotations

import json
import os
import sys

from kflite.runtime.artifacts import TYPE_CHECKING, Artifact, PipelineTaskFinalStatus, TaskConfig
from kflite.runtime.component_env import MissingModule
from kflite.runtime.kfp_shim.hints import artifact, declared, is_list, kind, marker, parameter, plain
from kflite.runtime.kfp_shim.installed_kfp import executor_class, find_installed_kfp, use_ahead
from kflite.runtime.kfp_shim.names import InputPath, install
from kflite.runtime.runner import OutputError, checked, moved_to_uri, plain_json, report, short_repr, with_parent, word_or_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType, ModuleType
    from typing import Any

    from kflite.runtime.artifacts import Json
    from kflite.runtime.kfp_shim.hints import Hint

_MODULE = "ephemeral_component"  # kfp's name, under which its definitions are pickled
_OLD_HEAD = "import kfp\nfrom kfp.v2 import dsl\n"
_CHIEFS = ("workerpool0", "chief", "master")
_WITHOUT_KFP = "kfp is not installed here, and kflite offers in its place what components use at run time only"


def component_module(source: str, folder: str) -> ModuleType:
    """The component's code, executed as a module with a file, so that debuggers, tracebacks and `inspect` find its lines."""
    file = os.path.join(folder, "code", f"{_MODULE}.py")
    with open(with_parent(file), "w", encoding="utf-8") as out:
        out.write(source)
    module = type(sys)(_MODULE)
    module.__file__ = file
    sys.modules[_MODULE] = module
    sys.path.insert(0, os.path.dirname(file))
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    return module


def provided(groups: Json, hints: Json) -> Json:
    """Artifact objects by name, each a list."""
    return {name: [artifact(entry, hints.get(name)) for entry in group.get("artifacts", ())] for name, group in groups.items()}


def keywords(function: FunctionType, executor_input: Json, targets: Json) -> Json:
    """The keyword arguments; a parameter without a value gets its default, else None."""
    hints = {name: hint for name, hint in function.__annotations__.items() if name != "return"}
    optional = defaulted(function)
    values = {name: _value(name, hint, function, executor_input, targets) for name, hint in hints.items()}
    return {name: value for name, value in values.items() if value is not None or name not in optional}


def defaulted(function: FunctionType) -> set[str]:
    """Names of the parameters that have a default."""
    code, count = function.__code__, len(function.__defaults__ or ())
    names = code.co_varnames[: code.co_argcount]
    return {*names[len(names) - count :], *(function.__kwdefaults__ or ())}


def _value(name: str, hint: Hint, function: FunctionType, executor_input: Json, targets: Json) -> object:
    inputs, outputs = executor_input.get("inputs", {}), executor_input.get("outputs", {})
    value = inputs.get("parameterValues", {}).get(name)
    artifacts = provided({k: v for k, v in inputs.get("artifacts", {}).items() if k == name}, {name: hint}).get(name)
    bare, is_path = plain(hint), type(plain(hint)).__name__ in ("InputPath", "OutputPath")
    if bare is PipelineTaskFinalStatus:
        return PipelineTaskFinalStatus(value or {})
    if bare is TaskConfig:
        return TaskConfig.of(value or {})
    if marker(bare) == "EmbeddedAnnotation":
        return _embedded(bare, function.__globals__)
    if name in targets:
        return targets[name][0].path if is_path else targets[name][0]
    if name in outputs.get("parameters", {}) and is_path and not isinstance(bare, InputPath):
        return with_parent(outputs["parameters"][name]["outputFile"])
    if artifacts is None:
        return _file_of(name, value, outputs["outputFile"]) if is_path and value is not None else value
    return artifacts if is_list(hint) else (artifacts[0].path if is_path else artifacts[0]) if artifacts else None


def _embedded(hint: object, names: Json) -> Artifact:
    asset = names.get("__KFP_EMBEDDED_ASSET_FILE") or names.get("__KFP_EMBEDDED_ASSET_DIR")
    if not asset:
        raise OutputError("an input is annotated as EmbeddedInput, and no file or folder came with the component's code")
    embedded_artifact: Artifact = (kind(hint) or Artifact)()
    embedded_artifact.path = asset
    return embedded_artifact


def _file_of(name: str, value: object, output_file: str) -> str:
    file = with_parent(os.path.join(os.path.dirname(output_file), "inputs", name))
    with open(file, "w", encoding="utf-8") as out:
        out.write(value if isinstance(value, str) else json.dumps(value))
    return file


def results(result: object, function: FunctionType) -> Json:
    """The function's results by output name. Raises OutputError."""
    names = list(declared(function))
    if not names:
        if result is not None:
            raise OutputError(f"returned {short_repr(result)}, and no return type is declared")
        return {}
    if not hasattr(function.__annotations__["return"], "_fields"):
        return {"Output": result}
    values: Any = dict(zip(names, result)) if type(result) is tuple and len(result) == len(names) else result  # noqa: B905
    if not isinstance(values, dict):
        values = {name: getattr(values, name) for name in names if hasattr(values, name)}
    if set(values) != set(names):
        raise OutputError(f"returned {short_repr(result)}: it must be a NamedTuple with the fields {', '.join(names)}")
    return dict(values)


def write_packed(result: object, function: FunctionType, targets: Json, file: str) -> None:
    """Write executor_output.json; of several workers, only the chief does. Raises OutputError."""
    hints, values, lists = (
        declared(function),
        results(result, function),
        {name: items[0] for name, items in targets.items()},
    )
    output: Json = {}
    for name, value in values.items():
        if kind(hints[name]) is not None:
            lists[name] = _returned_artifact(name, value, lists)
        elif parameter(hints[name]):
            output.setdefault("parameterValues", {})[name] = checked(name, value, parameter(hints[name]))
        else:
            raise OutputError(f"output {name!r} is declared as {hints[name]!r}, which is no type of an output")
    if lists:
        output["artifacts"] = {name: {"artifacts": [_entry_of(moved_to_uri(item))]} for name, item in lists.items()}
    try:
        text = json.dumps(output, default=plain_json)
    except ValueError as error:
        raise OutputError(f"the outputs are no JSON: {error}") from None
    if is_chief():
        with open(with_parent(file), "w", encoding="utf-8") as out:
            out.write(text)


def _returned_artifact(name: str, value: object, targets: Json) -> object:
    """The returned artifact, or the provided one with the returned value as its text."""
    if value is None or hasattr(value, "schema_title"):
        return targets[name] if value is None else value
    with open(targets[name].path, "w", encoding="utf-8") as out:
        out.write(str(value))
    return targets[name]


def _entry_of(item: Artifact) -> Json:
    entry: Json = {"name": item.name, "uri": item.uri, "metadata": item.metadata}
    return {**entry, "custom_path": item.custom_path} if item.custom_path else entry


def is_chief() -> bool:
    """Whether this is the worker of CLUSTER_SPEC that writes the outputs."""
    cluster = json.loads(os.environ.get("CLUSTER_SPEC") or "{}")
    return not cluster or cluster["task"]["type"] in _CHIEFS


def show_information(source: str) -> object:
    """Show a component's log messages from level INFO, as kfp does; return the handler, None if the code logs nothing."""
    if "logging" not in source and "logging" not in sys.modules:
        return None
    import logging

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(asctime)s %(levelname)s]: %(message)s"))
    logging.root.addHandler(handler)
    logging.root.setLevel(min(logging.root.level, logging.INFO))
    return handler


def call_installed_kfp(function: FunctionType, executor_input: Json) -> None:
    """Call the function with the installed kfp."""
    executor_class()(executor_input=executor_input, function_to_execute=function).execute()  # type: ignore[attr-defined]
    move_to_uris(executor_input["outputs"]["outputFile"])


def move_to_uris(file: str) -> None:
    """Copy artifacts with custom paths to their URIs, and update executor_output.json."""
    if not os.path.exists(file):
        return
    with open(file, encoding="utf-8") as file_read:
        output = json.load(file_read)
    entries = [entry for group in output.get("artifacts", {}).values() for entry in group.get("artifacts", ())]
    for entry in (entry for entry in entries if entry.get("custom_path")):
        item = Artifact(uri=entry["uri"])
        item.custom_path = entry["custom_path"]
        entry["custom_path"] = moved_to_uri(item).custom_path
    with open(file, "w", encoding="utf-8") as out:
        json.dump(output, out)


def call(function: FunctionType, executor_input: Json) -> None:
    """Call the function and write its outputs. Raises OutputError, and whatever the function raises."""
    targets = provided(executor_input["outputs"].get("artifacts", {}), function.__annotations__)
    for items in targets.values():
        with_parent(items[0].path)
    write_packed(
        function(**keywords(function, executor_input, targets)),
        function,
        targets,
        executor_input["outputs"]["outputFile"],
    )


def call_of_1_8(function: FunctionType, executor_input: Json) -> None:
    """Call a function that kfp 1.8 packed: its lists, mappings and booleans are passed between tasks as texts."""
    values, hints = executor_input.get("inputs", {}).get("parameterValues", {}), function.__annotations__
    for name, value in values.items():
        kind_of_it = parameter(hints.get(name))
        if isinstance(value, str) and kind_of_it not in ("", "str"):
            values[name] = bool(json.loads(value.lower())) if kind_of_it == "bool" else json.loads(value)
    call(function, executor_input)
    file = executor_input["outputs"]["outputFile"]
    if not is_chief():
        return
    with open(file, encoding="utf-8") as written:
        output = json.load(written)
    for name, value in output.get("parameterValues", {}).items():
        if isinstance(value, (bool, list, dict)):
            output["parameterValues"][name] = json.dumps(value)
    with open(file, "w", encoding="utf-8") as out:
        json.dump(output, out)


def run_packed(argv: list[str]) -> int:
    """Run the component that the arguments describe; return the exit status."""
    source, options = word_or_file(argv[0]), dict(zip(argv[1::2], argv[2::2]))  # noqa: B905
    name, executor_input = options["--function_to_execute"], json.loads(word_or_file(options["--executor_input"]))
    before = _loaded()
    os.environ["_KFP_RUNTIME"] = "true"
    use_ahead()
    is_installed, path = find_installed_kfp()
    is_old = source.lstrip().startswith(_OLD_HEAD)
    if is_old or not is_installed:
        install(os.path.dirname(executor_input["outputs"]["outputFile"]), path)

    def find_function() -> object:
        return getattr(component_module(source, os.path.dirname(executor_input["outputs"]["outputFile"])), name)

    try:
        return status(
            name,
            executor_input,
            find_function,
            call_of_1_8 if is_old else call_installed_kfp if is_installed else call,
            (source, f"{_MODULE}.py"),
        )
    finally:  # a debugger's process goes on
        for module in set(_loaded()) - set(before):
            del sys.modules[module]
        sys.modules.update(before)


def _loaded() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("kfp", _MODULE)}


def status(
    name: str, executor_input: Json, find_function: Callable[[], object], run: Callable[[Any, Json], None], code: tuple[str, str]
) -> int:
    """Find the function and run it; return the exit status. code: its module's text and file."""
    source, file = code
    handler: Any = show_information(source)
    try:
        run(find_function(), executor_input)
    except (OutputError, MissingModule) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises is told with the user's frames
        ended = report(from_users_file(error, os.path.basename(file)), source, name)
        if "'kfp" in str(error) and isinstance(error, (ImportError, AttributeError)) and run is not call_installed_kfp:
            print(f"component {name}: {_WITHOUT_KFP}: install kfp, or name it in packages_to_install", file=sys.stderr)
        return ended
    finally:
        if handler:
            sys.modules["logging"].root.removeHandler(handler)
    return 0


def from_users_file(error: BaseException, file: str) -> BaseException:
    """The error with its traceback cut to start in the component's file, if it passes there."""
    trace = error.__traceback__
    while trace and os.path.basename(trace.tb_frame.f_code.co_filename) != file:
        trace = trace.tb_next
    return error.with_traceback(trace) if trace else error


if __name__ == "__main__":
    arguments_given, sys.argv[1:] = sys.argv[1:], []
    sys.exit(run_packed(arguments_given))
