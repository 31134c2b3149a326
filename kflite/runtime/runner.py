"""Runs one Python component: executor_input comes in, the function is called, its outputs are written.

The text of this file, after that of `artifacts`, travels inside every component's command (see `bootstrap`): standard
library only, and little of that. Source of the contract: KFP v2, what its launcher passes and reads back.

argv: SOURCE --function NAME --executor-input JSON [--signature JSON] [--project FOLDER]; SOURCE and JSON may be `@/FILE`, as the
kernel takes 128 KiB a word. The signature tells what executor_input does not: `inputs` {name: "list", "path", "status",
"config", or "empty config" where nobody passes one}, `outputs` {name: type of the returned value, "artifact" for an artifact},
`literals` {name: the values that an output may have}, `embedded` {name: schema title of what came with the code}. FOLDER has the
modules that an image would have.
"""

from __future__ import annotations

import json
import os
import sys

from kflite.runtime.artifacts import ARTIFACTS, TYPE_CHECKING, Artifact, PipelineTaskFinalStatus, TaskConfig
from kflite.runtime.component_env import Absent, Surroundings, show_lines
from kflite.runtime.typed import as_json, build, is_model

if TYPE_CHECKING:
    from types import FunctionType, ModuleType
    from typing import Any

    from kflite.runtime.artifacts import Json

_OUT_OF_MEMORY = 137
_TYPES: Json = {"int": int, "float": (int, float), "str": str, "bool": bool, "list": (list, tuple), "dict": dict}


class OutputError(Exception):
    """The function returned what its signature does not say, or was given that."""


def artifacts(lists: Json, module: ModuleType) -> dict[str, list[Artifact]]:
    """Artifact objects by name, of the classes that their schema titles say."""
    classes = {c.schema_title: c for c in (*ARTIFACTS, *module.__dict__.values()) if hasattr(c, "schema_title")}
    return {key: [_artifact(entry, classes) for entry in value["artifacts"]] for key, value in lists.items()}


def _artifact(entry: Json, classes: dict[str, type[Artifact]]) -> Artifact:
    made = classes.get(entry.get("type", {}).get("schemaTitle"), Artifact)()
    made.name, made.uri, made.metadata = entry.get("name", ""), entry.get("uri", ""), entry.get("metadata") or {}
    made.custom_path = entry.get("customPath", "")
    return made


def embedded(signature: Json, around: Surroundings, module: ModuleType) -> dict[str, list[Artifact]]:
    """What came along with the code, as the artifacts that the signature's `embedded` tells {name: schema title}."""
    kinds = signature.get("embedded", {}).items()
    entries = {name: {"artifacts": [{"type": {"schemaTitle": title}, "uri": around.embedded}]} for name, title in kinds}
    return artifacts(entries, module)


def arguments(given: Json, kinds: Json, made: Json, function: FunctionType, module: ModuleType) -> Json:
    """Keyword arguments for the function; what is absent or null is left to its default, or None where it has none."""
    code, found = function.__code__, {}
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = {k: v for k, v in given.get("inputs", {}).get("parameterValues", {}).items() if v is not None}
    inputs = artifacts(given.get("inputs", {}).get("artifacts", {}), module)
    files = given.get("outputs", {}).get("parameters", {})
    for name in names:
        kind = kinds.get(name)
        if name in values:
            found[name] = _parameter(name, kind, values[name], given)
        elif name in inputs:
            found[name] = inputs[name] if kind == "list" else inputs[name][0].path if kind == "path" else inputs[name][0]
        elif name in made:
            found[name] = made[name][0].path if kind == "path" else made[name][0]
        elif name in files:
            found[name] = parent_made(files[name]["outputFile"])
        elif kind == "config":
            raise OutputError(f"input {name!r} is the task's configuration, and whatever started this passed none")
        elif kind == "empty config":
            found[name] = TaskConfig()
        elif name not in _defaulted(function, names[: code.co_argcount]):
            found[name] = None
    return found


def objects(found: Json, kinds: Json, function: FunctionType) -> Json:
    """The arguments with objects in place of mappings, defaults too, where the signature has a dataclass or pydantic model."""
    code = function.__code__
    names = code.co_varnames[code.co_argcount - len(function.__defaults__ or ()) : code.co_argcount]
    given = {**dict(zip(names, function.__defaults__ or ())), **(function.__kwdefaults__ or {}), **found}  # noqa: B905
    for name in kinds:
        try:
            found[name] = None if given[name] is None else build(kinds[name], given[name])
        except (TypeError, ValueError) as error:
            raise OutputError(f"input {name!r} is given {shortened(given[name])}: {error}") from None
    return found


def _defaulted(function: FunctionType, positional: tuple[str, ...]) -> set[str]:
    count = len(function.__defaults__ or ())
    return {*positional[len(positional) - count :], *(function.__kwdefaults__ or ())}


def _parameter(name: str, kind: str | None, value: object, given: Json) -> object:
    if kind == "status":
        return PipelineTaskFinalStatus(value)  # type: ignore[arg-type]
    if kind in ("config", "empty config"):
        return TaskConfig.of(value)  # type: ignore[arg-type]
    if kind != "path":
        return value
    path = os.path.join(os.path.dirname(given["outputs"]["outputFile"]), "inputs", name)
    with open(parent_made(path), "w", encoding="utf-8") as file:
        file.write(value if isinstance(value, str) else json.dumps(value))
    return path


