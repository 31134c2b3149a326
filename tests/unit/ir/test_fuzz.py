"""Spoiled documents: whatever comes in, the answer is a pipeline or one of our errors, and it comes soon."""

from __future__ import annotations

import copy
import json
import time
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ir.documents import PLATFORM, SOUND
from unit.ir.old_documents import OLD_JOB

from kflite.errors import InputError
from kflite.ir.check import check
from kflite.ir.read import documents, pipeline
from kflite.ir.write import dumps_yaml

LONGEST_S = 5.0  # for a document of 4 KiB on a busy machine; it takes 10 ms
JUNK: list[Any] = [
    None, True, 0, -1, 2.5, 10**400, 1e308, "", "x", "fit", "../..", "a\nb", "\ud800", "{{$", "{{$.inputs.parameters['x']}}",
    "(" * 500, "[" * 500, '{"IfPresent": {}}', '{"Concat": [{"IfPresent": 1}]}', [], {}, [[]], [None], {"": None},
]  # fmt: skip
FORMS = [SOUND, {"pipelineSpec": SOUND, "platformSpec": {"platforms": {"kubernetes": PLATFORM}}}, OLD_JOB]
PIECES = [b"", b"[", b"{", b"&a ", b"*a", b"- ", b": ", b"\n", b"\t", b"!!x ", b"|", b"\xff"]


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (mapping or list, key or index) of a document."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [(node, key) for key in keys] + [place for key in keys for place in places(node[key])]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    document = copy.deepcopy(draw(st.sampled_from(FORMS)))
    for _ in range(draw(st.integers(1, 4))):
        found = places(document)
        if not found:
            break
        node, key = found[draw(st.integers(0, len(found) - 1))]
        other, other_key = found[draw(st.integers(0, len(found) - 1))]
        match draw(st.sampled_from(["junk", "remove", "copy", "rename"])):
            case "junk":
                node[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))
            case "remove":
                del node[key]
            case "copy":
                node[key] = copy.deepcopy(other[other_key])
            case "rename" if isinstance(node, dict):
                node[draw(st.sampled_from([k for k in JUNK if isinstance(k, str)]))] = node.pop(key)
    return document


def survives(data: bytes) -> None:
    began = time.perf_counter()
    with suppress(InputError):
        found = pipeline(documents(data, "fuzz"), "fuzz")
        if not check(found, {"rate": 1}):
            assert pipeline(documents(dumps_yaml(found).encode(), "again"), "again") == found
    assert time.perf_counter() - began < LONGEST_S


@settings(max_examples=400, deadline=None)
@given(spoiled())
def test_a_document_with_anything_anywhere_is_read_or_refused(document: Any) -> None:
    survives(json.dumps(document).encode())


@settings(max_examples=100, deadline=None)
@given(spoiled(), st.randoms(use_true_random=False))
def test_a_mangled_text_is_read_or_refused(document: Any, random: Any) -> None:
    data = bytearray(yaml.safe_dump(document, allow_unicode=False).encode())
    for _ in range(random.randint(1, 8)):
        at = random.randrange(len(data))
        data[at : at + random.randint(0, 3)] = random.choice(PIECES)
    survives(bytes(data))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b"]), st.binary(max_size=200))
def test_any_bytes_are_refused(head: bytes, data: bytes) -> None:
    with pytest.raises(InputError):
        pipeline(documents(head + data, "fuzz"), "fuzz")
