"""kfp as it lies in an image of components: kfp's own command runs them, where kfp is not installed and where it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kflite.runtime.bootstrap import kfp_package

MODULE = """
from typing import NamedTuple

from kfp import compiler, dsl
from kfp.dsl import Dataset, Output
from kfp import kubernetes
import kfp.components
from kflite import dsl as other
from near import ONE
from pack.far import TWO

later = dsl.component(base_image="b", target_image="t")


@dsl.component(base_image="b", target_image="t")
def add(a: int, made: Output[Dataset], b: int = 5) -> NamedTuple("Out", [("sum", int), ("name", str)]):
    open(made.path, "w").write("made")
    made.metadata["uri"] = dsl.get_uri("x").rpartition("/")[2]
    return a + b + ONE + TWO, __name__


@later
def fail(a: int):
    raise ValueError("no %d" % a)


@dsl.pipeline(name="p", pipeline_config=dsl.PipelineConfig())
def p():
    add(a=1)


@other.component(target_image="t")
def ours(a: int) -> int:
    return a


compiler.Compiler().compile(p, "p.yaml")
"""
FILES = {
    "comps.py": MODULE,
    "near.py": "ONE = 1\n",
    "pack/far.py": "from .deep import TWO\n",
    "pack/deep.py": "TWO = 2\n",
    "pack/inner.py": "from kfp import dsl\nfrom .deep import TWO\n@dsl.component\ndef inner() -> int: return TWO\n",
    "statistics.py": "from kfp import dsl\n@dsl.component\ndef mine() -> str: return 'mine'\n",
    "kfp_config.ini": "[Components]\nadd = comps.py\nfail = comps.py\ninner = pack/inner.py\n"
    "mine = statistics.py\ngone = gone.py\n",
}
Start = Callable[..., tuple[dict, str]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Runs a function as kfp's command does in an image; gives what was written and what was printed."""
    code, own = tmp_path / "code", tmp_path / "own"
    for root, files in ((code, FILES), (own, kfp_package())):
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    file = tmp_path / "task" / "output.json"

    def start(function: str, more_path: str = "", **parameters: object) -> tuple[dict, str]:
        made = {"made": {"artifacts": [{"name": "made", "uri": f"{tmp_path}/made", "type": {"schemaTitle": "system.Dataset"}}]}}
        outputs = {"outputFile": str(file), **({"artifacts": made} if function == "add" else {})}
        given = {"inputs": {"parameterValues": parameters}, "outputs": outputs}
        command = [sys.executable, "-S", "-m", "kfp.dsl.executor_main", "--executor_input", json.dumps(given)]
        path = os.pathsep.join(filter(None, (str(own), more_path)))
        done = subprocess.run(
            [*command, "--function_to_execute", function],
            cwd=code,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(file.read_text()) if file.exists() else {}, done.stdout + done.stderr

    return start


def test_a_component_of_a_whole_module_runs_without_kfp_and_kflite(start):
    written, log = start("add", a=1)
    assert written, log
    assert written["parameterValues"] == {"sum": 9, "name": "comps"}
    assert written["artifacts"]["made"]["artifacts"][0]["metadata"] == {"uri": "x"}


def test_modules_of_packages_are_found_and_may_be_called_as_the_library_calls_its_own(start):
    assert start("inner")[0]["parameterValues"] == {"Output": 2}
    assert start("mine")[0]["parameterValues"] == {"Output": "mine"}


def test_an_error_shows_the_users_lines_and_none_of_ours(start):
    _, log = start("fail", a=3)
    assert "ValueError: no 3" in log
    assert "comps.py" in log
    assert "executor_main" not in log
    assert "kfp/__init__.py" not in log


@pytest.mark.parametrize(("function", "told"), [("nothing", "names add, fail, inner, mine, gone only"), ("gone", "gone.py")])
def test_what_is_not_there_is_told(start, function, told):
    _, log = start(function)
    assert f"component {function}: " in log
    assert told in log
    assert "Traceback" not in log


def test_a_folder_without_a_configuration_is_told(start, tmp_path):
    (tmp_path / "code" / "kfp_config.ini").unlink()
    assert "there is no kfp_config.ini in" in start("add", a=1)[1]


def test_a_real_kfp_goes_first(start, tmp_path):
    real = tmp_path / "real" / "kfp" / "dsl"
    real.mkdir(parents=True)
    (real.parent / "__init__.py").write_text("")
    (real / "__init__.py").write_text("")
    (real / "executor_main.py").write_text("print('the real one')\n")
    assert start("add", str(tmp_path / "real"), a=1)[1] == "the real one\n"
