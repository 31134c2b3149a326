"""What kfp compiles is read, found sound, and written so that nothing is lost."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from kflite.ir.check import check
from kflite.ir.read import documents, pipeline, read
from kflite.ir.write import dumps_yaml

compiler = pytest.importorskip("kfp.compiler", exc_type=ImportError)


def all_pipelines() -> list[Any]:
    with warnings.catch_warnings(action="ignore"):
        from unit.ir.kfp_pipelines import ALL

        return ALL


@pytest.mark.parametrize("theirs", all_pipelines(), ids=lambda p: p.name)
@pytest.mark.parametrize("manifest", [False, True], ids=["plain", "manifest"])
def test_each_construct_of_kfp_is_read_sound_and_written_back_equal(theirs: Any, manifest: bool, tmp_path: Path) -> None:
    file = tmp_path / "pipeline.yaml"
    compiler.Compiler().compile(theirs, str(file), kubernetes_manifest_format=manifest)
    found = read(file)
    assert check(found) == []
    assert found.spec == theirs.pipeline_spec or manifest
    assert manifest or list(yaml.safe_load_all(file.read_text())) == found.documents
    assert pipeline(documents(dumps_yaml(found).encode(), "again"), "again") == found
