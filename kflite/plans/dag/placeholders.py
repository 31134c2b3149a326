"""Placeholders in commands and constants, such as `{{$.inputs.parameters['k']}}` (KFP v2 IR)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache

from kflite.core.plan import Origin
from kflite.core.value import Value

_PLACEHOLDER = re.compile(r"\{\{\$(?P<path>[^{}]*)\}\}")
_QUOTED = r"\[(?:'([^']*)'|\"([^\"]*)\")\]"
_PARAMETER = rf"\.inputs\.parameters{_QUOTED}"
_ARTIFACT = rf"\.(inputs|outputs)\.artifacts{_QUOTED}(?:\.(path|uri|name|metadata)(?:{_QUOTED})?)?"
_OUTPUT_FILE = rf"\.outputs\.parameters{_QUOTED}\.output_file"

# Created once: json.dumps creates an encoder for each call.
compact = json.JSONEncoder(separators=(",", ":")).encode


class Missing(Enum):
    """The type of MISSING, which marks an absent value, as opposed to null."""

    MISSING = "missing"


MISSING = Missing.MISSING
Lookup = Callable[[str], "Value | Missing"]
"""Maps the part of a placeholder after `$` to its value; MISSING if it is unknown."""


def text(value: Value) -> str:
    """A parameter as text: no trailing `.0`, `true`/`false`, compact JSON for lists and structs, "" for null."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return compact(value)


def fill(value: Value, lookup: Lookup) -> Value:
    """The value with all placeholders known to `lookup` replaced, also inside lists and structs.

    A text that is a single placeholder becomes a value of that placeholder's type.
    """
    if isinstance(value, str):
        whole_match = _PLACEHOLDER.fullmatch(value)
        filled = lookup(whole_match["path"]) if whole_match else MISSING
        return _fill(value, lookup) if filled is MISSING else filled
    if isinstance(value, list):
        return [fill(v, lookup) for v in value]
    if isinstance(value, dict):
        return {_fill(k, lookup) if "{{$" in k else k: fill(v, lookup) for k, v in value.items()}
    return value


def _fill(value: str, lookup: Lookup) -> str:
    def replace(match: re.Match[str]) -> str:
        value = lookup(match["path"])
        return match[0] if value is MISSING else text(value)

    return _PLACEHOLDER.sub(replace, value)


def run_names(origin: Origin) -> dict[str, str]:
    """The placeholders that name the run, and their values."""
    created = datetime.fromtimestamp(origin.created, UTC).isoformat().replace("+00:00", "Z")
    return {
        ".pipeline_job_name": origin.name,
        ".pipeline_job_resource_name": f"runs/{origin.run}",
        ".pipeline_job_uuid": origin.run,
        ".pipeline_job_create_time_utc": created,
        ".pipeline_job_schedule_time_utc": created,
        ".pipeline_root": origin.root,
        **({".workspace_path": origin.workspace} if origin.workspace else {}),
    }


def task_names(origin: Origin, name: str, path: str) -> dict[str, str]:
    """The placeholders that name a task, and their values. name: in its DAG; path: in the run."""
    return {".pipeline_task_name": name, ".pipeline_task_uuid": f"{origin.run}/{path}"}


def parameter_lookup(parameters: Mapping[str, Value]) -> Lookup:
    """A lookup of input parameters only, for constants."""

    def lookup(path: str) -> Value | Missing:
        name = named_parameter(path)
        return MISSING if name is None else parameters.get(name, MISSING)

    return lookup


def named_parameter(path: str) -> str | None:
    """The input parameter that a placeholder names; None if it names something else."""
    match = re.fullmatch(_PARAMETER, path)
    return (match[1] or match[2] or "") if match else None


