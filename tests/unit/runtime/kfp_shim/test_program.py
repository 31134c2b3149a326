"""Code that kfp's compiler packed, in an interpreter without kfp: where we do better than kfp, and what we say when it fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from unit.runtime.kfp_shim.packing import Ended, Packed, artifacts, run

from kflite.runtime.bootstrap import kfp_shim_text

HEAD = "\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n"
ARGS = ["--executor_input", "{{$}}", "--function_to_execute", "f"]
Start = Callable[..., Ended]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Runs the function `f` of a source; `made` names its output artifacts, with their types."""

    def start(
        body: str, parameters: dict | None = None, given: dict | None = None, made: dict | None = None, **env: str
    ) -> Ended:
        kinds = {name: {"artifactType": {"schemaTitle": title}} for name, title in (made or {}).items()}
        packed = Packed([HEAD + body], ARGS, {"artifacts": kinds})
        words = packed.words(packed.given(tmp_path, parameters or {}, given or {}))
        argv = [sys.executable, "-S", "-c", kfp_shim_text(), packed.source, *words]
        return run(argv, tmp_path, env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | env)

    return start


def test_a_null_without_a_default_is_none(start):
    assert start("def f(a: Optional[int], b: str) -> str: return f'{a} {b}'", {"a": None}).output == "None None"


def test_a_list_of_artifacts_comes_whole_even_with_one_or_none(start):
    body = "def f(data: Input[List[Dataset]]) -> int: return len(data)"
    assert start(body, given=artifacts("data", "/a")).output == 1
    assert start(body, given={"data": {"artifacts": []}}).output == 0


def test_new_ways_to_write_types_are_known(start):
    body = "def f(a: int | None, b: list[int], c: Input[list[Dataset]]) -> list[str]: return [str(x) for x in (a, b, len(c))]"
    assert start(body, {"b": [1]}, artifacts("c", "/a", "/b")).output == ["None", "[1]", "2"]


def test_a_parameter_can_be_taken_as_a_file(start):
    assert start(
        "def f(a: InputPath(str), b: InputPath(dict)) -> str: return open(a).read() + open(b).read()", {"a": "x", "b": {}}
    )


def test_sliced_metrics_are_logged(start):
    body = """def f(m: Output[SlicedClassificationMetrics]):
    m.load_roc_readings("a", [[0.5, 0.1, 0.2]])
    m.load_confusion_matrix("b", ["x", "y"], [[1, 2], [3, 4]])
"""
    ended = start(body, made={"m": "system.SlicedClassificationMetrics"})
    assert ended.written, ended.log
    slices = ended.written["artifacts"]["m"]["artifacts"][0]["metadata"]["evaluationSlices"]
    assert [s["slice"] for s in slices] == ["a", "b"]


def test_numbers_of_other_libraries_become_pythons(start):
    body = """class Scalar:
    def __init__(self, x): self.x = x
    def item(self): return self.x
def f(m: Output[Metrics]) -> NamedTuple("Out", [("n", int), ("x", float)]):
    m.log_metric("loss", Scalar(0.5))
    return Scalar(3), Scalar(1)
"""
    ended = start(body, made={"m": "system.Metrics"})
    assert ended.written, ended.log
    assert ended.written["parameterValues"] == {"n": 3, "x": 1.0}
    assert ended.written["artifacts"]["m"]["artifacts"][0]["metadata"] == {"loss": 0.5}


def test_an_artifact_class_of_a_project_is_used(start, tmp_path):
    (tmp_path / "mine.py").write_text("from kfp import dsl\nclass Table(dsl.Artifact):\n    schema_title = 'my.Table'\n")
    body = "from mine import Table\nimport mine\ndef f(a: Input[Table], b: Input[mine.Table], c: Input[Artifact]) -> list:\n"
    body += "    return [type(x).__name__ for x in (a, b, c)]\n"
    given = {k: v for name in "abc" for k, v in artifacts(name, "/a", title="my.Table").items()}
    assert start(body, given=given, PYTHONPATH=str(tmp_path)).output == ["Table", "Table", "Artifact"]


def test_an_artifact_class_of_another_package_is_made_its_own_way(start):
    body = """class Remote:
    schema_title, schema_version = "google.VertexModel", "0.0.1"
    @classmethod
    def _from_executor_fields(cls, name, uri, metadata):
        made = cls()
        made.name, made.uri, made.metadata = name, uri, metadata
        return made
def f(a: Input[Remote]) -> str: return f"{type(a).__name__} {a.uri} {a.metadata}"
"""
    assert start(body, given=artifacts("a", "u", title="google.VertexModel", metadata={"b": 1})).output == "Remote u {'b': 1}"


def test_a_custom_path_is_where_an_input_is_read(start):
    body = "def f(a: Input[Dataset]) -> str: return a.path"
    assert start(body, given=artifacts("a", "/a", customPath="/there")).output == "/there"


