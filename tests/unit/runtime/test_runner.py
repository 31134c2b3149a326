"""A component's code in a bare interpreter: what it is given, what it writes, what it says when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from kflite import dsl
from kflite.dsl import Dataset, Input, InputPath, Model, Output, OutputPath
from kflite.runtime import artifacts
from kflite.runtime.bootstrap import compose


@dataclass
class Ended:
    status: int
    log: str
    written: dict | None

    def parameter(self, name: str = "Output") -> object:
        return self.written["parameterValues"][name]

    def artifact(self, name: str) -> dict:
        return self.written["artifacts"][name]["artifacts"][0]


@pytest.fixture
def run(tmp_path: Path):
    """Runs a component's command with an executor_input, in an isolated interpreter that knows no kflite."""

    def run_component(component, inputs=None, given=None, by_file=False) -> Ended:
        source, function = component.source, component.python_func.__name__
        command, args = compose(source.text, function, signature=source.signature)
        text = json.dumps(
            {"inputs": {"parameterValues": inputs or {}, "artifacts": given or {}}, "outputs": outputs_of(component)}
        )
        if by_file:
            (tmp_path / "input.json").write_text(text)
            text = f"@{tmp_path / 'input.json'}"
        argv = [sys.executable, "-I", "-S", *command[1:], *(text if word == "{{$}}" else word for word in args)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
        file = tmp_path / "executor_output.json"
        return Ended(done.returncode, done.stdout + done.stderr, json.loads(file.read_text()) if file.exists() else None)

    def outputs_of(component) -> dict:
        parameters, artifacts_ = {}, {}
        for name, spec in component.interface.outputs.items():
            if hasattr(spec.type, "title"):
                kind = {"schemaTitle": spec.type.title, "schemaVersion": spec.type.version}
                artifacts_[name] = {"artifacts": [{"name": name, "uri": f"{tmp_path}/made/{name}", "type": kind, "metadata": {}}]}
            else:
                parameters[name] = {"outputFile": f"{tmp_path}/parameters/{name}"}
        return {"parameters": parameters, "artifacts": artifacts_, "outputFile": f"{tmp_path}/executor_output.json"}

    return run_component


def given(name: str, *uris: str, title: str = "system.Dataset", **more: object) -> dict:
    return {name: {"artifacts": [{"name": name, "uri": uri, "type": {"schemaTitle": title}, **more} for uri in uris]}}


@dsl.component
def add(a: int, b: float = 0.5) -> float:
    print("adding")
    return a + b


def test_a_function_gets_its_inputs_and_returns_its_output(run):
    ended = run(add, {"a": 1, "b": 2.0})
    assert (ended.status, ended.log, ended.parameter()) == (0, "adding\n", 3.0)


@pytest.mark.parametrize("inputs", [{"a": 1}, {"a": 1, "b": None}])
def test_an_absent_or_null_input_takes_its_default(run, inputs):
    assert run(add, inputs).parameter() == 1.5


def test_a_long_input_comes_by_file(run):
    @dsl.component
    def length(x: str) -> int:
        return len(x)

    assert run(length, {"x": "a" * 1_000_000}, by_file=True).parameter() == 1_000_000


def test_integers_stay_integers(run):
    @dsl.component
    def kind(x: int, values: list) -> str:
        return f"{x!r} {values!r}"

    assert run(kind, {"x": 2, "values": [1, 2.5, {"a": None}]}).parameter() == "2 [1, 2.5, {'a': None}]"


def test_a_function_that_returns_nothing_writes_nothing(run):
    @dsl.component
    def quiet(): ...

    assert run(quiet) == Ended(0, "", None)


class Parts(NamedTuple):
    x: int
    words: list


def test_a_named_tuple_gives_several_outputs(run):
    @dsl.component
    def split() -> Parts:
        return 1, ["a"]

    assert run(split).written["parameterValues"] == {"x": 1, "words": ["a"]}


def test_artifacts_are_read_and_written_by_path(run, tmp_path):
    @dsl.component
    def fit(data: Input[Dataset], model: Output[Model]):
        from pathlib import Path

        Path(model.path).write_text(Path(data.path).read_text().upper() + str(data.metadata["rows"]))
        model.framework = "none"
        model.metadata["classes"] = 3

    (tmp_path / "data").write_text("abc")
    ended = run(fit, given=given("data", str(tmp_path / "data"), metadata={"rows": 2}))
    assert ended.artifact("model")["metadata"] == {"framework": "none", "classes": 3}
    assert Path(ended.artifact("model")["uri"]).read_text() == "ABC2"


def test_a_list_of_artifacts_comes_whole_even_with_one_or_none(run):
    @dsl.component
    def names(data: Input[list[Dataset]]) -> list:
        return [d.uri for d in data]

    assert run(names, given=given("data", "/a", "/b")).parameter() == ["/a", "/b"]
    assert run(names, given=given("data", "/a")).parameter() == ["/a"]
    assert run(names, given={"data": {"artifacts": []}}).parameter() == []


def test_paths_stand_for_values_and_files(run, tmp_path):
    @dsl.component
    def copy(source: InputPath(Dataset), number: InputPath(int), target: OutputPath(str), made: OutputPath(Model)):
        from pathlib import Path

        Path(target).write_text(Path(source).read_text() + Path(number).read_text())
        Path(made).write_text("model")

    (tmp_path / "in").write_text("abc")
    ended = run(copy, {"number": 7}, given("source", str(tmp_path / "in")))
    assert ended.status == 0, ended.log
    assert (tmp_path / "parameters" / "target").read_text() == "abc7"
    assert (tmp_path / "made" / "made").read_text() == "model"


def test_an_artifact_can_be_returned_with_a_place_of_its_own(run, tmp_path):
    @dsl.component
    def make() -> Model:
        model = Model(uri=dsl.get_uri("elsewhere"), metadata={"a": 1})
        with open(model.path, "w") as file:
            file.write("x")
        return model

    ended = run(make)
    assert ended.status == 0, ended.log
    assert ended.artifact("Output") == {"name": "Output", "uri": f"{tmp_path}/elsewhere", "metadata": {"a": 1}}


def test_a_custom_path_is_told(run):
    @dsl.component
    def make(data: Output[Dataset]):
        data.set_path("/somewhere/else")
        assert data.path == "/somewhere/else"

    assert run(make).artifact("data")["custom_path"] == "/somewhere/else"


def test_an_exit_task_is_told_how_the_others_ended(run):
    @dsl.component
    def tell(status: dsl.PipelineTaskFinalStatus) -> str:
        return f"{status.state} {status.pipeline_task_name} {status.error_code} {status.error_message}"

    value = {"state": "FAILED", "pipelineTaskName": "body", "error": {"code": 9, "message": "no"}}
    assert run(tell, {"status": value}).parameter() == "FAILED body 9 no"


class Table(dsl.Dataset):
    schema_title = "my.Table"

    def rows(self) -> int:
        return self.metadata["rows"]


def test_an_artifact_class_of_the_users_is_used(run):
    @dsl.component
    def count(table: Input[Table]) -> int:
        return table.rows()

    assert run(count, given=given("table", "/t", title="my.Table", metadata={"rows": 5})).parameter() == 5


def test_what_the_code_defines_can_be_pickled(run):
    @dsl.component
    def pickle_it() -> bool:
        import pickle

        return pickle.loads(pickle.dumps(Pickled(3))).x == 3

    assert run(pickle_it).parameter() is True


class Pickled:
    def __init__(self, x):
        self.x = x


def test_numbers_of_other_libraries_become_pythons(run):
    @dsl.component
    def odd(metrics: Output[dsl.Metrics]) -> NamedTuple("Both", [("n", int), ("f", float)]):
        class Scalar:
            def __init__(self, x):
                self.x = x

            def item(self):
                return self.x

        metrics.log_metric("loss", Scalar(0.5))
        return Scalar(3), Scalar(1)

    ended = run(odd)
    assert ended.written["parameterValues"] == {"n": 3, "f": 1.0}
    assert ended.artifact("metrics")["metadata"] == {"loss": 0.5}


def test_a_traceback_shows_the_users_lines_only(run):
    @dsl.component
    def fail(x: int):
        helper_that_fails(x)

    ended = run(fail, {"x": 1})
    assert ended.status == 1
    assert ended.log.splitlines()[0] == "Traceback (most recent call last):"
    assert [line for line in ended.log.splitlines() if line.startswith("  File")] == [
        '  File "<component fail>", line 6, in fail',
        '  File "<component fail>", line 3, in helper_that_fails',
    ]
    assert "    return 1 / (x - 1)" in ended.log
    assert ended.log.endswith("ZeroDivisionError: division by zero\n")
    assert ended.written is None


def helper_that_fails(x):
    return 1 / (x - 1)


def test_memory_that_runs_out_has_an_exit_status_of_its_own(run):
    @dsl.component
    def eat():
        raise MemoryError("too much")

    ended = run(eat)
    assert ended.status == 137
    assert "MemoryError: too much" in ended.log


def test_the_status_of_sys_exit_is_kept(run):
    @dsl.component
    def leave():
        import sys

        sys.exit(7)

    assert run(leave).status == 7


def test_the_code_sees_no_arguments_of_the_runner(run):
    @dsl.component
    def words() -> int:
        import sys

        return len(sys.argv)

    assert run(words).parameter() == 1


@dsl.component
def wrong_type() -> int:
    return "a"


@dsl.component
def true_is_no_number() -> int:
    return True


@dsl.component
def nothing() -> str: ...


@dsl.component
def not_json() -> dict:
    return {"a": {1, 2}}


@dsl.component
def no_artifact() -> Model:
    return "/a/path"


@dsl.component
def wrong_fields() -> NamedTuple("Two", [("x", int), ("y", int)]):
    return 1


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (wrong_type, "component wrong_type: output 'Output' is declared as int, and the function returned 'a' (str)"),
        (true_is_no_number, "output 'Output' is declared as int, and the function returned True (bool)"),
        (nothing, "output 'Output' is declared as str, and the function returned None (NoneType)"),
        (not_json, "an output or metadata holds {1, 2} (set), which JSON cannot"),
        (no_artifact, "output 'Output' is declared as an artifact, and the function returned '/a/path' (str)"),
        (wrong_fields, "returned 1 (int): it must be a NamedTuple with the fields x, y"),
    ],
)
def test_a_result_that_is_not_as_declared_is_refused(run, component, words):
    ended = run(component)
    assert (ended.status, ended.written) == (1, None)
    assert words in ended.log
    assert "Traceback" not in ended.log


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("gs://b/x", "/gcs/b/x"),
        ("s3://b/x", "/s3/b/x"),
        ("minio://b/x", "/minio/b/x"),
        ("oci://reg/img:1", "/oci/reg_img:1"),
        ("/plain/x", "/plain/x"),
        ("http://h/x", "http://h/x"),
    ],
)
def test_a_uri_has_one_path(uri, path):
    assert artifacts.Artifact(uri=uri).path == path


