"""What a task left behind, read by what its component declares."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kflite.core.value import Value
from kflite.plans.dag.outputs import BadOutput, read_outputs
from kflite.plans.dag.shape import ArtifactKind, ComponentSpec, Container, ParameterSpec

BODY = Container("i", (), (), {}, {}, None)


def component(**types: str) -> ComponentSpec:
    return ComponentSpec("c", {}, {}, {k: ParameterSpec(t) for k, t in types.items()}, {}, BODY)


def provisioned(folder: Path, *names: str) -> dict[str, Value]:
    files: dict[str, Value] = {name: {"outputFile": str(folder / name)} for name in names}
    return {"parameters": files, "artifacts": {}, "outputFile": str(folder / "executor_output.json")}


@pytest.mark.parametrize(
    ("type", "raw", "value"),
    [
        ("STRING", " as it is\n", " as it is\n"),
        ("NUMBER_INTEGER", " 3\n", 3),
        ("NUMBER_INTEGER", "3.0", 3),
        ("NUMBER_DOUBLE", "3", 3),
        ("BOOLEAN", "TRUE", True),
        ("BOOLEAN", "0", False),
        ("LIST", "[1, 2]", [1, 2]),
        ("STRUCT", '{"a": 1}', {"a": 1}),
    ],
)
def test_a_file_holds_a_value_of_the_declared_type(tmp_path: Path, type: str, raw: str, value: Value) -> None:
    (tmp_path / "y").write_text(raw)
    found = read_outputs(component(y=type), provisioned(tmp_path, "y")).parameters["y"]
    assert (found, isinstance(found, bool)) == (value, type == "BOOLEAN")


@pytest.mark.parametrize(
    ("type", "raw", "message"),
    [
        ("NUMBER_INTEGER", "many", "output 'y' must be a NUMBER_INTEGER, and its file holds 'many'"),
        ("NUMBER_INTEGER", "1.5", "must be a NUMBER_INTEGER, and is 1.5"),
        ("NUMBER_INTEGER", "true", "must be a NUMBER_INTEGER, and is True"),
        ("LIST", '{"a": 1}', "must be a LIST"),
        ("BOOLEAN", "perhaps", "must be a BOOLEAN"),
    ],
)
def test_another_type_is_an_error_that_names_the_output(tmp_path: Path, type: str, raw: str, message: str) -> None:
    (tmp_path / "y").write_text(raw)
    with pytest.raises(BadOutput, match=message):
        read_outputs(component(y=type), provisioned(tmp_path, "y"))


def test_an_output_that_is_not_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadOutput, match="output 'y' was not written"):
        read_outputs(component(y="STRING"), provisioned(tmp_path, "y"))


def test_what_the_function_wrote_comes_before_a_file(tmp_path: Path) -> None:
    (tmp_path / "y").write_text("1")
    (tmp_path / "executor_output.json").write_text(json.dumps({"parameterValues": {"y": 2}}))
    assert read_outputs(component(y="NUMBER_INTEGER"), provisioned(tmp_path, "y")).parameters == {"y": 2}


def test_a_broken_executor_output_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "executor_output.json").write_text("{")
    with pytest.raises(BadOutput, match=r"executor_output\.json is not JSON"):
        read_outputs(component(), provisioned(tmp_path))


def test_an_artifact_keeps_its_metadata_and_takes_what_was_written(tmp_path: Path) -> None:
    made: Value = {"name": "m", "uri": "/a/m", "type": {"schemaTitle": "system.Model"}, "metadata": {"a": 1, "b": 1}}
    given = provisioned(tmp_path) | {"artifacts": {"m": {"artifacts": [made]}}}
    written = {"artifacts": {"m": {"artifacts": [{"name": "m", "uri": "/elsewhere", "metadata": {"b": 2}, "custom_path": "/c"}]}}}
    (tmp_path / "executor_output.json").write_text(json.dumps(written))
    whole = ComponentSpec("c", {}, {}, {}, {"m": ArtifactKind("system.Model")}, BODY)
    (artifact,) = read_outputs(whole, given).artifacts["m"]
    assert (artifact.uri, artifact.metadata, artifact.custom_path, artifact.type) == (
        "/elsewhere",
        {"a": 1, "b": 2},
        "/c",
        "system.Model",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"parameterValues": []}', "parameterValues of executor_output.json is not a JSON object"),
        ("[" * 100_000, "executor_output.json is not JSON"),
        ("[]", "executor_output.json is not a JSON object"),
        ('{"artifacts": {"m": {"artifacts": [{"metadata": [1]}]}}}', "the metadata of artifact 'm' is not a JSON object"),
    ],
)
def test_an_executor_output_of_another_form_is_an_error_and_no_crash(tmp_path: Path, text: str, message: str) -> None:
    made: Value = {"name": "m", "uri": "/a/m", "type": {"schemaTitle": "system.Model"}}
    (tmp_path / "executor_output.json").write_text(text)
    with pytest.raises(BadOutput) as raised:
        read_outputs(component(), provisioned(tmp_path) | {"artifacts": {"m": {"artifacts": [made]}}})
    assert message in str(raised.value)


def test_a_folder_in_place_of_a_file_is_an_error_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "y").mkdir()
    with pytest.raises(BadOutput, match="output 'y' cannot be read: Is a directory"):
        read_outputs(component(y="STRING"), provisioned(tmp_path, "y"))
    (tmp_path / "executor_output.json").mkdir()
    with pytest.raises(BadOutput, match=r"executor_output\.json cannot be read: Is a directory"):
        read_outputs(component(), provisioned(tmp_path))


def test_a_value_too_deep_to_read_is_an_error_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "y").write_text("[" * 100_000)
    with pytest.raises(BadOutput, match="output 'y' must be a LIST, and its file holds"):
        read_outputs(component(y="LIST"), provisioned(tmp_path, "y"))
