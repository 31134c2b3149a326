"""The packaging: what is listed, what a wheel holds, what an import costs."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS: dict[str, Any] = PROJECT["tool"]["setuptools"]
MAPPED: dict[str, str] = SETUPTOOLS["package-dir"]
SLOW_TO_IMPORT = (
    "alembic",
    "click",
    "docker",
    "google",
    "kfp",
    "kubernetes",
    "numpy",
    "pydantic",
    "rich",
    "sqlalchemy",
)


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of the package, with the name of the package that it is in."""
    for package, folder in MAPPED.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parents = path.relative_to(ROOT / folder).parent.parts
            if "__pycache__" not in parents:
                yield ".".join((package, *parents)), path


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the work tree, built from a copy of it, unpacked."""
    pytest.importorskip("setuptools", minversion="77", reason="needs setuptools 77 or newer: bash tests/run has it")
    folder = tmp_path_factory.mktemp("wheel")
    wanted = ["pyproject.toml", "README.md", "LICENSE", *MAPPED.values()]
    for name in wanted:
        source, target = ROOT / name, folder / "source" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, target)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(folder / "source")], check=True)
    (built,) = folder.glob("kflite-*.whl")
    zipfile.ZipFile(built).extractall(folder / "site")
    return folder / "site"


def test_the_listed_packages_are_the_folders_that_hold_modules() -> None:
    assert SETUPTOOLS["packages"] == sorted({package for package, _ in sources()})


def test_a_committed_link_leads_from_the_package_to_each_mapped_folder() -> None:
    links = {f"kflite.{path.name}": os.readlink(path) for path in (ROOT / "kflite").iterdir() if path.is_symlink()}
    assert links == {package: f"../{folder}" for package, folder in MAPPED.items() if package != "kflite"}


def test_the_version_is_the_same_everywhere() -> None:
    assert python("import kflite; print(kflite.__version__)").strip() == PROJECT["project"]["version"]


def test_a_wheel_holds_every_module_once_and_nothing_else(wheel: Path) -> None:
    held = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file() and "dist-info" not in str(path)}
    data = [pattern for patterns in SETUPTOOLS["package-data"].values() for pattern in patterns]
    modules = {f"{package.replace('.', '/')}/{path.name}" for package, path in sources()}
    assert held >= modules | {"kflite/py.typed"}
    assert [name for name in held - modules if not any(Path(name).match(pattern) for pattern in data)] == []


def test_a_wheel_imports_by_the_packaged_names_only(wheel: Path) -> None:
    packages = [name for name in SETUPTOOLS["packages"] if "migrations" not in name]
    code = f"import sys, kflite, {', '.join(packages)}; print(kflite.__file__, *sys.modules)"
    where, *loaded = python(code, PYTHONPATH=str(wheel)).split()
    assert Path(where) == wheel / "kflite/__init__.py"
    assert not {folder for folder in MAPPED.values() if folder != "kflite"} & set(loaded)


def test_importing_kflite_loads_nothing_that_is_slow_to_import() -> None:
    loaded = {name.split(".")[0] for name in python("import sys, kflite; print(*sys.modules)").split()}
    assert not {*SLOW_TO_IMPORT, "sqlmodel", "textual"} & loaded


def test_every_third_party_import_is_a_declared_dependency() -> None:
    groups = [PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()]
    declared = {_normal(re.split(r"[\[<>=!~; ]", requirement)[0]) for group in groups for requirement in group}
    providers = importlib.metadata.packages_distributions()
    undeclared = {
        f"{path.relative_to(ROOT)}: {name}"
        for _, path in sources()
        for name in _imported(path) - sys.stdlib_module_names - {"kflite", "_typeshed"}
        if not {_normal(distribution) for distribution in providers.get(name, [])} & declared
    }
    assert undeclared == set()


def test_the_examples_find_scikit_learn_in_a_plain_installation() -> None:
    required = importlib.metadata.requires("scikit-optimize") or []
    assert any(re.match(r"scikit-learn\b(?!.*extra)", requirement) for requirement in required)


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _imported(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[0] for name in plain | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}}
