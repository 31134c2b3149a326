"""Finds references to inputs and outputs in placeholders, in Concat and IfPresent, and in conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from kflite.core.frozen import dataclass
from kflite.core.value import Value

_QUOTED = r"\[(?:'([^']*)'|\"([^\"]*)\")\]"
_PLACEHOLDER = re.compile(r"\{\{\$\.(inputs|outputs)\.([^{}]*)\}\}")
_PART = re.compile(rf"(parameters|artifacts){_QUOTED}(?:\.(\w+)(?:{_QUOTED})?)?")
_IN_CONDITION = re.compile(rf"inputs\.(?:parameter_values|parameterValues|parameters){_QUOTED}")
_KEY = re.compile(r"\[(?:'([^'\\]*)'|(\"(?:[^\"\\]|\\.)*\"))\]")
_SELECTOR = re.compile(rf"parseJson\(string_value\)((?:{_KEY.pattern})+)")
_ALLOWED = {
    ("inputs", "parameters"): {""},
    ("inputs", "artifacts"): {"", "path", "uri", "name", "metadata"},
    ("outputs", "parameters"): {"output_file"},
    ("outputs", "artifacts"): {"", "path", "uri", "name", "metadata"},
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference. side: inputs or outputs; kind: parameters, artifacts, or "" for either; text: the original text."""

    side: str
    kind: str
    name: str
    text: str


def references(value: Value) -> Iterator[Reference | str]:
    """All references in a text, list or mapping; a malformed placeholder is yielded as text."""
    if isinstance(value, str):
        if "{{$." in value:
            yield from map(_placeholder, _PLACEHOLDER.finditer(value))
    elif isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)


def _placeholder(match: re.Match[str]) -> Reference | str:
    side, rest = match[1], match[2]
    part = _PART.fullmatch(rest)
    if part is None:
        return match[0] if (side, rest) != ("outputs", "output_file") else Reference(side, "file", "", match[0])
    kind, name, attribute = part[1], part[2] or part[3] or "", part[4] or ""
    return Reference(side, kind, name, match[0]) if attribute in _ALLOWED[side, kind] else match[0]


def word_references(word: str) -> Iterator[Reference | str]:
    """All references in a word of a command, which may be a Concat or IfPresent as JSON."""
    yield from references(word)
    if word.startswith("{") and '"IfPresent"' in word:
        try:
            struct: Value = json.loads(word)
        except (ValueError, RecursionError):
            return
        yield from _if_present(struct)


def _if_present(value: Value) -> Iterator[Reference | str]:
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _if_present(item)
    choice = value.get("IfPresent") if isinstance(value, dict) else None
    if isinstance(choice, dict):
        name = choice.get("InputName")
        yield Reference("inputs", "", name, "IfPresent") if isinstance(name, str) else "IfPresent without InputName"


def condition_inputs(expression: str) -> set[str]:
    """The names of the input parameters in a condition."""
    return {a or b for a, b in _IN_CONDITION.findall(expression)}


def selector_keys(selector: str) -> tuple[str, ...] | None:
    """The keys, outermost first, of `parseJson(string_value)["key"]["key"]`; None for a selector of another form."""
    match = _SELECTOR.fullmatch(selector.strip())
    try:
        return tuple(json.loads(quoted) if quoted else plain for plain, quoted in _KEY.findall(match[1])) if match else None
    except ValueError:
        return None
