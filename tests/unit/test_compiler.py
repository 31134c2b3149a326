"""The compiler's class of kfp: the same call writes the same kinds of files."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from unit.dsl.pieces import text

from kflite import compiler, dsl
from kflite.errors import CompileError, InputError
from kflite.ir.read import read


@dsl.pipeline
def p(n: int = 1, s: str = "a"):  # type: ignore[no-untyped-def]
    text(x=s)


@pytest.mark.parametrize("name", ["p.yaml", "p.json", "p.zip", "p.tar.gz"])
def test_a_pipeline_is_written_by_the_files_suffix(tmp_path: Path, name: str) -> None:
    compiler.Compiler().compile(p, str(tmp_path / name))
    assert read(tmp_path / name) == dsl.compile(p)


def test_a_component_is_a_pipeline_of_one_task(tmp_path: Path) -> None:
    compiler.Compiler().compile(pipeline_func=text, package_path=str(tmp_path / "p.yaml"))
    assert read(tmp_path / "p.yaml").name == "text"


def test_names_and_defaults_may_be_others(tmp_path: Path) -> None:
    compiler.Compiler().compile(p, str(tmp_path / "p.yaml"), "other", "Another", {"n": 7})
    document = read(tmp_path / "p.yaml").documents[0]
    assert document["pipelineInfo"] == {"name": "other", "displayName": "Another"}
    assert document["root"]["inputDefinitions"]["parameters"]["n"]["defaultValue"] == 7  # type: ignore[index, call-overload]


def test_manifests_are_what_kfp_makes_of_the_same_options(tmp_path: Path) -> None:
    theirs = pytest.importorskip("kfp.compiler", exc_type=ImportError)
    from kfp.components import load_component_from_text

    compiler.Compiler().compile(p, str(tmp_path / "p.yaml"))
    same = load_component_from_text((tmp_path / "p.yaml").read_text())
    given = [{}, {"namespace": "n", "include_pipeline_manifest": True}]
    given += [{"pipeline_name": "a", "pipeline_display_name": "A", "pipeline_version_name": "a-2"}]
    given += [{"pipeline_version_display_name": "B", "include_pipeline_manifest": True}]
    for options in given:
        for module, function, name in ((compiler, p, "ours.yaml"), (theirs, same, "theirs.yaml")):
            made = module.KubernetesManifestOptions(**options)
            path = str(tmp_path / name)
            module.Compiler().compile(function, path, kubernetes_manifest_options=made, kubernetes_manifest_format=True)
        ours, kfps = (list(yaml.safe_load_all((tmp_path / name).read_text())) for name in ("ours.yaml", "theirs.yaml"))
        assert ours == kfps, options


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"package_path .*nowhere.*: No such file or directory"):
        compiler.Compiler().compile(p, str(tmp_path / "nowhere" / "p.yaml"))
    with pytest.raises(CompileError, match="type_check=False: types are checked when a pipeline is defined"):
        compiler.Compiler().compile(p, str(tmp_path / "p.yaml"), type_check=False)
    with pytest.raises(InputError, match="the pipeline has no such parameter: there is 'n', 's'"):
        compiler.Compiler().compile(p, str(tmp_path / "p.yaml"), pipeline_parameters={"m": 1})
