"""What a component's code finds when it runs: the names of the language, and the files that travel with it.

The text of this file travels inside every component's command (see `bootstrap`): standard library only, and little of that.
"""

from __future__ import annotations

import os
import sys

from kflite.runtime.artifacts import ARTIFACTS, TYPE_CHECKING, Artifact, PipelineTaskFinalStatus, TaskConfig

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    from kflite.runtime.artifacts import Json


_REMEDY = "it is to be on the PYTHONPATH of the target_image, which `kflite component build` makes: run it --on docker"


class Absent(Exception):
    """A module that should have been there."""


class Annotation:
    """Stands for Input, Output and EmbeddedInput where component code mentions them; nothing evaluates annotations."""

    def __class_getitem__(cls, item: object) -> object:
        return item


class Surroundings:
    """The names that a component's code has, below the task's own folder.

    code: where files are that travelled with it; embedded: the one that `embedded_artifact_path` named.
    project: where modules are that an image would have.
    """

    def __init__(self, folder: str, project: str = "") -> None:
        self.code = f"{folder if folder.startswith('/') else os.path.abspath(folder)}/code"
        self.embedded = ""
        self.stood_for: tuple[str, ...] = ("kflite",)
        self._folder, self._project = folder, project
        self.names: Json = {**_NAMES, "get_uri": self.get_uri}

    def module(self, source: str, name: str) -> ModuleType:
        """The user's code, executed as the module `__main__`, so that what it defines can be pickled."""
        module = sys.modules["__main__"] = type(sys)("__main__")
        dsl: ModuleType = type(sys)("dsl")
        dsl.__dict__.update(self.names)
        module.__dict__.update(self.names, dsl=dsl, __files__=self.bring, __embedded__=self.unpack)
        module.__dict__.update(__project__=self.of_project, __around__=self)
        if "linecache" in sys.modules:  # where it is loaded a debugger may be too
            show_lines(source, name)
        exec(compile(source, f"<component {name}>", "exec", dont_inherit=True), module.__dict__)
        return module

    def get_uri(self, suffix: str = "Output") -> str:
        """Where something may lie for good that the task makes."""
        place = Artifact()
        place.path = self._folder
        return f"{place.uri}/{suffix}"

    def bring(self, texts: dict[str, str]) -> None:
        """Lets modules be imported that travelled with the code: their texts by path."""
        for path, text in texts.items():
            file = os.path.join(self.code, *path.split("/"))
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "w", encoding="utf-8") as out:
                out.write(text)
        self.open(self.code)

    def of_project(self, module: str, name: str, revision: str) -> object:
        """A function of a module that the image has, or the user's project. revision: tells results of other code apart."""
        self.open(self._project or os.getcwd())
        self.stood_for = ("kflite", "kfp")
        parts = module.split(".")
        while parts:  # the image may have less of the project than the folder below its top
            found = ".".join(parts)
            try:
                __import__(found)
            except ModuleNotFoundError as error:
                if not error.name or not f"{found}.".startswith(f"{error.name}."):
                    raise
                del parts[0]
            else:
                self.settle()
                value = getattr(sys.modules[found], name)
                return getattr(value, "python_func", value)
        raise Absent(f"there is no module {module!r} in {self._project or os.getcwd()}: {_REMEDY}")

    def settle(self) -> None:
        """From here on what stands in for kfp has only what components use: all else would do nothing, and say nothing."""
        self.stood_for = ("kflite",)
        for name, module in list(sys.modules.items()):
            if name.startswith("kfp") and module.__dict__.get("__getattr__") is unused:
                del module.__dict__["__getattr__"]

    def unpack(self, archive: str, name: str) -> str:
        """Brings what was embedded, a tar.gz as base64, and says where it is. name: of the file in it, "" for the folder."""
        import base64
        import io
        import tarfile

        folder = os.path.join(self.code, "embedded")
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive)), mode="r:gz") as files:
            if hasattr(tarfile, "data_filter"):
                files.extractall(folder, filter="data")
            else:
                files.extractall(folder)
        self.embedded = os.path.join(folder, name) if name else folder
        self.open(folder)
        return self.embedded

    def open(self, folder: str) -> None:
        """Lets modules of the folder be imported, and what they import of kflite where it is not installed."""
        if folder not in sys.path:
            sys.path.insert(0, folder)
        if self not in sys.meta_path:
            sys.meta_path.append(self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """kflite, where it is not installed: for modules that define components beside what this one needs."""
        top = name.split(".", maxsplit=1)[0]
        if top not in self.stood_for or getattr(sys.modules.get(top), "__file__", None):
            return None
        return type(sys.__spec__)(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module with the language's names, in which decorators leave functions as they are."""
        module: ModuleType = type(sys)(spec.name)
        module.__dict__.update(self.names, __getattr__=unused)
        if spec.name in ("kflite", "kfp"):
            module.__dict__["dsl"] = module
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Forgets the modules that came along: this process may go on, with another component."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            for name, module in list(sys.modules.items()):
                file = str(getattr(module, "__file__", None) or "")
                if file.startswith(self.code + os.sep) or getattr(getattr(module, "__spec__", None), "loader", None) is self:
                    del sys.modules[name]
                    above, _, own = name.rpartition(".")
                    getattr(sys.modules.get(above), "__dict__", {}).pop(own, None)


class Idle:
    """Whatever else a module takes from kflite at its top: a decorator leaves its function as it is, and nothing is done."""

    def __call__(self, *given: object, **_: object) -> object:
        return given[0] if given and callable(given[0]) else self

    def __getattr__(self, name: str) -> object:
        return unused(name)


def unused(name: str) -> object:
    """An attribute that has no use where a component runs."""
    if name.startswith("__"):
        raise AttributeError(name)
    return Idle()


def no_notebook(**parameters: object) -> None:
    """A notebook component's code puts its own function in the place of this one."""
    raise NotImplementedError("dsl.run_notebook runs the notebook of a dsl.notebook_component, and this component is none")


_NAMES: Json = {
    **{kind.__name__: kind for kind in (*ARTIFACTS, PipelineTaskFinalStatus, TaskConfig)},
    **dict.fromkeys(("Input", "Output", "EmbeddedInput"), Annotation),
    "run_notebook": no_notebook,
}


def show_lines(source: str, name: str) -> None:
    """Lets tracebacks and debuggers show the source's lines."""
    import linecache

    file = f"<component {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