def parent_made(path: str) -> str:
    """The path, once the folder above it is there."""
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    return path


def returned(result: object, types: Json) -> Json:
    """The function's results by output name."""
    if list(types) == ["Output"] and not hasattr(result, "_fields"):
        return {"Output": result}
    if not types:
        return {}
    values: Any = result._asdict() if hasattr(result, "_fields") else result  # type: ignore[attr-defined]
    if isinstance(values, tuple) and len(values) == len(types):
        values = dict(zip(types, values))  # noqa: B905 - images may have Python 3.9
    if not isinstance(values, dict) or set(values) != set(types):
        raise OutputError(f"returned {shortened(result)}: it must be a NamedTuple with the fields {', '.join(types)}")
    return values


def checked(name: str, value: object, kind: str) -> object:
    """The value as JSON will hold it; numbers of numpy and torch become Python's.

    Raises OutputError where it is not of the declared type.
    """
    value = as_json(value)
    if not isinstance(value, _TYPES[kind]) and hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise OutputError(f"output {name!r} is declared as {kind}, and the function returned {shortened(value)}")
    return float(value) if kind == "float" else value


def shortened(value: object) -> str:
    """A value and its type for a message."""
    text = repr(value)
    return f"{text if len(text) < 80 else text[:77] + '...'} ({type(value).__name__})"


def write(result: object, signature: Json, made: dict[str, list[Artifact]], file: str) -> None:
    """Writes executor_output.json, unless there is nothing to tell."""
    types, literals = signature.get("outputs", {}), signature.get("literals", {})
    values = returned(result, types)
    for name, kind in types.items():
        if kind != "artifact":
            values[name] = checked(name, values[name], kind)
            if values[name] not in literals.get(name, [values[name]]):
                raise OutputError(f"output {name!r} is {shortened(values[name])}, which is none of {literals[name]}")
        elif not hasattr(values[name], "schema_title"):
            raise OutputError(f"output {name!r} is declared as an artifact, and the function returned {shortened(values[name])}")
    made = {k: [values.pop(k)] if types.get(k) == "artifact" else v for k, v in made.items()}
    if values or made:
        lists = {name: {"artifacts": [_entry(name, brought(item)) for item in items]} for name, items in made.items()}
        text = _encode({"parameterValues": values, "artifacts": lists})
        with open(parent_made(file), "wb") as out:
            out.write(text.encode())


def brought(item: Artifact) -> Artifact:
    """The artifact with its bytes where its URI says; nobody else may see the place that the code chose, as in a container."""
    own, at = item.custom_path, item.uri
    if own and own != at and "://" not in at and os.path.exists(own):
        import shutil

        (shutil.copytree if os.path.isdir(own) else shutil.copy2)(own, parent_made(at))
        item.custom_path = ""
    return item


def _entry(name: str, item: Artifact) -> Json:
    entry: Json = {"name": item.name or name, "uri": item.uri, "metadata": item.metadata}
    return {**entry, "custom_path": item.custom_path} if item.custom_path else entry


def plain_json(value: object) -> object:
    """What JSON has for a number of numpy or torch. Raises OutputError for other things."""
    if hasattr(value, "item"):
        return value.item()
    if is_model(type(value)):
        return as_json(value)
    raise OutputError(f"an output or metadata holds {shortened(value)}, which JSON cannot")


_encode = json.JSONEncoder(default=plain_json).encode


def report(error: BaseException, source: str, name: str) -> int:
    """Prints the traceback with the user's own frames, and says the exit status."""
    import traceback

    show_lines(source, name)
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == run.__code__.co_filename:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
    return _OUT_OF_MEMORY if isinstance(error, MemoryError) else 1


def content(word: str) -> str:
    """A word of the command, or what the file holds that it names: `@/FILE`."""
    if not word.startswith("@/"):
        return word
    with open(word[1:], encoding="utf-8") as file:
        return file.read()


def run(argv: list[str]) -> int:
    """Runs the component that the arguments describe; returns the exit status."""
    source, options = content(argv[0]), dict(zip(argv[1::2], argv[2::2]))  # noqa: B905
    name, given = options["--function"], json.loads(content(options["--executor-input"]))
    signature = json.loads(options.get("--signature", "{}"))
    output_file = given.get("outputs", {}).get("outputFile", "")
    around = Surroundings(os.path.dirname(output_file), options.get("--project", ""))
    try:
        module = around.module(source, name)
        made = artifacts(given.get("outputs", {}).get("artifacts", {}), module)
        for items in made.values():
            parent_made(items[0].path)
        function = module.__dict__[name]
        found = arguments(given, signature.get("inputs", {}), {**made, **embedded(signature, around, module)}, function, module)
        result = function(**objects(found, module.__dict__.get("__types__", {}), function))
    except (OutputError, Absent) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises is told with the user's frames
        return report(error, source, name)
    finally:
        around.close()
    try:
        write(result, signature, made, output_file)
    except (OutputError, ValueError) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    arguments_given, sys.argv[1:] = sys.argv[1:], []
    sys.exit(run(arguments_given))
