"""Components that use modules of the user's own project: these travel along, and the same YAML runs where they are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kflite
from kflite.core.event_kind import State
from kflite.errors import CompileError
from kflite.ir.write import dumps_yaml
from kflite.target import load

FILES = {
    "flow.py": """
from dataclasses import dataclass

from kflite import dsl
from shop import clean
from shop.schemas import Row
import shop.text as words


@dsl.component
def tidy(row: Row) -> Row:
    from shop.deep.inner import LIMIT

    return Row(words.upper(clean(row.name)), row.price + LIMIT)


@dsl.pipeline
def flow(name: str = "  tea ") -> dict:
    return tidy(row={"name": name, "price": 1}).output
""",
    "shop/__init__.py": "from shop.text import clean\n",
    "shop/text.py": "import re\nfrom . import parts\ndef clean(t):\n    return re.sub(r'^ +| +$', '', t)\n"
    "def upper(t):\n    return t.upper() + parts.MARK\n",
    "shop/parts.py": "from kflite import dsl\nMARK = '!'\n"
    "@dsl.component(base_image='x')\ndef other(x: int) -> int:\n    return x\n",
    "shop/schemas.py": "from dataclasses import dataclass\n@dataclass\nclass Row:\n    name: str\n    price: float = 0\n",
    "shop/deep/inner.py": "LIMIT = 2\n",
    "shop/unused.py": "raise RuntimeError('nobody asked for it')\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    yield folder
    for name in [n for n in sys.modules if n.split(".")[0] in ("shop", "flow")]:
        del sys.modules[name]


def test_modules_of_the_project_travel_with_the_component(run_each, project):
    ended = run_each(f"{project}/flow.py")
    assert ended.outputs["Output"] == {"name": "TEA!", "price": 3.0}


def test_the_compiled_pipeline_runs_where_the_project_is_not(run_each, project, tmp_path):
    command = [sys.executable, "-m", "kflite", "compile", f"{project}/flow.py", "-o", f"{tmp_path}/flow.yaml"]
    subprocess.run(command, check=True, capture_output=True)
    text = (tmp_path / "flow.yaml").read_text()
    assert "nobody asked" not in text
    assert str(project) not in text
    project.rename(tmp_path / "elsewhere")
    assert run_each(f"{tmp_path}/flow.yaml").outputs["Output"] == {"name": "TEA!", "price": 3.0}


def test_a_module_that_defines_components_is_imported_where_kflite_is_not_installed(project, tmp_path):
    document = load(f"{project}/flow.py").pipeline.documents[0]
    (container,) = [e["container"] for e in document["deploymentSpec"]["executors"].values()]
    given = '{"inputs": {"parameterValues": {"row": {"name": "a", "price": 1}}}, "outputs": {"outputFile": "%s/out/o.json"}}'
    argv = [word if word != "{{$}}" else given % tmp_path for word in (*container["command"][3:], *container["args"])]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", *argv], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert '{"name": "A!", "price": 3.0}' in (tmp_path / "out" / "o.json").read_text()


def test_an_error_in_a_module_that_travelled_shows_its_line(project, home):
    (project / "shop" / "text.py").write_text("def clean(t):\n    return t.no_such()\ndef upper(t):\n    return t\n")
    ended = kflite.run(f"{project}/flow.py", on="process", progress=False)
    assert ended.state is State.FAILED
    log = ended.tasks["tidy"].logs()
    assert "code/shop/text.py" in log
    assert "return t.no_such()" in log


def test_a_changed_module_is_not_answered_from_the_cache(project, home):
    first = load(f"{project}/flow.py").pipeline
    for name in [n for n in sys.modules if n.split(".")[0] in ("shop", "flow")]:
        del sys.modules[name]
    (project / "shop" / "deep" / "inner.py").write_text("LIMIT = 30\n")
    assert dumps_yaml(first) != dumps_yaml(load(f"{project}/flow.py").pipeline)


def test_a_module_that_is_no_source_is_refused(project):
    (project / "shop" / "deep" / "inner.py").rename(project / "shop" / "deep" / "inner.abi3.so")
    with pytest.raises(CompileError, match=r"inner.abi3.so: the module shop.deep.inner is no Python source.*packages_to_install"):
        load(f"{project}/flow.py")


def test_dots_in_a_component_are_refused_with_the_name_to_write(project):
    (project / "shop" / "flow.py").write_text(
        "from kflite import dsl\n@dsl.component\ndef f() -> int:\n    from .deep.inner import LIMIT\n    return LIMIT\n"
    )
    sys.path.insert(0, str(project))
    try:
        with pytest.raises(
            CompileError, match=r"shop/flow.py:4: .* '.', which means nothing elsewhere.*from shop.deep.inner import"
        ):
            load("shop.flow:f")
    finally:
        sys.path.remove(str(project))