def test_long_words_come_by_file(start, tmp_path):
    (tmp_path / "source.py").write_text(HEAD + "def f(a: str) -> int: return len(a)")
    (tmp_path / "given.json").write_text(
        '{"inputs": {"parameterValues": {"a": "'
        + "x" * 1_000_000
        + f'"}}}}, "outputs": {{"outputFile": "{tmp_path}/executor_output.json"}}}}'
    )
    words = [f"@{tmp_path}/source.py", "--executor_input", f"@{tmp_path}/given.json", "--function_to_execute", "f"]
    assert run([sys.executable, "-I", "-S", "-c", kfp_shim_text(), *words], tmp_path).output == 1_000_000


@pytest.mark.parametrize(("worker", "writes"), [("chief", True), ("workerpool0", True), ("master", True), ("worker", False)])
def test_the_chief_of_a_cluster_alone_tells_the_outputs(start, worker, writes):
    ended = start("def f() -> int: return 1", CLUSTER_SPEC=f'{{"task": {{"type": "{worker}"}}}}')
    assert (ended.status, ended.written is not None) == (0, writes)


def test_code_finds_itself_and_helpers_can_be_pickled(start):
    body = """import pickle, sys
class Kept:
    pass
def f() -> str:
    assert sys.modules[__name__] is sys.modules[f.__module__]
    return type(pickle.loads(pickle.dumps(Kept()))).__module__ + " " + str(sys.argv[1:])
"""
    assert start(body).output == "ephemeral_component []"


def test_a_traceback_shows_the_users_lines_only(start):
    ended = start("def helper(x): return 1 / x\n\ndef f(a: int) -> int:\n    return helper(a)\n", {"a": 0})
    lines = ended.log.splitlines()
    assert (ended.status, ended.written) == (1, None)
    assert lines[0] == "Traceback (most recent call last):"
    assert [line.rpartition("/")[2] for line in lines if line.startswith("  File")] == [
        'ephemeral_component.py", line 9, in f',
        'ephemeral_component.py", line 6, in helper',
    ]
    assert lines[-1] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def f() -> int: return 'a'", "component f: output 'Output' is declared as int, and the function returned 'a' (str)"),
        ("def f() -> int: return True", "output 'Output' is declared as int, and the function returned True (bool)"),
        ("def f() -> int: pass", "output 'Output' is declared as int, and the function returned None (NoneType)"),
        ("def f() -> set: return {1}", "which is no type of an output"),
        ("def f(): return 3", "component f: returned 3 (int), and no return type is declared"),
        ("def f() -> dict: return {'a': object()}", "which JSON cannot"),
        ("def f() -> NamedTuple('O', [('a', int), ('b', int)]): return (1,)", "it must be a NamedTuple with the fields a, b"),
        ("def f(a: dsl.EmbeddedInput[Dataset]): pass", "no file or folder came with the component's code"),
    ],
)
def test_a_wrong_output_is_told_in_a_line(start, body, said):
    ended = start(body)
    assert (ended.status, ended.written) == (1, None)
    assert said in ended.log
    assert "Traceback" not in ended.log


def test_a_notebook_is_run_by_a_notebook_component_only(start):
    ended = start("def f(): dsl.run_notebook(a=1)")
    assert "NotImplementedError: dsl.run_notebook runs the notebook of a dsl.notebook_component" in ended.log


@pytest.mark.parametrize(
    "asks",
    [
        "kfp.Client()",
        "from kfp import compiler",
        "import kfp.components",
        "dsl.pipeline",
        "from kfp.dsl.executor import Executor",
    ],
)
def test_code_that_asks_for_more_of_kfp_is_told_how_to_get_it(start, asks):
    ended = start(f"def f():\n    import kfp\n    {asks}\n")
    assert ended.status == 1
    assert "kfp is not installed here" in ended.log
    assert ended.log.rstrip().endswith("install kfp, or name it in packages_to_install")


def test_an_import_of_anything_else_is_not_blamed_on_kfp(start):
    assert "packages_to_install" not in start("def f():\n    import not_there").log


def test_the_status_of_sys_exit_is_kept(start):
    assert start("def f():\n    import sys\n    sys.exit(7)").status == 7


def test_memory_that_runs_out_has_an_exit_status_of_its_own(start):
    assert start("def f(): raise MemoryError").status == 137


def test_a_kfp_that_is_installed_is_never_shadowed(start, tmp_path):
    """One that looks like the real one, and tells of itself."""
    (tmp_path / "site/kfp/dsl").mkdir(parents=True)
    (tmp_path / "site/kfp/__init__.py").write_text(
        "import os\nassert os.environ['_KFP_RUNTIME'] == 'true'\nfrom kfp import dsl\n"
    )
    (tmp_path / "site/kfp/dsl/__init__.py").write_text("__all__ = ['Real']\nclass Real: pass\n")
    executor = """import json
class Executor:
    def __init__(self, executor_input, function_to_execute):
        self.file, self.function = executor_input["outputs"]["outputFile"], function_to_execute
    def execute(self):
        with open(self.file, "w") as file:
            json.dump({"parameterValues": {"Output": self.function()}}, file)
"""
    (tmp_path / "site/kfp/dsl/executor.py").write_text(executor)
    assert start("def f() -> str: return Real.__module__", PYTHONPATH=str(tmp_path / "site")).output == "kfp.dsl"


