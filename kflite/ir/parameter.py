"""A run's parameters: from text or Python values to the declared types, with the pipeline's defaults.

Input artifacts are in the same mapping, as lists of JSON objects; `kflite.runs.inputs` creates those from paths and URIs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite

from kflite.core.value import Value
from kflite.errors import InvalidPipeline
from kflite.ir.document import Document, Problems, declared
from kflite.ir.names import suggestion
from kflite.ir.pipeline import Pipeline
from kflite.ir.strict import described
from kflite.ir.types import WORDS, json_problem, type_of, value_problem, with_type

_ARTIFACT = "give a path, a URI, or the id of an earlier run's artifact, as --artifact"
_BOOLEANS = {"true": True, "t": True, "1": True, "yes": True, "false": False, "f": False, "0": False, "no": False}


def problems(document: Document, passed: Mapping[str, Value]) -> Problems:
    """All problems of a pipeline's parameters: unknown names, wrong types, missing required ones."""
    root = document.get("root", {})
    known, artifacts = declared(root, "input", "parameters"), declared(root, "input", "artifacts")
    for name, value in passed.items():
        if name in artifacts:
            yield from _artifact(name, artifacts[name], value)
        elif name not in known:
            described = name if name.isprintable() else repr(name)
            yield f"parameter {described}", f"the pipeline {_named(document)} has no such parameter: {suggestion(name, known)}"
        elif value is None and not known[name].get("isOptional"):
            yield f"parameter {name}", f"it is null, and must be {WORDS[type_of(known[name])]}"
        elif value is not None and (bad := value_problem(value, known[name])):
            yield f"parameter {name}", bad
    yield from _missing(known, artifacts, passed)


def _artifact(name: str, spec: Document, value: Value) -> Problems:
    if not isinstance(value, list) or not all(isinstance(item, dict) and item.get("uri") for item in value):
        yield (
            f"artifact {name}",
            f"the pipeline takes an artifact here, and {described(str(value))} is none: {_ARTIFACT} {name}=…",
        )
    elif len(value) != 1 and not spec.get("isArtifactList"):
        yield f"artifact {name}", f"it is one artifact, and {len(value)} are given"


def _missing(known: Mapping[str, Document], artifacts: Mapping[str, Document], passed: Mapping[str, Value]) -> Problems:
    for name, spec in known.items():
        if name not in passed and not spec.get("isOptional") and "defaultValue" not in spec:
            kind = type_of(spec)
            yield f"parameter {name}", f"it is required and not given: give {WORDS.get(kind, 'a value')}, as --param {name}=…"
    for name, spec in artifacts.items():
        if name not in passed and not spec.get("isOptional"):
            yield f"artifact {name}", f"it is required and not given: {_ARTIFACT} {name}=…"


def _named(document: Document) -> str:
    return repr(document.get("pipelineInfo", {}).get("name", ""))


def bind(pipeline: Pipeline, passed: Mapping[str, Value]) -> dict[str, Value]:
    """The run's parameters: the given values in the form of their declared types, and the defaults of the others.

    Optional parameters without a default, and artifacts, are left out. Raises InvalidPipeline with all problems.
    """
    document = pipeline.documents[0]
    if all_problems := list(problems(document, passed)):
        raise InvalidPipeline(pipeline.name, all_problems)
    known = declared(document["root"], "input", "parameters")  # type: ignore[arg-type]
    out = {name: spec["defaultValue"] for name, spec in known.items() if "defaultValue" in spec} | dict(passed)
    return {name: _typed_value(out[name], type_of(known[name]), name in passed) for name in out if name in known}


def _typed_value(value: Value, kind: str, passed: bool) -> Value:
    """Numbers in lists and mappings from a caller are kept; those from the document are all floats, and are converted."""
    return value if passed and kind in ("LIST", "STRUCT") else with_type(value, kind)


def coerce(pipeline: Pipeline, raw: Mapping[str, str]) -> dict[str, Value]:
    """The run's parameters from the texts of `--param NAME=TEXT`. Raises InvalidPipeline with all problems."""
    return bind(pipeline, parse(pipeline, raw))


def parse(pipeline: Pipeline, raw: Mapping[str, str]) -> dict[str, Value]:
    """Values of the declared types from text; lists and mappings are JSON. Raises InvalidPipeline for invalid texts.

    Missing parameters are no problem here, so that other sources can be added before `bind`.
    """
    known = declared(pipeline.documents[0].get("root", {}), "input", "parameters")  # type: ignore[arg-type]
    out: dict[str, Value] = {}
    problems_found: list[tuple[str, str]] = []
    for name, text in raw.items():
        kind = type_of(known.get(name, {}))
        try:
            out[name] = _value(text, kind)
        except ValueError:
            problems_found.append((f"parameter {name}", f"{described(text)} is not {_expected(kind)}"))
    if problems_found:
        raise InvalidPipeline(pipeline.name, problems_found)
    return out


def _expected(kind: str) -> str:
    example = {"LIST": ": write JSON such as [1, 2]", "STRUCT": ': write JSON such as {"a": 1}'}.get(kind, "")
    return f"{WORDS[kind]} (declared as {kind}){example}"


def _value(text: str, kind: str) -> Value:
    """The value of a text. Raises ValueError."""
    if kind == "NUMBER_INTEGER":
        return _integer(text)
    if kind == "NUMBER_DOUBLE":
        return _finite(float(text))
    if kind == "BOOLEAN":
        return _boolean(text)
    if kind in ("LIST", "STRUCT"):
        return _json(text, list if kind == "LIST" else dict)
    return text


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = _finite(float(text))
        if not number.is_integer():
            raise
        return int(number)


def _finite(number: float) -> float:
    if not isfinite(number):
        raise ValueError("not finite")
    return number


def _boolean(text: str) -> bool:
    if text.strip().lower() not in _BOOLEANS:
        raise ValueError("not a boolean")
    return _BOOLEANS[text.strip().lower()]


def _json(text: str, kind: type) -> Value:
    try:
        value: Value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, kind) or json_problem(value):
        raise ValueError("another type")
    return value