@pytest.mark.parametrize("uri", ["gs://b/x", "s3://b/x", "minio://b/x", "/plain/x", "oci://reg/img:1"])
def test_assigning_a_path_sets_the_uri(uri):
    model = artifacts.Model()
    model.path = artifacts.Model(uri=uri).path
    assert model.uri == uri


def test_a_model_in_an_image_lies_below_models():
    assert artifacts.Model(uri="oci://reg/img:1").path == "/oci/reg_img:1/models"


def test_classification_metrics_are_written_in_kfps_shape():
    metrics = artifacts.ClassificationMetrics()
    metrics.log_roc_curve([0.0, 1.0], [0.5, 1.0], [0.9, 0.1])
    metrics.log_confusion_matrix(["a", "b"], [[1, 2], [3, 4]])
    metrics.log_confusion_matrix_cell("a", "b", 9)
    assert metrics.metadata == {
        "confidenceMetrics": [
            {"confidenceThreshold": 0.9, "recall": 0.5, "falsePositiveRate": 0.0},
            {"confidenceThreshold": 0.1, "recall": 1.0, "falsePositiveRate": 1.0},
        ],
        "confusionMatrix": {
            "annotationSpecs": [{"displayName": "a"}, {"displayName": "b"}],
            "rows": [{"row": [1, 9]}, {"row": [3, 4]}],
        },
    }


