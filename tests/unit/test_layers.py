"""The shape of the code: no circles of imports, small files and functions, a name for each class."""

from __future__ import annotations

import ast
import statistics
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS: dict[str, str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
MOST_LINES = 350
MEDIAN_LINES = 8

# Channels, conditions, tasks and what tasks are configured with make each other: `a.output == b.output`, `task.after(other)`.
OPERATORS = {"kflite.dsl.channels", "kflite.dsl.conditions", "kflite.dsl.task"}
# A decorator that is told to write its component's IR compiles it.
DECORATORS = {"kflite.dsl.compiler", "kflite.dsl.executors", "kflite.dsl.python"}

# Words of KFP, which stand for the same here and in what travels into images.
SHARED_NAMES = {"Artifact", "Client", "InputPath", "OutputPath"}


def modules() -> dict[str, ast.Module]:
    """Every module of the package, by its name."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            mapped = any(f"{package}.{parts[0]}" == other for other in FOLDERS)  # a link to another folder
            if "__pycache__" not in parts and not mapped:
                found[".".join((package, *parts)).removesuffix(".__init__")] = ast.parse(path.read_text("utf-8"))
    return found


MODULES = modules()


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that code imports, also those that it imports late; not those that are for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from (name for other in node.orelse for name in imported(ast.Module([other], [])))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)
        else:
            yield from imported(node)


GRAPH = {name: {other for other in imported(tree) if other in MODULES and other != name} for name, tree in MODULES.items()}


def reached(start: str) -> set[str]:
    """The modules that a module imports, and those that these import."""
    seen: set[str] = set()
    left = [start]
    while left:
        for name in GRAPH[left.pop()] - seen:
            seen.add(name)
            left.append(name)
    return seen


def test_no_circle_of_imports_but_those_that_the_dsl_needs() -> None:
    reach = {name: reached(name) for name in GRAPH}
    circles = {frozenset(other for other in reach[name] if name in reach[other]) for name in GRAPH if name in reach[name]}
    assert [sorted(circle) for circle in circles if circle != DECORATORS and not circle >= OPERATORS] == []


def test_files_are_short() -> None:
    lengths = {name: max((node.end_lineno or 0 for node in tree.body), default=0) for name, tree in MODULES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_functions_are_short() -> None:
    functions = (node for tree in MODULES.values() for node in ast.walk(tree))
    lengths = [
        (node.end_lineno or 0) - node.lineno + 1 for node in functions if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(lengths) <= MEDIAN_LINES


def test_a_public_class_has_a_name_of_its_own() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for module, tree in MODULES.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and ".migrations." not in module:
                homes[node.name].append(module)
    assert {name: where for name, where in homes.items() if len(where) > 1 and name not in SHARED_NAMES} == {}
