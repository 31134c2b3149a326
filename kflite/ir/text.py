"""Parses untrusted YAML and JSON to plain data, within limits that are checked before anything is built."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from kflite.core.value import Value
from kflite.errors import InvalidPipeline

LARGEST = 32 * 1024 * 1024  # bytes of a document: a pipeline of 10,000 tasks has 20 MiB
NOT_TEXT = "it holds half of a surrogate pair, which is no text"
DEEPEST = 90  # levels: protobuf refuses messages that nest deeper than 100
# kfp's header, in which further lines of a default are not commented out. It ends at `components`, as keys are sorted.
_HEADER = re.compile(r"# PIPELINE DEFINITION\n(?:.*\n)*?(?=components:\n)")


def parse(data: bytes, source: str) -> list[Value]:
    """The documents in `data`, without empty ones. Raises InvalidPipeline, naming `source`."""
    if len(data) > LARGEST:
        refuse(source, f"{len(data):,} bytes are more than the limit of {LARGEST:,}; is it a pipeline?")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse(source, f"byte {error.start} is not UTF-8 text; is it a pipeline?")
    as_json = _json(text, source) if text.lstrip()[:1] in ("{", "[") else None
    return [as_json] if as_json is not None else _yaml(text, source)


def is_text(text: str) -> bool:
    """Whether a Python string can be encoded."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse(source: str, problem: str) -> NoReturn:
    """Raise InvalidPipeline for one problem of the whole document."""
    raise InvalidPipeline(source, [("", problem)])


def _yaml(text: str, source: str) -> list[Value]:
    from kflite.ir.yamldata import YamlProblem, load_all

    try:
        return [d for d in load_all(text, DEEPEST) if d is not None]
    except YamlProblem as error:
        if _HEADER.match(text):
            return _yaml(_HEADER.sub(lambda match: "\n" * match[0].count("\n"), text), source)
        refuse(source, str(error))


class _Refused(Exception):
    """Well-formed JSON that is refused."""


def _json(text: str, source: str) -> Value:
    """The value of JSON text; None if it is not JSON, and may be YAML."""
    try:
        value: Value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except _Refused as error:
        refuse(source, str(error))
    except RecursionError:
        _too_deep(source)
    except ValueError as error:
        if source.endswith(".json"):
            refuse(source, f"this is not JSON: {error}")
        return None
    _check_depth(value, source)
    if "\\ud" in text.lower() and not is_text(json.dumps(value, ensure_ascii=False)):
        refuse(source, NOT_TEXT)
    return value


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    out: dict[str, Value] = {}
    for key, value in pairs:
        if key in out:
            raise _Refused(f"the key {key!r} stands twice in one object: remove one")
        out[key] = value
    return out


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not a JSON number")


def _check_depth(value: Value, source: str) -> None:
    level: list[Value] = [value]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    _too_deep(source)


def _children(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _too_deep(source: str) -> NoReturn:
    refuse(source, f"it nests deeper than {DEEPEST} levels; is it a pipeline?")
