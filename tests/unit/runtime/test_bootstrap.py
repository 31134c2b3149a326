"""The command of a Python component: any shell runs it, and it can be taken apart again."""

import re
import subprocess
import sys
import zlib
from base64 import b64encode
from pathlib import Path
from shlex import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kflite.runtime.bootstrap import (
    as_python,
    compose,
    compressed,
    decompressed,
    in_image_text,
    kfp_shim_text,
    runner_text,
    split,
)

WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), max_size=3)


@given(source=st.text(), packages=WORDS, urls=WORDS, hosts=WORDS, venv=st.booleans())
def test_what_was_composed_is_recognised(source, packages, urls, hosts, venv):
    command, args = compose(source, "f", packages, urls, hosts, {"outputs": {"Output": "int"}}, venv)
    found = as_python(command, args)
    assert found
    assert (found.code, found.argv) == (compressed(runner_text()), (source, *args))
    assert found.packages == tuple(packages)
    if packages:
        assert (found.index_urls, found.trusted_hosts) == (tuple(urls), tuple(hosts))


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ([], []),
        (["python3", "-u", "-c", "print(1)"], []),
        (["python3", "-u", "-c", "print(1)", "x"], ["--other", "f"]),
        (["sh", "-c", "echo hello"], ["--function", "f"]),
        (["sh", "-c"], ["--function", "f"]),
        (["sh", "-c", 'rm -rf x && exec "$0" "$@"', "python3", "-u", "-c", "code", "source"], ["--function", "f"]),
        (["bash", "-c", "x", "python3", "-u", "-c", "code", "source"], ["--function", "f"]),
    ],
)
def test_other_commands_are_left_alone(command, args):
    assert as_python(command, args) is None


def test_a_line_with_something_added_is_left_alone():
    command, args = compose("", "f", ["numpy"])
    line = command[2].replace("numpy", "numpy; touch /nowhere/x")
    assert as_python([*command[:2], line, *command[3:]], args) is None


def test_the_runner_is_python_that_imports_three_modules_of_the_standard_library():
    import ast

    tree = ast.parse(runner_text())
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"json", "os", "sys"}
    assert not [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module != "__future__"]


def test_each_component_carries_the_runner_in_ten_kilobytes_without_a_placeholder():
    (word,) = (word for word in compose("", "f")[0] if len(word) > 100)
    assert decompressed(word) == runner_text()
    assert len(word) < 10_500
    assert "{{" not in word
    assert word.count("\n") == 2


def test_a_folded_program_shows_its_text_as_its_first_line_says():
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", compressed(runner_text()).replace("exec", "print")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == f"{runner_text()}\n"


@pytest.mark.parametrize("text", [runner_text(), kfp_shim_text()])
def test_a_program_of_ours_is_known_by_its_text_however_it_was_compressed(text: str):
    other = re.sub('"[^"]+"', f'"{b64encode(zlib.compress(text.encode(), 1)).decode()}"', compressed(text))
    assert other != compressed(text)
    assert split(other) == split(compressed(text)) == split(text)
    assert split(text)[0]


@pytest.mark.parametrize(
    "text", ["print(1)", compressed("print(1)"), compressed("x" * (2 << 20)), re.sub('"[^"]+"', '"eNo"', compressed("a"))]
)
def test_of_another_program_nothing_is_executed_ahead(text: str):
    assert split(text)[0] == ""


def test_packages_are_installed_before_the_code_runs(tmp_path: Path):
    pip = tmp_path / "python3"
    installed, python = quote(str(tmp_path / "installed")), quote(sys.executable)
    pip.write_text(f'#!/bin/sh\nif [ "$1" = -m ]; then shift; echo "$@" > {installed}; else exec {python} "$@"; fi\n')
    pip.chmod(0o755)
    command, args = compose("def f(): print('ran')", "f", ["numpy<3", "a b"], ["https://one", "https://two"], ["host"])
    argv = [*command, *("{}" if word == "{{$}}" else word for word in args)]
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env, timeout=60)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
    words = (tmp_path / "installed").read_text()
    assert words.startswith("pip install ")
    assert words.endswith("--index-url https://one --extra-index-url https://two --trusted-host host -- numpy<3 a b\n")


def test_the_code_does_not_run_when_the_installation_fails(tmp_path: Path):
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 4\n")
    (tmp_path / "python3").chmod(0o755)
    command, args = compose("def f(): print('ran')", "f", ["numpy"])
    done = subprocess.run(
        [*command, *args], capture_output=True, text=True, check=False, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=60
    )
    assert (done.returncode, done.stdout) == (4, "")


def test_a_virtual_environment_takes_the_packages_where_one_is_asked_for(tmp_path: Path):
    (tmp_path / "python3").symlink_to(sys.executable)
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    write_wheel(wheel)
    code = "def f():\n    import sys, tiny\n    print(sys.prefix != sys.base_prefix, tiny.__file__.startswith(sys.prefix))"
    command, args = compose(code, "f", [str(wheel)], venv=True)
    argv = [*command, *("{}" if word == "{{$}}" else word for word in args)]
    env = {"PATH": f"{tmp_path}:{Path(sys.executable).parent}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "TMPDIR": str(tmp_path)}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr


def write_wheel(file: Path) -> None:
    import zipfile

    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")


@pytest.mark.parametrize("program", [runner_text, kfp_shim_text, in_image_text])
def test_no_file_of_a_program_takes_a_name_that_another_has(program):
    import ast

    names = [node.name for node in ast.parse(program()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in ast.parse(program()).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    twice = {name for name in names if names.count(name) > 1}
    assert twice <= {"TYPE_CHECKING"}
