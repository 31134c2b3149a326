"""The options of a component's decorator, and what they refuse."""

import re

import pytest

from kflite import dsl
from kflite.errors import CompileError, InputError
from kflite.ir.read import read


def one(x: int = 1) -> int:
    return x


def command(component: dsl.Component) -> list[str]:
    (executor,) = dsl.compile(component).documents[0]["deploymentSpec"]["executors"].values()
    return executor["container"]["command"]


def test_packages_go_into_an_environment_of_their_own_where_it_is_asked_for():
    made = dsl.component(packages_to_install=["a"], use_venv=True)(one)
    assert "-m venv" in command(made)[2]
    assert "-m venv" not in command(dsl.component(packages_to_install=["a"])(one))[2]


@pytest.mark.parametrize("wanted", [True, False])
def test_nothing_installs_kfp(wanted):
    made = dsl.component(install_kfp_package=wanted)(one)
    assert command(made) == command(dsl.component(one))


def test_a_package_of_kfp_is_refused_since_nothing_needs_it():
    with pytest.raises(CompileError, match=r"test_components.py:\d+: kfp_package_path .*: remove it, or name kfp in packages"):
        dsl.component(kfp_package_path="git+https://x/kfp")


def test_a_component_is_written_to_the_file_that_it_names(tmp_path):
    made = dsl.component(output_component_file=f"{tmp_path}/one.yaml")(one)
    assert read(tmp_path / "one.yaml").documents == dsl.compile(made).documents


def test_a_file_that_cannot_be_written_is_told_with_the_component(tmp_path):
    told = rf"test_components.py:\d+: output_component_file {re.escape(str(tmp_path))}.*: No such file"
    with pytest.raises(CompileError, match=told):
        dsl.component(output_component_file=f"{tmp_path}/no/one.yaml")(one)


@pytest.mark.parametrize("option", ["packages_to_install", "pip_index_urls", "pip_trusted_hosts"])
def test_a_text_in_place_of_a_list_is_refused(option):
    with pytest.raises(CompileError, match=f"{option} is 'numpy': give a list of texts"):
        dsl.component(**{option: "numpy"})


def configured(config: dsl.TaskConfig) -> str:
    return str(config)


def test_settings_that_a_component_is_passed_stand_in_ir_and_are_nobodys_to_give():
    fields = [dsl.TaskConfigField.ENV, dsl.TaskConfigPassthrough(dsl.TaskConfigField.RESOURCES, apply_to_task=True)]
    document = dsl.compile(dsl.component(task_config_passthroughs=fields)(configured)).documents[0]
    spec = document["components"]["comp-configured"]
    assert spec["taskConfigPassthroughs"] == [{"field": "ENV"}, {"field": "RESOURCES", "applyToTask": True}]
    assert spec["inputDefinitions"]["parameters"] == {"config": {"parameterType": "TASK_CONFIG", "isOptional": True}}
    assert "inputDefinitions" not in document["root"]


def test_settings_are_not_passed_by_hand():
    made = dsl.component(configured)

    @dsl.pipeline
    def p():
        with pytest.raises(CompileError, match="'config' is filled in by the task's own settings: do not pass it"):
            made(config={})
        made()

    assert dsl.compile(p)


def test_settings_that_the_function_does_not_take_are_refused():
    with pytest.raises(CompileError, match=r"pass settings that one does not take: give .* a parameter of type dsl.TaskConfig"):
        dsl.component(task_config_passthroughs=[dsl.TaskConfigField.ENV])(one)


@pytest.mark.parametrize(
    ("fields", "words"), [(["ENV"], "holds 'ENV': give"), ([dsl.TaskConfigField.ENV] * 2, "ENV twice: keep")]
)
def test_settings_that_are_none_are_refused(fields, words):
    with pytest.raises(CompileError, match=words):
        dsl.component(task_config_passthroughs=fields)


def embedding(data: dsl.EmbeddedInput[dsl.Dataset]): ...


def test_an_embedded_input_needs_something_embedded():
    with pytest.raises(CompileError, match=r"'data' is dsl.EmbeddedInput, and nothing is embedded: name embedded_artifact_path"):
        dsl.component(embedding)


def test_what_is_to_be_embedded_must_exist():
    with pytest.raises(CompileError, match=r"test_components.py:\d+: embedded_artifact_path 'nowhere' does not exist: name"):
        dsl.component(embedded_artifact_path="nowhere")(embedding)


def test_the_same_content_makes_the_same_component_wherever_and_whenever_it_lies(tmp_path):
    made = []
    for name in ("first", "second"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "a.txt").write_text("hello")
        made.append(dsl.component(embedded_artifact_path=str(tmp_path / name))(embedding))
    assert command(made[0]) == command(made[1])


def notebook_of(**options):
    @dsl.notebook_component(**options)
    def train(rate: float = 1.0):
        dsl.run_notebook(rate=rate)

    return train


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "does not exist: name a file"),
        ({"n/a.txt": ""}, "holds no notebook: name one notebook"),
        ({"n/a.ipynb": "{}", "n/b.ipynb": "{}"}, "holds a.ipynb, b.ipynb: name one notebook"),
        ({"n/a.ipynb": "{}"}, "a.ipynb is no notebook of format 4: save it"),
        ({"n/a.ipynb": "print(1)"}, "a.ipynb is no notebook of format 4: save it"),
    ],
)
def test_a_notebook_that_is_none_is_refused(tmp_path, files, words):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    with pytest.raises(CompileError, match=rf"test_components.py:\d+: notebook_path .*{words}"):
        notebook_of(notebook_path=str(tmp_path / "n"))


def test_a_function_that_never_runs_its_notebook_is_refused(tmp_path):
    (tmp_path / "n.ipynb").write_text('{"cells": []}')
    with pytest.raises(CompileError, match=r"one\(\) never calls dsl.run_notebook\(\), so its notebook would not run: call it"):
        dsl.notebook_component(notebook_path=str(tmp_path / "n.ipynb"))(one)


@pytest.mark.parametrize("call", [dsl.get_uri, dsl.run_notebook])
def test_what_belongs_into_component_code_says_so_elsewhere(call):
    with pytest.raises(InputError, match="is called outside a running component: call it in"):
        call()


def test_an_imported_uri_may_be_a_text_with_an_input_in_it():
    @dsl.pipeline
    def p(bucket: str):
        dsl.importer(artifact_uri=f"gs://{bucket}/x", artifact_class=dsl.Dataset)

    document = dsl.compile(p).documents[0]
    uri = document["root"]["dag"]["tasks"]["importer"]["inputs"]["parameters"]["uri"]
    assert uri == {"runtimeValue": {"constant": "gs://{{$.inputs.parameters['pipelinechannel--bucket']}}/x"}}
    importer = document["deploymentSpec"]["executors"]["exec-importer"]["importer"]
    assert importer["artifactUri"] == {"runtimeParameter": "uri"}


def test_an_import_to_a_workspace_needs_one():
    @dsl.pipeline
    def p():
        dsl.importer(artifact_uri="gs://x", artifact_class=dsl.Dataset, download_to_workspace=True)

    with pytest.raises(CompileError, match=r"test_components.py:\d+: the task uses the workspace, and the pipeline p has none"):
        dsl.compile(p)