def test_bytes_at_a_path_of_the_codes_own_are_brought_by_the_real_kfp_too(tmp_path):
    pytest.importorskip("kfp", reason="kfp is not installed: pip install '.[test]'")
    body = f"""def f(m: Output[Model]):
    m.custom_path = "{tmp_path}/own"
    with open(m.path, "w") as file:
        file.write("bytes")
"""
    packed = Packed([HEAD + body], ARGS, {"artifacts": {"m": {"artifactType": {"schemaTitle": "system.Model"}}}})
    words = packed.words(packed.given(tmp_path, {}, {}))
    ended = run([sys.executable, "-W", "ignore", "-c", kfp_shim_text(), packed.source, *words], tmp_path)
    assert ended.files == {"m": "bytes"}, ended.log
    assert ended.written["artifacts"]["m"]["artifacts"][0]["custom_path"] == ""


def test_parts_of_kfp_that_are_installed_without_it_are_found(start, tmp_path):
    (tmp_path / "site/kfp/pipeline_spec").mkdir(parents=True)
    (tmp_path / "site/kfp/pipeline_spec/__init__.py").write_text("there = True")
    body = "def f() -> bool:\n    import kfp.pipeline_spec\n    return kfp.pipeline_spec.there and Dataset is dsl.Dataset"
    assert start(body, PYTHONPATH=str(tmp_path / "site")).output is True


def test_others_can_ask_whether_kfp_is_there(start):
    body = "def f() -> bool:\n    import importlib.util\n    return bool(importlib.util.find_spec('kfp.dsl'))"
    assert start(body).output is True


def test_nothing_is_left_in_an_interpreter_that_goes_on(tmp_path: Path) -> None:
    packed = Packed([HEAD + "def f(): pass"], ARGS, {})
    words = [packed.source, *packed.words(packed.given(tmp_path, {}, {}))]
    end = "print(sorted(m for m in sys.modules if m.split('.')[0] in ('kfp', 'ephemeral_component')))"
    program = (
        kfp_shim_text()
        .replace('if __name__ == "__main__":', "if True:")
        .replace("sys.exit(run_packed(", f"{'print(run_packed('}")
    )
    ended = run([sys.executable, "-I", "-S", "-c", f"{program}{end}", *words], tmp_path)
    assert ended.log == "0\n[]\n"


@pytest.mark.parametrize("python", ["python3.7", "python3.8", "python3.9", "python3.10", "python3.12", "python3.13"])
def test_old_and_new_pythons_run_it(python: str, tmp_path: Path) -> None:
    import shutil

    if not shutil.which(python):
        pytest.skip(f"no {python}")
    body = "def f(a: int, m: Output[Metrics], d: Input[List[Dataset]], o: Optional[Input[Model]] = None) -> List[str]:\n"
    body += "    m.log_metric('a', a)\n    return [type(x).__name__ for x in (m, *d, o)]\n"
    packed = Packed([HEAD + body], ARGS, {"artifacts": {"m": {"artifactType": {"schemaTitle": "system.Metrics"}}}})
    words = packed.words(packed.given(tmp_path, {"a": 1}, artifacts("d", "/a", "/b")))
    ended = run([python, "-I", "-S", "-c", kfp_shim_text(), packed.source, *words], tmp_path)
    if "command not found" in ended.log:
        pytest.skip(f"no {python} behind the shim")
    assert ended.output == ["Metrics", "Dataset", "Dataset", "NoneType"]


OF_1_8 = HEAD.replace("kfp import dsl", "kfp.v2 import dsl").replace("kfp.dsl", "kfp.v2.dsl")


def test_code_of_kfp_1_8_takes_and_gives_lists_mappings_and_truth_values_as_texts(tmp_path):
    body = """
def f(a: bool, b: List[int], c: dict, d: Optional[float], e: str, m: Output[Metrics]) -> NamedTuple(
    "O", [("a", bool), ("b", list), ("c", dict), ("d", float), ("e", str)]
):
    m.log_metric("n", len(b))
    assert (a, b, c, d, e) == (True, [1], {"k": None}, 2.5, "[1]")
    return (a, b, c, d, e)
"""
    packed = Packed([OF_1_8 + body], ARGS, {"artifacts": {"m": {"artifactType": {"schemaTitle": "system.Metrics"}}}})
    given = packed.given(tmp_path, {"a": "True", "b": "[1]", "c": '{"k": null}', "d": 2.5, "e": "[1]"}, {})
    ended = run([sys.executable, "-c", kfp_shim_text(), packed.source, *packed.words(given)], tmp_path)
    assert ended.written, ended.log
    assert ended.written["parameterValues"] == {"a": "true", "b": "[1]", "c": '{"k": null}', "d": 2.5, "e": "[1]"}
    assert ended.written["artifacts"]["m"]["artifacts"][0]["metadata"] == {"n": 1}
