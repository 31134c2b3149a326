"""Components whose code is in their image: the module is imported there, or from the user's project if no image is used."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from kflite.dsl import project
from kflite.dsl.source import FIRST_LINE, Source
from kflite.errors import CompileError
from kflite.runtime.bootstrap import IMPORTED

_PRIVATE = ("__main__", "_kflite_target_")  # names of modules that only this process uses


class ImportedSource(Source):
    """A source of a few lines that import the function. folder: the project that contains the function's module."""

    @cached_property
    def module(self) -> str:
        """The module's name in the project's folder."""
        name = self.function.__module__
        return Path(self.function.__code__.co_filename).stem if name.startswith(_PRIVATE) else name

    @cached_property
    def folder(self) -> Path:
        """The folder from which the module can be imported."""
        file = Path(self.function.__code__.co_filename).resolve()
        return file.parents[len(self.module.split(".")) - (file.stem != "__init__")]

    def check(self) -> None:
        """Raise CompileError for a function that no module has."""
        code = self.function.__code__
        if not Path(code.co_filename).is_file() or "." in self.function.__qualname__:
            what = f"{self.function.__name__}() has a target_image, and no module has it by this name"
            raise CompileError(f"{code.co_filename}:{code.co_firstlineno}: {what}: define it at the top of a file")

    @cached_property
    def text(self) -> str:
        """The program that imports the function and defines the runner's names. The revision identifies the project's state."""
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
