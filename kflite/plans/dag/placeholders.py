"""Placeholders in commands and constants: `{{$.inputs.parameters['k']}}` and their kin (KFP v2 IR; kfp.md lists them)."""

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

# An encoder that is made once: json.dumps makes one for each call.
compact = json.JSONEncoder(separators=(",", ":")).encode


class Missing(Enum):
    """Marks a value that is not there, which null is not."""

    MISSING = "missing"


MISSING = Missing.MISSING
Lookup = Callable[[str], "Value | Missing"]
"""From the part of a placeholder after `$` to its value; MISSING where it is none of ours."""


def text(value: Value) -> str:
    """A parameter as text: no trailing `.0`, `true`/`false`, compact JSON for lists and structs, "" for null."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return compact(value)


def fill(value: Value, lookup: Lookup) -> Value:
    """The value with the placeholders that `lookup` knows replaced, also inside lists and structs.

    One that stands alone keeps the type of its value.
    """
    if isinstance(value, str):
        alone = _PLACEHOLDER.fullmatch(value)
        found = lookup(alone["path"]) if alone else MISSING
        return _fill(value, lookup) if found is MISSING else found
    if isinstance(value, list):
        return [fill(v, lookup) for v in value]
    if isinstance(value, dict):
        return {_fill(k, lookup) if "{{$" in k else k: fill(v, lookup) for k, v in value.items()}
    return value


def _fill(value: str, lookup: Lookup) -> str:
    def replace(match: re.Match[str]) -> str:
        found = lookup(match["path"])
        return match[0] if found is MISSING else text(found)

    return _PLACEHOLDER.sub(replace, value)


def of_run(origin: Origin) -> dict[str, str]:
    """Placeholders that name the run."""
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


def of_one(origin: Origin, name: str, path: str) -> dict[str, str]:
    """Placeholders that name a task. name: in its DAG; path: in the run."""
    return {".pipeline_task_name": name, ".pipeline_task_uuid": f"{origin.run}/{path}"}


def of_parameters(parameters: Mapping[str, Value]) -> Lookup:
    """Placeholders of input parameters only, as constants hold them."""

    def lookup(path: str) -> Value | Missing:
        name = parameter_of(path)
        return MISSING if name is None else parameters.get(name, MISSING)

    return lookup


def parameter_of(path: str) -> str | None:
    """The input parameter that a placeholder names, None where it names something else."""
    match = re.fullmatch(_PARAMETER, path)
    return (match[1] or match[2] or "") if match else None


def of_task(executor_input: dict[str, Value], whole: str, parameters: Mapping[str, Value], names: Mapping[str, str]) -> Lookup:
    """All placeholders of a task.

    whole: the executor_input as JSON; parameters: values with defaults filled in; names: what names the run and the task.
    """

    def lookup(path: str) -> Value | Missing:
        if path == "":
            return whole
        if path in names:
            return names[path]
        if (name := parameter_of(path)) is not None:
            return text(parameters.get(name))
        if match := re.fullmatch(_OUTPUT_FILE, path):
            return _dig(executor_input, "outputs", "parameters", match[1] or match[2] or "", "outputFile")
        match = re.fullmatch(_ARTIFACT, path)
        return _artifact(executor_input, match) if match else MISSING

    return lookup


def _artifact(executor_input: dict[str, Value], match: re.Match[str]) -> str | Missing:
    side, name, part, key = match[1], match[2] or match[3], match[4], match[5] or match[6]
    found = _get(executor_input, side, "artifacts", name, "artifacts")
    if not isinstance(found, list) or not found:
        return "" if side == "inputs" else MISSING
    if part is None:
        return compact(found)
    first = found[0]
    assert isinstance(first, dict)
    if part == "path":
        return local_path(str(first.get("customPath") or first["uri"]))
    value = first.get(part, {} if part == "metadata" else "")
    return text(value.get(key) if key and isinstance(value, dict) else value)


def local_path(uri: str) -> str:
    """Where the bytes of a URI are seen by a task (KFP: object stores are mounted by name below `/`)."""
    for scheme, mount in (("gs://", "/gcs/"), ("s3://", "/s3/"), ("minio://", "/minio/")):
        if uri.startswith(scheme):
            return mount + uri.removeprefix(scheme)
    if uri.startswith("oci://"):
        return "/oci/" + uri.removeprefix("oci://").replace("/", "_") + "/models"
    return uri.removeprefix("file://")


def _get(value: Value, *keys: str) -> Value:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _dig(value: Value, *keys: str) -> str | Missing:
    found = _get(value, *keys)
    return found if isinstance(found, str) else MISSING


def argv(words: tuple[str, ...], lookup: Lookup, present: Callable[[str], bool]) -> tuple[str, ...]:
    """A command with its placeholders filled; Concat and IfPresent may drop a word or make several of one."""
    return words if _fixed(words) else tuple(out for word in words for out in _word(word, lookup, present))


@lru_cache(maxsize=64)
def _fixed(words: tuple[str, ...]) -> bool:
    """Whether nothing is to be filled in; remembered, as a component's source and our runner are long."""
    return not any("{{$" in word or _struct(word) is not None for word in words)


def _word(word: str, lookup: Lookup, present: Callable[[str], bool]) -> Iterator[str]:
    struct = _struct(word)
    if struct is None:
        yield _fill(word, lookup) if "{{$" in word else word
    else:
        yield from _expand(struct, lookup, present)


def _struct(word: str) -> Value:
    """The Concat or IfPresent that a word holds as JSON; None where it is an ordinary word."""
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
