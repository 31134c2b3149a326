"""Loads the CEL library without its package's start-up, which imports a command line and takes a tenth of a second."""

from __future__ import annotations

import logging
import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import TYPE_CHECKING

from kflite.errors import KfliteError

if TYPE_CHECKING:
    from types import ModuleType

    from cel import Program

_NAME = "cel.cel"


@cache
def _library() -> ModuleType:
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = PathFinder.find_spec("cel")
    spec = PathFinder.find_spec(_NAME, package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        raise KfliteError("the package common-expression-language is not installed: pip install common-expression-language")
    # Registered under its own name: the extension can be loaded only once, and a later import of `cel` must find it.
    module = sys.modules[_NAME] = module_from_spec(spec)
    spec.loader.exec_module(module)
    logging.getLogger("cel").addHandler(logging.NullHandler())  # its errors contain what it logs
    return module


def compile(expression: str) -> Program:
    """A CEL program. Raises ValueError if the text is not CEL; the parser may panic, which raises a BaseException."""
    program: Program = _library().compile(expression)
    return program
