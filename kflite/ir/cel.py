"""The CEL library, loaded without its package's start-up: that imports a command line with prompts, a tenth of a second."""

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
    # Under its own name: the extension can be loaded once only, and whoever imports `cel` later must find this one.
    module = sys.modules[_NAME] = module_from_spec(spec)
    spec.loader.exec_module(module)
    logging.getLogger("cel").addHandler(logging.NullHandler())  # what it logs is in the errors that it raises
    return module


def compile(expression: str) -> Program:
    """A CEL program. Raises ValueError where the text is not CEL; a text that overwhelms the parser may raise a BaseException."""
    program: Program = _library().compile(expression)
    return program
