"""Targets: everything that can be named or handed over to be run, and what is said about what cannot."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.ir.documents import SOUND, sound

from kflite import dsl
from kflite.errors import CompileError, InputError, InvalidPipeline, NotFound
from kflite.ir.write import dumps_yaml
from kflite.target import load

COMPONENT = """
from kflite import dsl

@dsl.component
def {name}(x: int = 1) -> int:
    return x + 1
"""
PIPELINE = """
@dsl.pipeline
def {name}(x: int = 1) -> int:
    return one(x=x).output
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def write(file: Path, *parts: str) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(parts))
    return str(file)


ONE = COMPONENT.format(name="one")
DIGITS = PIPELINE.format(name="digits")


def test_a_file_with_one_pipeline_is_that_pipeline(folder: Path) -> None:
    target = load(write(folder / "mine.py", ONE, DIGITS))
    assert (target.kind, target.name, target.source) == ("pipeline", "digits", f"{folder}/mine.py:digits")
    assert target.pipeline
    assert target.pipeline.name == "digits"


def test_a_file_with_one_component_only_is_that_component(folder: Path) -> None:
    assert load(write(folder / "mine.py", ONE)).name == "one"


def test_a_name_after_the_file_chooses(folder: Path) -> None:
    file = write(folder / "mine.py", ONE, DIGITS)
    assert load(f"{file}:one").name == "one"
    assert load(Path(file)).name == "digits"


def test_several_pipelines_ask_for_a_choice(folder: Path) -> None:
    write(folder / "mine.py", ONE, DIGITS, PIPELINE.format(name="letters"))
    with pytest.raises(InputError, match=r"several pipelines in it: choose one, as mine.py:digits or mine.py:letters"):
        load("mine.py")


def test_a_pipeline_that_was_imported_from_elsewhere_does_not_count(folder: Path) -> None:
    write(folder / "other.py", ONE, PIPELINE.format(name="letters"))
    write(folder / "mine.py", "from other import letters, one\nfrom kflite import dsl\n", DIGITS)
    assert load("mine.py").name == "digits"
    assert str(folder) not in sys.path


def test_a_module_is_found_from_the_current_folder(folder: Path) -> None:
    write(folder / "pack" / "__init__.py")
    write(folder / "pack" / "mine.py", ONE, DIGITS)
    assert load("pack.mine:digits").source == "pack.mine:digits"


def test_a_file_named_as_a_module_of_python_shadows_nothing(folder: Path) -> None:
    before = sys.modules["json"]
    assert load(write(folder / "json.py", ONE, DIGITS)).name == "digits"
    assert sys.modules["json"] is before


def test_a_file_that_changed_is_read_again(folder: Path) -> None:
    assert load(write(folder / "mine.py", ONE, DIGITS)).name == "digits"
    assert load(write(folder / "mine.py", ONE, PIPELINE.format(name="letters"))).name == "letters"


@pytest.mark.parametrize("name", ["p.yaml", "p.json", "p"])
def test_a_document_is_read_whatever_its_suffix(folder: Path, name: str) -> None:
    text = json.dumps(SOUND) if name.endswith("json") else dumps_yaml(sound())
    assert load(write(folder / name, text)).pipeline == sound()


def test_a_minus_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(dumps_yaml(sound()).encode())))
    assert load("-").pipeline == sound()


def test_a_dict_is_read_as_a_document() -> None:
    assert load(SOUND).pipeline == sound()
    with pytest.raises(InputError, match="the given document is not JSON"):
        load({"root": {1, 2}})


def test_kflites_objects_are_compiled() -> None:
    @dsl.component
    def one(x: int = 1) -> int:
        return x

    @dsl.pipeline
    def digits(x: int = 1) -> int:
        return one(x=x).output

    assert load(digits).pipeline == dsl.compile(digits)
    assert load(one).name == "one"


def test_kfps_objects_are_read_as_they_are(folder: Path) -> None:
    pytest.importorskip("kfp.dsl", exc_type=ImportError)
    text = (ONE + DIGITS).replace("kflite", "kfp").replace("@dsl.component", "@dsl.component(base_image='python:3.11')")
    file = write(folder / "theirs.py", text)
    target = load(file)
    assert target.pipeline
    assert target.pipeline.spec == sys.modules["theirs"].digits.pipeline_spec
    assert load(f"{file}:one").name == "one"