def test_a_wrong_matrix_is_refused():
    metrics = artifacts.ClassificationMetrics()
    with pytest.raises(ValueError, match="2 rows, and there are 1 categories"):
        metrics.log_confusion_matrix(["a"], [[1], [2]])
    with pytest.raises(ValueError, match="the row 'a' has 2 values, and there are 1"):
        metrics.log_confusion_matrix(["a"], [[1, 2]])
    with pytest.raises(ValueError, match="'b' is not one of the categories: call set_confusion_matrix_categories"):
        metrics.log_confusion_matrix_row("b", [1])
    with pytest.raises(ValueError, match="of one length, not 1, 2 and 1"):
        metrics.log_roc_curve([0.0], [0.5, 1.0], [0.9])


def test_metrics_of_slices_are_kept_apart():
    metrics = artifacts.SlicedClassificationMetrics()
    metrics.load_roc_readings("old", [[0.5, 0.9, 0.1]])
    metrics.load_confusion_matrix("new", ["a"], [[1]])
    old, new = metrics.metadata["evaluationSlices"]
    reading = {"confidenceThreshold": 0.5, "recall": 0.9, "falsePositiveRate": 0.1}
    assert old == {"slice": "old", "sliceClassificationMetrics": {"confidenceMetrics": [reading]}}
    assert new["sliceClassificationMetrics"]["confusionMatrix"]["rows"] == [{"row": [1]}]
