"""A component does the same by kfp's own executor and by what stands in for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

from unit.runtime.kfp_shim import corpus  # noqa: E402
from unit.runtime.kfp_shim.packing import Ended, Packed, artifacts, pack, run  # noqa: E402

from kflite.runtime.bootstrap import kfp_shim_text  # noqa: E402

STATUS = {
    "state": "FAILED",
    "pipelineJobResourceName": "runs/1",
    "pipelineTaskName": "body",
    "error": {"code": 9, "message": "no"},
}
ALL = {"i": 1, "f": 1.0, "s": "é", "b": True, "d": {"a": None}, "l": [1, 2.5, "x"]}
# Names of components, with the parameters and artifacts that each is given.
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("types", ALL, {}),
    ("generics", {"d": {"a": 1}, "l": [1], "m": {}, "n": []}, {}),
    ("defaults", {}, {}),
    ("defaults", {"a": None, "b": None, "c": None, "e": False}, {}),
    ("defaults", {"a": 0, "b": "", "c": [], "d": {}, "f": 2.0}, {}),
    ("give_int", {"x": 1}, {}),
    ("give_float", {"x": 2.7}, {}),
    ("give_bool", {"x": 3}, {}),
    ("give_list", {"n": 3}, {}),
    ("give_dict", {"n": 3}, {}),
    ("give_several", {"x": 3}, {}),
    ("give_tuple", {}, {}),
    ("give_nothing", {"x": 3}, {}),
    ("make", {"rows": 3}, {}),
    ("read", {}, artifacts("data", "IN/d", metadata={"rows": 2}) | artifacts("any", "IN/m", title="system.Model")),
    ("read", {}, artifacts("data", "IN/d", title="my.Table") | artifacts("any", "gs://b/k", title="other.Type")),
    ("read_many", {}, artifacts("data", "/a", "/b", metadata={"a": 1})),
    ("read_many", {}, artifacts("data", "/a")),
    ("describe", {}, {}),
    ("measure", {}, {}),
    ("measure_cells", {}, {}),
    ("paths_out", {}, {}),
    ("paths_in", {}, artifacts("data", "IN/d") | artifacts("model", "IN/m", title="system.Model") | artifacts("plain", "IN/d")),
    ("pass_on", {}, artifacts("data", "IN/d", metadata={"rows": 2})),
    ("pass_several", {}, artifacts("data", "/a", "/b")),
    ("write_what_is_returned", {"x": 3}, {}),
    ("elsewhere", {}, {}),
    ("moved", {}, {}),
    (
        "remote",
        {},
        artifacts("gs", "gs://b/k")
        | artifacts("s3", "s3://b/k", title="system.Model")
        | artifacts("minio", "minio://b/k")
        | artifacts("oci", "oci://r/i:1", title="system.Model")
        | artifacts("other", "https://h/f"),
    ),
    ("final", {"status": STATUS}, {}),
    ("final", {"status": {**STATUS, "state": "SUCCEEDED", "error": {}}, "note": "n"}, {}),
    ("with_helpers", {"x": 3}, {}),
    ("names", {}, {}),
    ("own_source", {}, {}),
    ("logs", {}, {}),
    ("embedded", {"n": 1}, {}),
    ("embedded_folder", {}, {}),
    ("embedded_large", {}, {}),
    ("configured", {}, {}),
    ("configured", {"config": {"resources": {"limits": 1}, "nodeSelector": {"a": "b"}, "volumeMounts": []}}, {}),
]


@pytest.fixture
def packed(request: pytest.FixtureRequest) -> Packed:
    return pack(getattr(corpus, request.param))


def inputs(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The artifacts, those that lie in IN with their files."""
    folder.joinpath("d").write_text("data")
    folder.joinpath("m").write_text("model")
    lists = {
        name: [{**a, "uri": a["uri"].replace("IN", str(folder))} for a in group["artifacts"]] for name, group in given.items()
    }
    return {name: {"artifacts": entries} for name, entries in lists.items()}


def by_kfp(packed: Packed, folder: Path, given: dict[str, Any]) -> Ended:
    """With the words that the compiler's shell would use, without its shell."""
    file = folder / "ephemeral_component.py"
    file.write_text(packed.source)
    argv = [sys.executable, "-m", "kfp.dsl.executor_main", "--component_module_path", str(file), *packed.words(given)]
    return run(argv, folder, env=os.environ | {"_KFP_RUNTIME": "true"})


def by_the_stand_in(packed: Packed, folder: Path, given: dict[str, Any]) -> Ended:
    """In an interpreter without any packages."""
    file = folder / "source.py"
    file.write_text(packed.source)
    return run([sys.executable, "-I", "-S", "-c", kfp_shim_text(), f"@{file}", *packed.words(given)], folder)


@pytest.mark.parametrize(("packed", "parameters", "given"), CASES, indirect=["packed"], ids=[case[0] for case in CASES])
def test_outputs_and_files_are_equal(packed: Packed, parameters: dict, given: dict, tmp_path: Path) -> None:
    ended = []
    given = inputs(tmp_path, given)
    for by in (by_kfp, by_the_stand_in):
        folder = tmp_path / "task"
        folder.mkdir()
        ended.append(by(packed, folder, packed.given(folder, parameters, given)))
        folder.rename(tmp_path / by.__name__)
    theirs, ours = ended
    assert theirs.status == 0, theirs.log
    assert ours.status == 0, ours.log
    assert (ours.written, ours.files) == (theirs.written, theirs.files)


@pytest.mark.parametrize("name", sorted(k for k, v in vars(corpus).items() if hasattr(v, "pipeline_spec")))
def test_every_component_of_the_corpus_is_compared(name: str) -> None:
    assert name in {case[0] for case in CASES}


def test_every_public_name_is_there() -> None:
    import subprocess

    code = "import sys, kfp.dsl; print(*sorted(kfp.dsl.__all__), 'EmbeddedInput' in vars(kfp.dsl))"
    theirs = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"_KFP_RUNTIME": "true"}, capture_output=True, text=True, check=True
    )
    program = kfp_shim_text().replace("__main__", "no main") + f"\ninstall('/tmp', [])\n{code}"
    ours = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert ours.stdout.split() == theirs.stdout.split()