def test_kubeflows_other_kinds_are_known_by_name(folder: Path) -> None:
    job = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "metadata": {"name": "mnist"}}
    target = load(write(folder / "job.json", json.dumps(job)))
    assert (target.kind, target.name, target.pipeline, target.document) == ("PyTorchJob", "mnist", None, job)


COMPONENT_FILE = """
name: Add up
inputs: [{name: First Number, type: Integer}, {name: b, type: Integer, default: '2'}]
outputs: [{name: Sum, type: Integer}]
implementation: {container: {image: alpine, command: [add, {inputValue: First Number}, {inputValue: b}, {outputPath: Sum}]}}
"""


def test_a_component_file_of_kfp_1_is_a_pipeline_of_this_task(folder: Path) -> None:
    target = load(write(folder / "component.yaml", COMPONENT_FILE))
    assert target.pipeline
    assert target.name == "add-up"
    assert set(target.pipeline.spec.root.input_definitions.parameters) == {"first_number", "b"}


def test_a_documents_part_is_not_named(folder: Path) -> None:
    write(folder / "needs.yaml", "{}")
    with pytest.raises(InputError, match=r"needs\.yaml:x: only a Python file holds several targets; name needs\.yaml alone"):
        load("needs.yaml:x")


@pytest.mark.parametrize(
    ("target", "error", "message"),
    [
        ("", InputError, "names no target"),
        ("nope.yaml", NotFound, "nope.yaml: there is no such file in"),
        ("nope.py:x", InputError, "nope.py: there is no such file"),
        ("nope.mod:x", InputError, "nope.mod: ModuleNotFoundError: No module named 'nope'"),
        (".", InputError, "this is a folder; name a file in it"),
        (42, InputError, "a int cannot be run: give a function under @dsl.pipeline"),
        (load, InputError, "a function load cannot be run"),
        ({"apiVersion": "v1", "kind": "Pod"}, InputError, "kind 'Pod' is nothing that kflite knows"),
        ({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow"}, InputError, "a workflow of Argo, which kfp 1 made"),
        ({"implementation": "x"}, CompileError, "its implementation is no container"),
        ({"a": 1}, InvalidPipeline, "neither a pipeline nor its platform document"),
    ],
)
def test_what_is_no_target_is_refused(folder: Path, target: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        load(target)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "import helper",
            "mine.py: ZeroDivisionError: division by zero\n  {0}/mine.py:1: import helper\n  {0}/helper.py:1: 1 / 0",
        ),
        ("x = (", "{0}/mine.py:1: SyntaxError: '(' was never closed"),
        ("raise SystemExit", "mine.py: SystemExit: it ends the program\n  {0}/mine.py:1: raise SystemExit"),
        ("import nowhere", "mine.py: ModuleNotFoundError: No module named 'nowhere'\n  {0}/mine.py:1: import nowhere"),
        ("x = 1", "mine.py: there is no pipeline or component in it: put @dsl.pipeline above a function"),
    ],
)
def test_what_fails_in_the_users_file_is_told_by_its_own_lines(folder: Path, text: str, message: str) -> None:
    write(folder / "helper.py", "1 / 0\n")
    write(folder / "mine.py", text + "\n")
    with pytest.raises(InputError) as caught:
        load("mine.py")
    assert str(caught.value) == message.format(folder)


def test_of_a_librarys_lines_the_innermost_is_told_beside_the_users(folder: Path) -> None:
    library = folder / "site-packages" / "library_of_target.py"
    library.parent.mkdir()
    library.write_text("def deep(n):\n    return deep(n - 1) if n else 1 / 0\n")
    write(
        folder / "mine.py",
        f"import sys\nsys.path.insert(0, {str(library.parent)!r})\nfrom library_of_target import deep\ndeep(20)\n",
    )
    with pytest.raises(InputError) as caught:
        load("mine.py")
    _, *lines = str(caught.value).splitlines()
    assert lines == [f"  {folder}/mine.py:4: deep(20)", f"  {library}:2: return deep(n - 1) if n else 1 / 0"]


def test_a_name_that_is_not_there_is_told_with_those_that_are(folder: Path) -> None:
    write(folder / "mine.py", ONE, DIGITS)
    with pytest.raises(InputError, match=r"there is no 'digit' in it: there is mine.py:digits, mine.py:one"):
        load("mine.py:digit")


def test_an_error_of_the_dsl_stays_what_it_is(folder: Path) -> None:
    write(folder / "mine.py", "from kflite import dsl\n@dsl.component\ndef f(x): ...\n")
    with pytest.raises(CompileError):
        load("mine.py")
