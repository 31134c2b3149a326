"""The options of a component's decorator, and what they refuse."""

import pytest

from kflite import dsl
from kflite.errors import CompileError
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
    with pytest.raises(CompileError, match=rf"test_components.py:\d+: output_component_file {tmp_path}.*: No such file"):
        dsl.component(output_component_file=f"{tmp_path}/no/one.yaml")(one)


@pytest.mark.parametrize("option", ["packages_to_install", "pip_index_urls", "pip_trusted_hosts"])
def test_a_text_in_place_of_a_list_is_refused(option):
    with pytest.raises(CompileError, match=f"{option} is 'numpy': give a list of texts"):
        dsl.component(**{option: "numpy"})
