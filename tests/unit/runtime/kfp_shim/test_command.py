"""The commands of kfp's compilers are taken apart; what would do anything else is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shlex import quote

import pytest

from kflite.runtime.bootstrap import as_python, compressed, kfp_shim_text, without_kfp
from kflite.runtime.kfp_shim.command import asks_for_more, read

HEAD = "\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n"
SOURCE = f"{HEAD}\ndef f(a: int = 1) -> int:\n    return a\n\n"
ARGS = ["--executor_input", "{}", "--function_to_execute", "f"]
FIND = """
if ! [ -x "$(command -v pip)" ]; then
    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
fi

PIP_DISABLE_PIP_VERSION_CHECK=1 """
PIP = "python3 -m pip install --quiet --no-warn-script-location "
KFP = f"""{PIP}'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<"3.9"'"""
VENV = """
export PIP_DISABLE_PIP_VERSION_CHECK=1
tmp=$(mktemp -d)
python3 -m venv "$tmp/venv" --system-site-packages
. "$tmp/venv/bin/activate"
 """
END = ' && "$0" "$@"\n'
RUN = (
    'program_path=$(mktemp -d)\n\nprintf "%s" "$0" > "$program_path/ephemeral_component.py"\n'
    "_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main                         --component_module_path"
    '                         "$program_path/ephemeral_component.py"                         "$@"\n'
)
RUN_OF_2_0 = RUN.replace("_KFP_RUNTIME=true python3 -m kfp.dsl", "python3 -m kfp.components").replace("\n\n", "\n")
RUN_OF_1_8 = RUN.replace("_KFP_RUNTIME=true python3 -m kfp.dsl", "python3 -m kfp.v2.components").replace("\n\n", "\n")


def command(pip: str = "", run: str = RUN, source: str = SOURCE) -> list[str]:
    install = ["sh", "-c", f"{FIND}{pip}{END}"] if pip else []
    return [*install, "sh", "-ec", run, source]


@pytest.mark.parametrize(
    "words",
    [
        command(KFP),
        command(),
        command(VENV + KFP),
        command(f"{PIP}'kfp==2.0.1'", RUN_OF_2_0),
        command(f"{PIP}'kfp==1.8.22'", RUN_OF_1_8),
    ],
)
def test_a_component_that_needs_only_kfp_needs_nothing(words):
    found = as_python(words, ARGS)
    assert found
    assert (found.code, found.argv, found.packages) == (kfp_shim_text(), (SOURCE, *ARGS), ())
    assert without_kfp(words, ARGS) == ("python3", "-u", "-c", compressed(kfp_shim_text()), SOURCE)


@pytest.mark.parametrize(
    "pip",
    [
        f"{PIP}'numpy<3' 'a b'  &&  {KFP}",
        f"{KFP}  &&  {PIP}'numpy<3' 'a b'",
        f"{PIP}'numpy<3' 'a b'",
        f"{PIP}'numpy<3' 'a b'  &&  {VENV}{KFP}",
        f"{PIP}'numpy<3' 'a b'  &&  {PIP}'git+https://github.com/kubeflow/pipelines.git@1#subdirectory=sdk/python'",
        f"{PIP}'numpy<3' 'a b'  &&  {PIP}'git+https://github.com/kubeflow/pipelines@refs/pull/1' '--no-deps'",
        f"{PIP}'numpy<3' 'a b' 'kfp==2.0.1'",
        f"{PIP}'numpy<3' 'kfp[kubernetes]>=2' 'a b'",
    ],
)
def test_packages_are_those_of_the_user(pip):
    found = read(command(pip))
    assert found
    assert found.packages == ("numpy<3", "a b")
    assert found.script == f"""{FIND}{PIP}'numpy<3' 'a b' && exec "$0" "$@\""""


def test_indexes_and_hosts_are_read():
    places = "--index-url https://u1 --extra-index-url https://u2 --trusted-host h1 --trusted-host h2 "
    found = read(command(f"{PIP}{places}'x'  &&  {PIP}{places}'kfp==2.17.0' '--no-deps'"))
    assert found
    assert (found.index_urls, found.trusted_hosts) == (("https://u1", "https://u2"), ("h1", "h2"))
    assert f"{PIP}{places}x && exec" in found.script


@pytest.mark.parametrize(
    "body",
    [
        "return kfp.Client()",
        "from kfp import compiler",
        "from kfp.client import Client",
        "import kfp.compiler",
        "import kfp as k",
    ],
)
def test_kfp_is_installed_where_the_code_asks_for_more_of_it(body):
    source = f"{SOURCE}    {body}\n"
    assert asks_for_more(source)
    found = read(command(f"{PIP}'kfp==2.9.0' 'x'", source=source))
    assert found
    assert found.packages == ("kfp==2.9.0", "x")


