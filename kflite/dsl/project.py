"""Modules of the user's project, which are not installed, so that an image does not have them.

They travel with a component as files, together with the project's modules that they import.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from kflite.errors import CompileError

_INSTALLED = ("site-packages", "dist-packages")
_LIBRARY = str(Path(ast.__file__).parent)  # the standard library


def file_of(module: str) -> Path | None:
    """The file of a project's module; None for installed and built-in modules, and for other names."""
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names or root in ("kflite", "__main__"):
        return None
    origin, _ = _origin_and_folders(module)
    is_ours = origin and origin not in ("built-in", "frozen") and not origin.startswith(_LIBRARY)
    return Path(origin) if is_ours and not any(part in _INSTALLED for part in Path(origin).parts) else None


def _origin_and_folders(module: str) -> tuple[str, Iterable[str] | None]:
    """A module's file, and a package's folders, without executing anything."""
    if loaded := sys.modules.get(module):
        return getattr(loaded, "__file__", None) or "", getattr(loaded, "__path__", None)
    import importlib.util

    parent = module.rpartition(".")[0]
    folders = _origin_and_folders(parent)[1] if parent else None
    try:
        spec = importlib.util.find_spec(module) if not parent else folders and PathFinder.find_spec(module, list(folders))
    except (ImportError, ValueError):
        spec = None
    return (spec.origin or "", spec.submodule_search_locations) if spec else ("", None)


def files(modules: Iterable[str]) -> dict[str, str]:
    """The texts of these modules, and of the project's modules that they import, by path below the project's folder.

    Raises CompileError for a module that is no Python source.
    """
    texts: dict[str, str] = {}
    waiting, visited = sorted(modules), set[str]()
    while waiting:
        name = waiting.pop()
        file = None if name in visited else file_of(name)
        visited.add(name)
        if file is None:
            continue
        is_package = file.stem == "__init__"
        texts[name.replace(".", "/") + ("/__init__.py" if is_package else ".py")] = text = _text(name, file)
        package = name if is_package else name.rpartition(".")[0]
        waiting += [*_parents(name), *imported(_parsed(text, file), package)]
    return dict(sorted(texts.items()))


def _text(name: str, file: Path) -> str:
    if file.suffix != ".py":
        remedy = "install it as a package and name that in packages_to_install, or give the component a target_image"
        raise CompileError(f"{file}: the module {name} is no Python source, so it cannot travel with a component: {remedy}")
    return file.read_text("utf-8")


def _parsed(text: str, file: Path) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise CompileError(f"{file}:{error.lineno}: SyntaxError: {error.msg}") from None


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def imported(tree: ast.AST, package: str) -> Iterator[str]:
    """Names that may be modules in a code's import statements, except those for type checkers. package: the code's."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = origin(node, package)
            yield from (base, *(f"{base}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from (name for other in node.orelse for name in imported(other, package))
        else:
            yield from imported(node, package)


def origin(statement: ast.ImportFrom, package: str) -> str:
    """The module of a statement `from ... import`, also of a relative one."""
    above = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    return ".".join([*above, *([statement.module] if statement.module else [])])
