"""Runs one Python component: reads executor_input, calls the function, and writes its outputs.

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
from kflite.runtime.component_env import ComponentEnv, MissingModule, show_lines
from kflite.runtime.typed import as_json, build, is_model

if TYPE_CHECKING:
    from types import FunctionType, ModuleType
    from typing import Any

    from kflite.runtime.artifacts import Json

_OUT_OF_MEMORY = 137
_TYPES: Json = {"int": int, "float": (int, float), "str": str, "bool": bool, "list": (list, tuple), "dict": dict}


class OutputError(Exception):
    """The function returned, or was passed, something else than its signature declares."""


def artifacts(lists: Json, module: ModuleType) -> dict[str, list[Artifact]]:
    """Artifact objects by name, of the classes with their schema titles."""
    classes = {c.schema_title: c for c in (*ARTIFACTS, *module.__dict__.values()) if hasattr(c, "schema_title")}
    return {key: [_artifact(entry, classes) for entry in value["artifacts"]] for key, value in lists.items()}


def _artifact(entry: Json, classes: dict[str, type[Artifact]]) -> Artifact:
    artifact_made = classes.get(entry.get("type", {}).get("schemaTitle"), Artifact)()
    artifact_made.name, artifact_made.uri, artifact_made.metadata = (
        entry.get("name", ""),
        entry.get("uri", ""),
        entry.get("metadata") or {},
    )
    artifact_made.custom_path = entry.get("customPath", "")
    return artifact_made


def embedded(signature: Json, env: ComponentEnv, module: ModuleType) -> dict[str, list[Artifact]]:
    """Artifacts for the embedded files, from the signature's `embedded` {name: schema title}."""
    kinds = signature.get("embedded", {}).items()
    entries = {name: {"artifacts": [{"type": {"schemaTitle": title}, "uri": env.embedded}]} for name, title in kinds}
    return artifacts(entries, module)


def arguments(executor_input: Json, kinds: Json, targets: Json, function: FunctionType, module: ModuleType) -> Json:
    """The function's keyword arguments; a missing or null one gets its default, else None."""
    code, kwargs = function.__code__, {}
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    values = {k: v for k, v in executor_input.get("inputs", {}).get("parameterValues", {}).items() if v is not None}
    inputs = artifacts(executor_input.get("inputs", {}).get("artifacts", {}), module)
    files = executor_input.get("outputs", {}).get("parameters", {})
    for name in names:
        kind = kinds.get(name)
        if name in values:
            kwargs[name] = _parameter(name, kind, values[name], executor_input)
        elif name in inputs:
            kwargs[name] = inputs[name] if kind == "list" else inputs[name][0].path if kind == "path" else inputs[name][0]
        elif name in targets:
            kwargs[name] = targets[name][0].path if kind == "path" else targets[name][0]
        elif name in files:
            kwargs[name] = with_parent(files[name]["outputFile"])
        elif kind == "config":
            raise OutputError(f"input {name!r} is the task's configuration, and whatever started this passed none")
        elif kind == "empty config":
            kwargs[name] = TaskConfig()
        elif name not in _defaulted(function, names[: code.co_argcount]):
            kwargs[name] = None
    return kwargs


def objects(kwargs: Json, kinds: Json, function: FunctionType) -> Json:
    """The arguments, and defaults, with dataclasses and pydantic models in place of mappings."""
    code = function.__code__
    names = code.co_varnames[code.co_argcount - len(function.__defaults__ or ()) : code.co_argcount]
    with_defaults = {**dict(zip(names, function.__defaults__ or ())), **(function.__kwdefaults__ or {}), **kwargs}  # noqa: B905
    for name in kinds:
        try:
            kwargs[name] = None if with_defaults[name] is None else build(kinds[name], with_defaults[name])
        except (TypeError, ValueError) as error:
            raise OutputError(f"input {name!r} is given {short_repr(with_defaults[name])}: {error}") from None
    return kwargs


def _defaulted(function: FunctionType, positional: tuple[str, ...]) -> set[str]:
    count = len(function.__defaults__ or ())
    return {*positional[len(positional) - count :], *(function.__kwdefaults__ or ())}


def _parameter(name: str, kind: str | None, value: object, executor_input: Json) -> object:
    if kind == "status":
        return PipelineTaskFinalStatus(value)  # type: ignore[arg-type]
    if kind in ("config", "empty config"):
        return TaskConfig.of(value)  # type: ignore[arg-type]
    if kind != "path":
        return value
    path = os.path.join(os.path.dirname(executor_input["outputs"]["outputFile"]), "inputs", name)
    with open(with_parent(path), "w", encoding="utf-8") as file:
        file.write(value if isinstance(value, str) else json.dumps(value))
    return path


def with_parent(path: str) -> str:
    """The path; creates its parent folder."""
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
    return path


