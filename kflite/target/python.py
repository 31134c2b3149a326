"""Targets in Python code: the module is imported, and its errors are reported with the user's lines."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from kflite.errors import InputError, KfliteError
from kflite.target.importing import INSTALLED, importable
from kflite.target.objects import of_object, role
from kflite.target.target import Target
from kflite.target.without_kfp import MISSING, is_installed, kfp_stand_in

_MOST_LINES = 8  # innermost lines of a traceback
_PACKAGE = str(Path(__file__).resolve().parents[1])


def of_file(path: Path, name: str = "") -> Target:
    """The target in a file: the one called `name`, else the only pipeline, else the only component. Raises InputError."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    file = path.resolve()
    with importable(str(file.parent)), _user_errors(str(path)), kfp_stand_in():
        return _target(_executed(file), name, str(path))


def of_module(module: str, name: str) -> Target:
    """The target `name` in a module that can be imported, also from the current folder. Raises InputError, CompileError."""
    with importable(str(Path.cwd())), _user_errors(module), kfp_stand_in():
        return _target(importlib.import_module(module), name, module)


def module_in(file: Path, folder: Path) -> ModuleType:
    """A file as the module that is imported from the folder. Raises InputError, CompileError."""
    root = next(location for location in (folder, *folder.parents) if not (location / "__init__.py").exists())
    parts = file.relative_to(root).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    with importable(str(root)), importable(str(folder)), _user_errors(str(file)), kfp_stand_in():
        importlib.invalidate_caches()
        taken = sys.modules.get(parts[0])
        foreign = taken and not any(location.startswith(str(root)) for location in _places(taken))
        if foreign or parts[0] in sys.stdlib_module_names or not all(part.isidentifier() for part in parts):
            return _executed(file)
        return importlib.import_module(".".join(parts))


def _places(module: ModuleType) -> list[str]:
    file = getattr(module, "__file__", None)
    return [file] if file else [str(location) for location in getattr(module, "__path__", ())]


def _executed(file: Path) -> ModuleType:
    """The file as a module of its name; of a private name if another module has that name."""
    name = file.stem
    taken = sys.modules.get(name)
    foreign = taken is not None and getattr(taken, "__file__", None) != str(file)
    if not name.isidentifier() or foreign or name in sys.stdlib_module_names:
        name = f"_kflite_target_{name}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


@contextmanager
def _user_errors(what: str) -> Iterator[None]:
    """Convert errors of the user's code to an InputError with the user's lines; kflite's errors are unchanged."""
    try:
        yield
    except KfliteError:
        raise
    except SyntaxError as error:
        raise InputError(f"{error.filename}:{error.lineno}: SyntaxError: {error.msg}") from None
    except (Exception, SystemExit) as error:
        text = str(error) or ("it ends the program" if isinstance(error, SystemExit) else "")
        lines = "".join(f"\n  {line}" for line in _lines(error))
        if isinstance(error, ImportError | AttributeError) and "kfp" in text and not is_installed():
            text += f"; {MISSING}"
        raise InputError(f"{what}: {type(error).__name__}: {text}{lines}") from error


def _lines(error: BaseException) -> list[str]:
    """file:line: code of the user's frames and the innermost one; of libraries' frames if there are none of the user."""
    from linecache import getline
    from traceback import walk_tb

    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    shown = [pair for pair in frames if not (pair[0].startswith((_PACKAGE, "<frozen")) or "importlib" in pair[0])]
    of_user = [pair for pair in shown if not any(part in INSTALLED for part in Path(pair[0]).parts)]
    if of_user and of_user[-1] != shown[-1]:
        of_user = [*of_user[1 - _MOST_LINES :], shown[-1]]
    return [f"{file}:{line}: {getline(file, line).strip()}" for file, line in (of_user or shown)[-_MOST_LINES:]]


def _target(module: ModuleType, name: str, source: str) -> Target:
    if not name:
        name = _only(module, source)
    value: object = module
    for part in name.split("."):
        if not hasattr(value, part):
            raise InputError(f"{source}: there is no {name!r} in it{_choices(module, source)}")
        value = getattr(value, part)
    return of_object(value, f"{source}:{name}")


def _only(module: ModuleType, source: str) -> str:
    for kind in ("pipeline", "component"):
        names = _named(module, kind)
        if len(names) == 1:
            return names[0]
        if names:
            each = " or ".join(f"{source}:{n}" for n in names[:8])
            raise InputError(f"{source}: there are several {kind}s in it: choose one, as {each}")
    raise InputError(f"{source}: there is no pipeline or component in it: put @dsl.pipeline above a function")


def _named(module: ModuleType, kind: str) -> list[str]:
    """The names of pipelines or components that the module defines, each object once."""
    names_by_id: dict[int, str] = {}
    for name, value in vars(module).items():
        if role(value) == kind and _home(value) in (module.__name__, ""):
            names_by_id.setdefault(id(value), name)
    return list(names_by_id.values())


def _home(value: object) -> str:
    """The module of an object's function; "" if it has none."""
    for attribute in ("function", "func", "pipeline_func", "python_func"):
        if hasattr(value, attribute):
            return str(getattr(getattr(value, attribute), "__module__", ""))
    return ""


def _choices(module: ModuleType, source: str) -> str:
    names = [*_named(module, "pipeline"), *_named(module, "component")]
    return f": there is {', '.join(f'{source}:{n}' for n in names[:8])}" if names else ", nor any pipeline"
