"""Pipelines that kfp 1.8 compiled are read as the pipelines of kfp 2 that say the same."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from unit.ir.old_documents import NEW, OLD_JOB

from kflite.ir.check import check
from kflite.ir.read import pipeline


def test_a_job_of_kfp_1_8_is_the_pipeline_of_today_with_its_parameters_as_defaults() -> None:
    assert pipeline([OLD_JOB], "old.json").documents == pipeline([NEW], "new.yaml").documents  # type: ignore[list-item]


def test_it_is_sound() -> None:
    assert check(pipeline([OLD_JOB], "old.json"), {}) == []  # type: ignore[list-item]


def test_without_its_job_the_parameters_are_required() -> None:
    found = check(pipeline([OLD_JOB["pipelineSpec"]], "old.json"), {})  # type: ignore[list-item]
    assert {path for path, _ in found} == {"parameter count", "parameter rate", "parameter names"}


def test_the_document_is_left_as_it_was() -> None:
    before = copy.deepcopy(OLD_JOB)
    pipeline([OLD_JOB], "old.json")  # type: ignore[list-item]
    assert before == OLD_JOB


@pytest.mark.parametrize(
    ("told", "default"),
    [({"stringValue": "x"}, "x"), ("x", "x"), ({"intValue": "7"}, "7"), ({"a": 1}, '{"a": 1}')],
)
def test_values_of_a_job_are_told_by_their_kind_or_plainly(told: object, default: str) -> None:
    job: dict[str, Any] = {"pipelineSpec": NEW, "runtimeConfig": {"parameters": {"names": told}}}
    assert pipeline([job], "job").documents[0]["root"]["inputDefinitions"]["parameters"]["names"]["defaultValue"] == default  # type: ignore[index, call-overload]
