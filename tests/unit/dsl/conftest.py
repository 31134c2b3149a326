"""What the tests of the language share."""

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Writes a text to users_module.py, in a new folder each time, and imports it."""
    count = 0

    def load_text(text: str) -> ModuleType:
        nonlocal count
        count += 1
        file = tmp_path / str(count) / "users_module.py"
        file.parent.mkdir()
        file.write_text(text)
        spec = spec_from_file_location("users_module", file)
        assert spec
        assert spec.loader
        module = sys.modules["users_module"] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load_text
