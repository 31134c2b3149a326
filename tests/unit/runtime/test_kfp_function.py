"""Commands of kfp's compiler for code that an image has: they are told apart, and install nothing that the image has."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from kflite.runtime.bootstrap import INSTALLED, as_python, installed_first, kfp_function, runs_image_code, without_kfp

CALL = ["python3", "-m", "kfp.dsl.executor_main"]
ARGS = ["--executor_input", "{}", "--function_to_execute", "add"]
SCRIPT = """
if ! [ -x "$(command -v pip)" ]; then
    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
fi

PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location PACKAGES && "$0" "$@"
"""


def command(packages: str = "") -> list[str]:
    return ["sh", "-c", SCRIPT.replace("PACKAGES", packages), *CALL] if packages else CALL


def test_the_function_that_is_called_is_told():
    assert kfp_function(CALL, ARGS) == kfp_function(command("'a==1'"), ARGS) == "add"
    wanted = installed_first(command("--index-url https://i 'a==1' 'b'"))
    assert wanted
    assert (wanted.packages, wanted.index_urls) == (("a==1", "b"), ("https://i",))
    assert installed_first(CALL) is None


@pytest.mark.parametrize("words", [["python3", "-m", "other"], ["sh", "-c", "echo"], [*CALL, "more"], []])
def test_other_commands_are_left_alone(words):
    assert kfp_function(words, ARGS) == kfp_function(CALL, ARGS[:2]) == ""
    assert without_kfp(words, ARGS) == tuple(words)
    assert as_python(words, ARGS) is None


@pytest.mark.parametrize(
    ("packages", "has", "calls"),
    [
        ("'a==1' 'b'", "|a==1|b|c|", ["-m kfp.dsl.executor_main"]),
        ("'a>1; python_version>\"3\"'", '|a>1; python_version>"3"|', ["-m kfp.dsl.executor_main"]),
        ("'a==1' 'b'", "|a==1|", ["-m pip install", "-m kfp.dsl.executor_main"]),
        ("'a[x]'", "|ax|", ["-m pip install", "-m kfp.dsl.executor_main"]),
        ("'a==1'", "", ["-m pip install", "-m kfp.dsl.executor_main"]),
    ],
)
def test_what_the_image_says_it_has_is_not_installed_again(tmp_path: Path, packages, has, calls):
    for name in ("python3", "pip"):
        (tmp_path / name).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / name).chmod(0o755)
    words = without_kfp(command(packages), ARGS)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", INSTALLED: has}
    lines = subprocess.run([*words, *ARGS], env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line[: len(start)] for line, start in zip(lines, calls, strict=True)] == calls
    assert lines[-1].endswith("--executor_input {} --function_to_execute add")


def test_code_that_only_an_image_has_is_told_apart():
    source = "total = __project__('shop', 'total', '1')"
    assert runs_image_code(command("'a'"), ARGS)
    assert runs_image_code(["python3", "-u", "-c", "code", source], ["--function", "total"])
    assert not runs_image_code(["python3", "-u", "-c", "code", "def total(): ..."], ["--function", "total"])
    assert not runs_image_code([], [])
