"""Reads a task's outputs from `executor_output.json` and its output files, by the component's declarations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from kflite.core.value import Artifact, Outputs, Value
from kflite.plans.dag.shape import ComponentSpec, ParameterSpec

_TRUE, _FALSE = ("true", "True", "TRUE", "1", "t"), ("false", "False", "FALSE", "0", "f")
_PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int,),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}


class BadOutput(Exception):
    """An output is missing or not of its declared type."""


def read_outputs(component: ComponentSpec, provisioned: Mapping[str, Value]) -> Outputs:
    """The outputs of a successful task; `provisioned` is the `outputs` section of its executor_input. Raises BadOutput."""
    written = _json(Path(str(provisioned["outputFile"])))
    files = provisioned.get("parameters", {})
    values = written.get("parameterValues", written.get("parameter_values", {}))
    assert isinstance(files, dict)
    if not isinstance(values, dict):
        raise BadOutput("parameterValues of executor_output.json is not a JSON object")
    parameters = {k: _parameter(k, declared, values, files) for k, declared in component.outputs.items()}
    return Outputs(parameters, _artifacts(provisioned.get("artifacts", {}), written.get("artifacts", {})))


def _json(path: Path) -> dict[str, Value]:
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise BadOutput(f"{path.name} is not JSON: {error}") from None
    except OSError as error:
        raise BadOutput(f"{path.name} cannot be read: {error.strerror}") from None
    if not isinstance(document, dict):
        raise BadOutput(f"{path.name} is not a JSON object")
    return document


def _parameter(name: str, declared: ParameterSpec, values: Mapping[str, Value], files: Mapping[str, Value]) -> Value:
    if name in values:
        return _checked(name, declared.type, values[name])
    file = files.get(name)
    path = Path(str(file["outputFile"])) if isinstance(file, dict) else None
    try:
        raw = path.read_text() if path else None
    except FileNotFoundError:
        raw = None
    except UnicodeDecodeError:
        raise BadOutput(f"output {name!r} is not UTF-8 text") from None
    except OSError as error:
        raise BadOutput(f"output {name!r} cannot be read: {error.strerror}") from None
    if raw is None:
        raise BadOutput(f"output {name!r} was not written")
    return _checked(name, declared.type, _parse(name, declared.type, raw))


def _parse(name: str, type: str, raw: str) -> Value:
    if type == "STRING":
        return raw
    raw = raw.strip()
    if type == "BOOLEAN" and raw in _TRUE + _FALSE:
        return raw in _TRUE
    try:
        value: Value = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadOutput(f"output {name!r} must be a {type}, and its file holds {raw[:200]!r}") from None
    return value


def _checked(name: str, type: str, value: Value) -> Value:
    if type == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer():
        return int(value)
    types = _PYTHON_TYPES.get(type)
    if types and (not isinstance(value, types) or (isinstance(value, bool) and type != "BOOLEAN")):
        raise BadOutput(f"output {name!r} must be a {type}, and is {value!r}"[:500])
    return value


def _artifacts(provisioned: Value, written: Value) -> dict[str, tuple[Artifact, ...]]:
    assert isinstance(provisioned, dict)
    updates = written if isinstance(written, dict) else {}
    return {name: _merged(doc, updates.get(name)) for name, doc in provisioned.items()}


def _merged(provisioned: Value, written: Value) -> tuple[Artifact, ...]:
    """The provisioned artifacts, updated with the written URI, custom path and metadata keys; a list may have grown."""
    before, after = _list(provisioned), _list(written)
    pairs = [(b, after[i] if i < len(after) else {}) for i, b in enumerate(before)]
    pairs += [(before[0], a) for a in after[len(before) :]]
    return tuple(_artifact(b, a) for b, a in pairs)


def _list(value: Value) -> list[Mapping[str, Value]]:
    artifacts = value.get("artifacts") if isinstance(value, dict) else None
    return [a for a in artifacts if isinstance(a, dict)] if isinstance(artifacts, list) else []


def _artifact(before: Mapping[str, Value], after: Mapping[str, Value]) -> Artifact:
    kind = before.get("type")
    old, new = before.get("metadata") or {}, after.get("metadata") or {}
    assert isinstance(kind, dict)
    assert isinstance(old, dict)
    if not isinstance(new, dict):
        raise BadOutput(f"the metadata of artifact {before['name']!r} is not a JSON object")
    return Artifact(
        str(before["name"]),
        str(after.get("uri") or before["uri"]),
        str(kind["schemaTitle"]),
        str(kind.get("schemaVersion", "0.0.1")),
        old | new,
        custom_path=str(after.get("customPath") or after.get("custom_path") or ""),
    )