def task_lookup(
    executor_input: dict[str, Value], as_json: str, parameters: Mapping[str, Value], names: Mapping[str, str]
) -> Lookup:
    """A lookup of all placeholders of a task.

    as_json: the executor_input as JSON; parameters: values, with defaults; names: placeholders that name the run and the task.
    """

    def lookup(path: str) -> Value | Missing:
        if path == "":
            return as_json
        if path in names:
            return names[path]
        if (name := named_parameter(path)) is not None:
            return text(parameters.get(name))
        if match := re.fullmatch(_OUTPUT_FILE, path):
            return _text_at(executor_input, "outputs", "parameters", match[1] or match[2] or "", "outputFile")
        match = re.fullmatch(_ARTIFACT, path)
        return _artifact(executor_input, match) if match else MISSING

    return lookup


def _artifact(executor_input: dict[str, Value], match: re.Match[str]) -> str | Missing:
    side, name, part, key = match[1], match[2] or match[3], match[4], match[5] or match[6]
    artifacts = _value_at(executor_input, side, "artifacts", name, "artifacts")
    if not isinstance(artifacts, list) or not artifacts:
        return "" if side == "inputs" else MISSING
    if part is None:
        return compact(artifacts)
    first = artifacts[0]
    assert isinstance(first, dict)
    if part == "path":
        return local_path(str(first.get("customPath") or first["uri"]))
    value = first.get(part, {} if part == "metadata" else "")
    return text(value.get(key) if key and isinstance(value, dict) else value)


def local_path(uri: str) -> str:
    """The path at which a task sees a URI. KFP mounts object stores by name below `/`."""
    for scheme, mount in (("gs://", "/gcs/"), ("s3://", "/s3/"), ("minio://", "/minio/")):
        if uri.startswith(scheme):
            return mount + uri.removeprefix(scheme)
    if uri.startswith("oci://"):
        return "/oci/" + uri.removeprefix("oci://").replace("/", "_") + "/models"
    return uri.removeprefix("file://")


def _value_at(value: Value, *keys: str) -> Value:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text_at(value: Value, *keys: str) -> str | Missing:
    text = _value_at(value, *keys)
    return text if isinstance(text, str) else MISSING


def argv(words: tuple[str, ...], lookup: Lookup, present: Callable[[str], bool]) -> tuple[str, ...]:
    """A command with its placeholders filled; Concat and IfPresent may drop a word or expand it to several."""
    return words if _fixed(words) else tuple(out for word in words for out in _word(word, lookup, present))


@lru_cache(maxsize=64)
def _fixed(words: tuple[str, ...]) -> bool:
    """Whether the words contain no placeholders; cached, as a component's source and the runner are long."""
    return not any("{{$" in word or _struct(word) is not None for word in words)


def _word(word: str, lookup: Lookup, present: Callable[[str], bool]) -> Iterator[str]:
    struct = _struct(word)
    if struct is None:
        yield _fill(word, lookup) if "{{$" in word else word
    else:
        yield from _expand(struct, lookup, present)


def _struct(word: str) -> Value:
    """The Concat or IfPresent in a word, which is JSON; None for an ordinary word."""
    if not word.startswith("{") or ('"Concat"' not in word and '"IfPresent"' not in word):
        return None
    try:
        struct: Value = json.loads(word)
    except ValueError:
        return None
    return struct if isinstance(struct, dict) and len(struct) == 1 and next(iter(struct)) in ("Concat", "IfPresent") else None


def _expand(part: Value, lookup: Lookup, present: Callable[[str], bool]) -> Iterator[str]:
    if isinstance(part, str):
        yield _fill(part, lookup)
    elif isinstance(part, list):
        for item in part:
            yield from _expand(item, lookup, present)
    elif isinstance(part, dict) and "Concat" in part:
        yield "".join(_expand(part["Concat"], lookup, present))
    elif isinstance(part, dict) and isinstance(choice := part.get("IfPresent"), dict):
        yield from _expand(choice.get("Then" if present(str(choice.get("InputName"))) else "Else"), lookup, present)
