"""Loads files written for kfp if kfp is not installed: `from kfp import dsl` gives kflite's DSL meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import NoReturn

import kflite
from kflite.errors import InputError

_SAME = ("compiler", "components", "dsl", "kubernetes", "local")
_OURS = ", ".join(_SAME[:-1]) + f" and {_SAME[-1]}"
MISSING = f"kfp is not installed, and kflite has only {_OURS} in its place: pip install kfp"


class Client:
    """Replaces `kfp.Client`; raises an error."""

    def __init__(self, *_: object, **__: object) -> NoReturn:
        user = sys._getframe(1)  # noqa: SLF001 - the line that is to be told
        remedy = "pip install kfp, or run the pipeline here: kflite.run(pipeline, parameters)"
        where = f"{user.f_code.co_filename}:{user.f_lineno}"
        raise InputError(f"{where}: kfp.Client speaks to a server of KFP, and kfp is not installed: {remedy}")


def is_installed() -> bool:
    """Whether kfp is installed, and not only its pipeline specification."""
    if "kfp.dsl" in sys.modules:
        return True
    spec = find_spec("kfp")
    return spec is not None and spec.origin is not None


class _Finder(MetaPathFinder, Loader):
    """Finds modules of kfp in kflite, lazily."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        top, _, name = fullname.partition(".")
        return ModuleSpec(fullname, self) if top == "kfp" and name in (*_SAME, "client") else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        name = spec.name.partition(".")[2]
        if name != "client":
            return _flat_copy(getattr(kflite, name))
        client = ModuleType(spec.name)
        client.__dict__["Client"] = Client
        return client

    def exec_module(self, module: ModuleType) -> None:
        """It is complete."""


@contextmanager
def kfp_stand_in() -> Iterator[None]:
    """Make imports of kfp find kflite's modules meanwhile, if kfp is not installed."""
    if is_installed():
        yield
        return
    top = sys.modules.get("kfp") or import_module("kfp")  # a namespace: kfp-pipeline-spec, which kflite requires, makes it
    finder = _Finder()
    sys.meta_path.append(finder)
    top.__dict__["__getattr__"] = _attribute
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in (*_SAME, "client", "__getattr__"):
            top.__dict__.pop(name, None)
            sys.modules.pop(f"kfp.{name}", None)


def _attribute(name: str) -> object:
    """An attribute of the module kfp."""
    if name == "Client":
        return Client
    if name in (*_SAME, "client"):
        return import_module(f"kfp.{name}")
    raise AttributeError(f"module 'kfp' has no attribute {name!r}", name=name)


def _flat_copy(module: ModuleType) -> ModuleType:
    """A copy of a module without its submodules."""
    names = {name: value for name, value in vars(module).items() if not isinstance(value, ModuleType) and name != "__path__"}
    copy = ModuleType(module.__name__)
    copy.__dict__.update(names)
    return copy
