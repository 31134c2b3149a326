"""Components whose code is in their image: the module is imported there, and from the user's project where no image runs."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from kflite.dsl import project
from kflite.dsl.source import FIRST_LINE, Source
from kflite.errors import CompileError
from kflite.runtime.bootstrap import IMPORTED

_PRIVATE = ("__main__", "_kflite_target_")  # names of modules that are files' only here


class ImportedSource(Source):
    """The few lines that import a function. folder: of the project that the function's module is in."""

    @cached_property
    def module(self) -> str:
        """The module's name, as seen from the project's folder."""
        own = self.function.__module__
        return Path(self.function.__code__.co_filename).stem if own.startswith(_PRIVATE) else own

    @cached_property
    def folder(self) -> Path:
        """The folder from which the module can be imported."""
        file = Path(self.function.__code__.co_filename).resolve()
        return file.parents[len(self.module.split(".")) - (file.stem != "__init__")]

    def check(self) -> None:
        """Raises CompileError for a function that no module has."""
        code = self.function.__code__
        if not Path(code.co_filename).is_file() or "." in self.function.__qualname__:
            what = f"{self.function.__name__}() has a target_image, and no module has it by this name"
            raise CompileError(f"{code.co_filename}:{code.co_firstlineno}: {what}: define it at the top of a file")

    @cached_property
    def text(self) -> str:
        """Imports the function, and names what the runner asks for. The revision tells one state of the project from another."""
        name = self.function.__name__
        lines = [f"{name}{IMPORTED}{self.module!r}, {name!r}, {self._revision()!r})"]
        lines += [f"{kind.__name__} = {name}.__globals__[{self._name_of(kind)!r}]" for kind in self.roots]
        return FIRST_LINE + "\n".join([*lines, *self.types()]) + "\n"

    def _revision(self) -> str:
        import hashlib

        files = project.files([self.module]) or {"": Path(self.function.__code__.co_filename).read_text("utf-8")}
        return hashlib.sha256("\0".join(part for pair in files.items() for part in pair).encode()).hexdigest()[:16]

    def _name_of(self, kind: type) -> str:
        """The name that the function's module has for a class."""
        return next((name for name, value in self.function.__globals__.items() if value is kind), kind.__name__)