def results_by_name(result: object, types: Json) -> Json:
    """The function's results by output name."""
    if list(types) == ["Output"] and not hasattr(result, "_fields"):
        return {"Output": result}
    if not types:
        return {}
    values: Any = result._asdict() if hasattr(result, "_fields") else result  # type: ignore[attr-defined]
    if isinstance(values, tuple) and len(values) == len(types):
        values = dict(zip(types, values))  # noqa: B905 - images may have Python 3.9
    if not isinstance(values, dict) or set(values) != set(types):
        raise OutputError(f"returned {short_repr(result)}: it must be a NamedTuple with the fields {', '.join(types)}")
    return values


def checked(name: str, value: object, kind: str) -> object:
    """The value as JSON; numbers of numpy and torch become Python's. Raises OutputError if it has not the declared type."""
    value = as_json(value)
    if not isinstance(value, _TYPES[kind]) and hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
        raise OutputError(f"output {name!r} is declared as {kind}, and the function returned {short_repr(value)}")
    return float(value) if kind == "float" else value


def short_repr(value: object) -> str:
    """A value and its type for a message."""
    text = repr(value)
    return f"{text if len(text) < 80 else text[:77] + '...'} ({type(value).__name__})"


def write(result: object, signature: Json, targets: dict[str, list[Artifact]], file: str) -> None:
    """Write executor_output.json, if there are outputs."""
    types, literals = signature.get("outputs", {}), signature.get("literals", {})
    values = results_by_name(result, types)
    for name, kind in types.items():
        if kind != "artifact":
            values[name] = checked(name, values[name], kind)
            if values[name] not in literals.get(name, [values[name]]):
                raise OutputError(f"output {name!r} is {short_repr(values[name])}, which is none of {literals[name]}")
        elif not hasattr(values[name], "schema_title"):
            raise OutputError(f"output {name!r} is declared as an artifact, and the function returned {short_repr(values[name])}")
    targets = {k: [values.pop(k)] if types.get(k) == "artifact" else v for k, v in targets.items()}
    if values or targets:
        lists = {name: {"artifacts": [_entry(name, moved_to_uri(item)) for item in items]} for name, items in targets.items()}
        text = _encode({"parameterValues": values, "artifacts": lists})
        with open(with_parent(file), "wb") as out:
            out.write(text.encode())


def moved_to_uri(item: Artifact) -> Artifact:
    """The artifact, copied to its URI if the code chose another path, which others may not see, as in a container."""
    source, target = item.custom_path, item.uri
    if source and source != target and "://" not in target and os.path.exists(source):
        import shutil

        (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, with_parent(target))
        item.custom_path = ""
    return item


def _entry(name: str, item: Artifact) -> Json:
    entry: Json = {"name": item.name or name, "uri": item.uri, "metadata": item.metadata}
    return {**entry, "custom_path": item.custom_path} if item.custom_path else entry


def plain_json(value: object) -> object:
    """A number of numpy or torch, or a model, as JSON. Raises OutputError for other values."""
    if hasattr(value, "item"):
        return value.item()
    if is_model(type(value)):
        return as_json(value)
    raise OutputError(f"an output or metadata holds {short_repr(value)}, which JSON cannot")


_encode = json.JSONEncoder(default=plain_json).encode


def report(error: BaseException, source: str, name: str) -> int:
    """Print the traceback of the user's frames; return the exit status."""
    import traceback

    show_lines(source, name)
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == run.__code__.co_filename:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
    return _OUT_OF_MEMORY if isinstance(error, MemoryError) else 1


def word_or_file(word: str) -> str:
    """A word of the command, or the content of the file in `@/FILE`."""
    if not word.startswith("@/"):
        return word
    with open(word[1:], encoding="utf-8") as file:
        return file.read()


def run(argv: list[str]) -> int:
    """Run the component that the arguments describe; return the exit status."""
    source, options = word_or_file(argv[0]), dict(zip(argv[1::2], argv[2::2]))  # noqa: B905
    name, executor_input = options["--function"], json.loads(word_or_file(options["--executor-input"]))
    signature = json.loads(options.get("--signature", "{}"))
    output_file = executor_input.get("outputs", {}).get("outputFile", "")
    env = ComponentEnv(os.path.dirname(output_file), options.get("--project", ""))
    try:
        module = env.module(source, name)
        targets = artifacts(executor_input.get("outputs", {}).get("artifacts", {}), module)
        for items in targets.values():
            with_parent(items[0].path)
        function = module.__dict__[name]
        kwargs = arguments(
            executor_input,
            signature.get("inputs", {}),
            {**targets, **embedded(signature, env, module)},
            function,
            module,
        )
        result = function(**objects(kwargs, module.__dict__.get("__types__", {}), function))
    except (OutputError, MissingModule) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises is told with the user's frames
        return report(error, source, name)
    finally:
        env.close()
    try:
        write(result, signature, targets, output_file)
    except (OutputError, ValueError) as error:
        print(f"component {name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    arguments_given, sys.argv[1:] = sys.argv[1:], []
    sys.exit(run(arguments_given))
