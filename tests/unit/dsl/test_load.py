"""Components out of files: what is read, what is refused, and what a file that was loaded becomes."""

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from unit.dsl.corpus_loaded import COMPONENT, PIPELINE, VERSION_1, maybe, shout, train_the_model
from unit.dsl.pieces import number, tidy

from kflite import components, dsl
from kflite.errors import CompileError, InputError, InvalidPipeline, NotFound
from kflite.ir.write import dumps_yaml

HEAD = """
name: one
inputs: [{name: A B, type: Integer, optional: true}, {name: d, type: Dataset}]
implementation:
  container:
    image: x
"""


def wrong():
    shout(text=1)


def executor(component: dsl.Component) -> dict:
    (found,) = dsl.compile(component).documents[0]["deploymentSpec"]["executors"].values()
    return found["container"]


def test_a_loaded_document_compiles_to_itself():
    again = components.load_component_from_text(dumps_yaml(dsl.compile(maybe)))
    assert dsl.compile(again).documents == dsl.compile(maybe).documents


def test_a_pipeline_of_one_task_keeps_its_own_defaults():
    @dsl.component
    def add(a: int, b: int) -> int:
        return a + b

    @dsl.pipeline
    def more(a: int, b: int = 4) -> int:
        return add(a=a, b=b).output

    again = components.load_component_from_text(dumps_yaml(dsl.compile(more)))
    assert again.interface.inputs["b"].default == 4
    assert again.has_tasks


def test_a_component_of_version_1_is_a_component_like_others():
    assert list(train_the_model.interface.inputs)[:2] == ["input_data", "num_steps"]
    assert train_the_model.description == "Trains it."
    assert executor(train_the_model)["env"] == [{"name": "A", "value": "b"}]


def test_an_input_without_a_type_that_is_taken_as_a_value_is_a_text():
    made = components.load_component_from_text(
        "name: n\ninputs: [{name: x}, {name: y, type: GCSPath, default: gs://b}, {name: z}]\n"
        "implementation: {container: {image: i, command: [{inputValue: x}, {inputValue: y}, {inputPath: z}]}}"
    )
    assert [str(spec.type) for spec in made.interface.inputs.values()] == ["str", "str", "system.Artifact"]
    assert made.interface.inputs["y"].default == "gs://b"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fileOutputs: {a: /x}", "fileOutputs are gone in KFP 2: .*outputPath"),
        ("resources: {}", "implementation.container has the key 'resources'"),
        ("command: [{inputValue: C}]", "refers to the input 'C': it has a_b, d"),
        ("command: [{inputPath: A B}]", "inputPath is given 'A B', which is int: use inputValue"),
        ("command: [{inputValue: d}]", "inputValue is given 'd', which is system.Dataset: use inputPath"),
        ("command: [{outputValue: d}]", "'outputValue' stands in the command: use inputValue,"),
        ("command: [{if: {cond: true, then: [x]}}]", r"the condition True is none .*: use {isPresent: INPUT}"),
        ("command: echo", "a command is 'echo': give a list of words"),
    ],
)
def test_what_version_1_cannot_say_in_version_2_is_refused(line, words):
    with pytest.raises(CompileError, match=f"the given text: .*{words}"):
        components.load_component_from_text(f"{HEAD}    {line}\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: g\nimplementation: {graph: {tasks: {}}}", "its implementation is no container with an image"),
        ("inputs: [{name: A b}, {name: a_b}]\nimplementation: {container: {image: x}}", "'A b' and 'a_b' are both 'a_b'"),
        ("inputs: [{name: a, type: Integer, default: x}]\nimplementation: {container: {image: x}}", "declared as int.* is 'x'"),
        (
            "inputs: [{name: a, type: Model, default: x}]\nimplementation: {container: {image: x}}",
            "'a' is an artifact, and has a",
        ),
        ("inputs: [{type: Model}]\nimplementation: {container: {image: x}}", "one of its inputs has no name"),
    ],
)
def test_a_file_of_version_1_that_is_not_sound_is_refused(text, words):
    with pytest.raises(CompileError, match=words):
        components.load_component_from_text(text)


def test_every_problem_of_a_document_is_told_with_its_path():
    text = PIPELINE.replace("producerSubtask: say}", "producerSubtask: sya}").replace("{name: comp-say-2}", "{name: comp-no}")
    with pytest.raises(InvalidPipeline) as spec:
        components.load_component_from_text(text)
    assert "root.dag.outputs.parameters.Output" in str(spec.value)
    assert "'comp-no'" in str(spec.value)


def test_an_exit_task_can_be_loaded():
    end = components.load_component_from_text(dumps_yaml(dsl.compile(tidy)))

    @dsl.pipeline
    def p():
        with dsl.ExitHandler(end()):
            number()

    task = dsl.compile(p).documents[0]["root"]["dag"]["tasks"]["tidy"]
    assert task["inputs"]["parameters"]["status"] == {"taskFinalStatus": {"producerTask": "exit-handler-1"}}


def test_settings_of_a_loaded_component_stand_beside_its_own():
    @dsl.pipeline
    def p():
        shout(text="a").set_env_variable("A", "c").set_container_image("other").set_timeout(5)

    document, platform = dsl.compile(p).documents
    container = document["deploymentSpec"]["executors"]["exec-shout"]["container"]
    assert (container["image"], container["env"]) == ("other", [{"name": "A", "value": "c"}])
    assert platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-shout"] == {"activeDeadlineSeconds": "5"}


def test_a_loaded_pipeline_keeps_what_it_asks_of_a_platform_under_its_new_label():
    @dsl.pipeline
    def p():
        maybe()

    executors = dsl.compile(p).documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert executors == {"exec-say-2": {"imagePullPolicy": "Always"}}


def test_a_wrong_argument_is_refused_like_that_of_any_component():
    with pytest.raises(CompileError, match=r"test_load.py:\d+: shout\(\): 'text' is declared as str, and it was given 1"):
        dsl.pipeline(wrong)


def test_a_file_is_loaded(tmp_path):
    (tmp_path / "one.yaml").write_text(VERSION_1)
    assert components.load_component_from_file(f"{tmp_path}/one.yaml").name == "train-the-model"
    with pytest.raises(NotFound, match=r"nowhere.yaml: there is no such file"):
        components.load_component_from_file("nowhere.yaml")


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get("Authorization") in (None, "Basic dTpw") and self.path == "/one.yaml"
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write(VERSION_1.encode() if known else b"")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address():
    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_is_loaded_with_a_name_and_password_where_they_are_given(address, tmp_path):
    assert components.load_component_from_url(f"{address}/one.yaml").name == "train-the-model"
    assert components.load_component_from_url(f"{address}/one.yaml", ("u", "p")).name == "train-the-model"
    (tmp_path / "one.yaml").write_text(COMPONENT)
    assert components.load_component_from_url(f"file://{tmp_path}/one.yaml").name == "shout"


@pytest.mark.parametrize("path", ["two.yaml", "one.yaml"])
def test_a_url_that_cannot_be_read_is_told(address, path):
    with pytest.raises(InputError, match=rf"{re.escape(f'{address}/{path}')}: cannot be read: .*404"):
        components.load_component_from_url(f"{address}/{path}", ("u", "wrong"))


def test_an_unreachable_place_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        components.load_component_from_url(f"file://{tmp_path}/nowhere.yaml")