@pytest.mark.parametrize(
    "body",
    ["import kfp.dsl", "from kfp import dsl", "print(kfp.__version__)", "x = kfp.dsl.Model", "from kfp.v2.dsl import Model"],
)
def test_what_stands_in_for_kfp_is_enough_for_most_code(body):
    assert not asks_for_more(f"{SOURCE}    {body}\n")


@pytest.mark.parametrize("package", ["kfp-kubernetes==2.0", "kfp-server-api", "kfpx", "not-kfp", "./kfp.txt"])
def test_a_package_that_only_resembles_kfp_is_installed(package):
    found = read(command(f"{PIP}'{package}'"))
    assert found
    assert found.packages == (package,)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["python3", "-m", "kfp.dsl.executor_main"],
        command()[2:],
        [*command(), "more"],
        ["bash", *command()[1:]],
        command(run=RUN + "rm -rf x\n"),
        command(run="touch x\n" + RUN),
        command(run=RUN.replace("$program_path/e", "$HOME/e")),
        ["sh", "-c", "echo first", *command()],
        command(f"touch x && {KFP}"),
        command(f"{PIP}'x'; touch y"),
        command(f"{PIP}'x' || true"),
        command(f"{PIP}'x' & "),
        command(f"{PIP}'x' > log"),
        command(f"{PIP}$(cat packages)"),
        command(f"{PIP}`cat packages`"),
        command(f"{PIP}--index-url https://$TOKEN@u1 'x'"),
        command(f"{PIP}'x'\ntouch y"),
        command(f"{PIP}'--pre' 'x'"),
        command(f"{PIP}'-r' 'requirements.txt'"),
        command(f"{PIP}'x"),
        command(PIP),
        command(f"{PIP}'x' && "),
    ],
)
def test_other_commands_are_left_alone(words):
    assert as_python(words, ARGS) is None
    assert without_kfp(words, ARGS) == tuple(words)


@pytest.mark.parametrize("args", [[], ARGS[:2], [*ARGS, "--more", "x"], ["--function", "f", "--executor-input", "{}"]])
def test_other_arguments_are_left_alone(args):
    assert as_python(command(), args) is None


def test_the_order_of_the_arguments_does_not_matter():
    assert as_python(command(), [*ARGS[2:], *ARGS[:2]])


def test_packages_are_installed_by_pip_before_the_code_runs(tmp_path: Path):
    program = tmp_path / "python3"
    log = tmp_path / "installed"
    program.write_text(f'#!/bin/sh\nif [ "$1" = -m ]; then echo "$@" >> {quote(str(log))}; else echo "ran $3 $4"; fi\n')
    program.chmod(0o755)
    (tmp_path / "pip").symlink_to(program)
    words = command(f"{PIP}'numpy<3' 'a b'  &&  {KFP}", source="SOURCE")
    argv = [word.replace(compressed(kfp_shim_text()), "CODE") for word in without_kfp(words, ARGS)]
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run([*argv, *ARGS], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == "ran CODE SOURCE\n"
    assert log.read_text() == "-m pip install --quiet --no-warn-script-location numpy<3 a b\n"


def test_each_option_of_the_decorator_is_recognised():
    dsl = pytest.importorskip("kfp.dsl", reason="kfp is not installed: pip install '.[test]'")
    from unit.runtime.kfp_shim.corpus import undecorated
    from unit.runtime.kfp_shim.packing import pack

    places = {"pip_index_urls": ["https://u1", "https://u2"], "pip_trusted_hosts": ["h"]}
    for options in (
        {},
        {"install_kfp_package": False},
        {"use_venv": True},
        places,
        {"kfp_package_path": "git+https://github.com/me/kubeflow/pipelines"},
    ):
        for packages in ([], ["numpy<3", "a b", "importlib-metadata; python_version<'3.8'", 'x; python_version<"3.8"']):
            component = pack(dsl.component(undecorated, packages_to_install=packages, **options))
            found = as_python(component.command, component.args)
            assert found, component.command
            assert (found.argv[0], found.packages) == (component.source, tuple(packages))
            if packages and options is places:
                assert (found.index_urls, found.trusted_hosts) == (("https://u1", "https://u2"), ("h",))


def test_a_component_with_an_image_of_its_own_keeps_its_command():
    dsl = pytest.importorskip("kfp.dsl", reason="kfp is not installed: pip install '.[test]'")
    from unit.runtime.kfp_shim.corpus import undecorated
    from unit.runtime.kfp_shim.packing import pack

    component = pack(dsl.component(undecorated, base_image="python:3.11", target_image="mine"))
    assert as_python(component.command, component.args) is None


def test_the_program_is_in_the_language_of_python_3_7():
    import ast

    tree = ast.parse(kfp_shim_text(), feature_version=(3, 7))
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"json", "os", "sys", "typing"}
    assert not [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module != "__future__"]


def test_the_program_fits_into_an_argument():
    assert len(kfp_shim_text().encode()) < 100_000, sys.version
