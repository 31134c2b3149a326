"""The environment of a component's code: the names of the DSL, and the files that travel with the code.

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


class MissingModule(Exception):
    """A module that the image or project should have is missing."""


class Annotation:
    """Replaces Input, Output and EmbeddedInput in component code, where nothing evaluates annotations."""

    def __class_getitem__(cls, item: object) -> object:
        return item


class ComponentEnv:
    """The environment of a component's code, in the task's folder.

    code: the folder of files that travel with it; embedded: the path of the file or folder named by `embedded_artifact_path`.
    project: the folder with the modules that an image would have.
    """

    def __init__(self, folder: str, project: str = "") -> None:
        self.code = f"{folder if folder.startswith('/') else os.path.abspath(folder)}/code"
        self.embedded = ""
        self.stand_ins: tuple[str, ...] = ("kflite",)
        self._folder, self._project = folder, project
        self.names: Json = {**_NAMES, "get_uri": self.get_uri}

    def module(self, source: str, name: str) -> ModuleType:
        """The user's code, executed as the module `__main__`, so that what it defines can be pickled."""
        module = sys.modules["__main__"] = type(sys)("__main__")
        dsl: ModuleType = type(sys)("dsl")
        dsl.__dict__.update(self.names)
        module.__dict__.update(self.names, dsl=dsl, __files__=self.write_modules, __embedded__=self.unpack_embedded)
        module.__dict__.update(__project__=self.import_from_project, __component_env__=self)
        if "linecache" in sys.modules:  # where it is loaded a debugger may be too
            show_lines(source, name)
        exec(compile(source, f"<component {name}>", "exec", dont_inherit=True), module.__dict__)
        return module

    def get_uri(self, suffix: str = "Output") -> str:
        """A URI for an artifact that the task creates."""
        folder_artifact = Artifact()
        folder_artifact.path = self._folder
        return f"{folder_artifact.uri}/{suffix}"

    def write_modules(self, texts: dict[str, str]) -> None:
        """Write the modules that travel with the code, and make them importable. texts: by path."""
        for path, text in texts.items():
            file = os.path.join(self.code, *path.split("/"))
            os.makedirs(os.path.dirname(file), exist_ok=True)
            with open(file, "w", encoding="utf-8") as out:
                out.write(text)
        self.open(self.code)

    def import_from_project(self, module: str, name: str, revision: str) -> object:
        """A function of a module in the image or the user's project. revision: only distinguishes cache keys."""
        self.open(self._project or os.getcwd())
        self.stand_ins = ("kflite", "kfp")
        parts = module.split(".")
        while parts:  # the image may have less of the project than the folder below its top
            module_name = ".".join(parts)
            try:
                __import__(module_name)
            except ModuleNotFoundError as error:
                if not error.name or not f"{module_name}.".startswith(f"{error.name}."):
                    raise
                del parts[0]
            else:
                self.stop_standing_in()
                value = getattr(sys.modules[module_name], name)
                return getattr(value, "python_func", value)
        raise MissingModule(f"there is no module {module!r} in {self._project or os.getcwd()}: {_REMEDY}")

    def stop_standing_in(self) -> None:
        """Make unknown attributes of the kfp shim errors again, once modules are imported, as they would silently do nothing."""
        self.stand_ins = ("kflite",)
        for name, module in list(sys.modules.items()):
            if name.startswith("kfp") and module.__dict__.get("__getattr__") is inert_attribute:
                del module.__dict__["__getattr__"]

    def unpack_embedded(self, archive: str, name: str) -> str:
        """Unpack embedded files, a tar.gz as base64; return their path. name: a file in the archive, "" for the folder."""
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
        """Make the folder's modules importable, also if they import kflite and it is not installed."""
        if folder not in sys.path:
            sys.path.insert(0, folder)
        if self not in sys.meta_path:
            sys.meta_path.append(self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """An inert kflite if it is not installed, for modules that also define other components."""
        top = name.split(".", maxsplit=1)[0]
        if top not in self.stand_ins or getattr(sys.modules.get(top), "__file__", None):
            return None
        return type(sys.__spec__)(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module with the DSL's names, whose decorators return functions unchanged."""
        module: ModuleType = type(sys)(spec.name)
        module.__dict__.update(self.names, __getattr__=inert_attribute)
        if spec.name in ("kflite", "kfp"):
            module.__dict__["dsl"] = module
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Does nothing, as the module is complete."""

    def close(self) -> None:
        """Forget the component's modules, as this process may run another component."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            for name, module in list(sys.modules.items()):
                file = str(getattr(module, "__file__", None) or "")
                if file.startswith(self.code + os.sep) or getattr(getattr(module, "__spec__", None), "loader", None) is self:
                    del sys.modules[name]
                    parent, _, own = name.rpartition(".")
                    getattr(sys.modules.get(parent), "__dict__", {}).pop(own, None)


class Inert:
    """Any other name of kflite at the top of a module: as a decorator it returns its function unchanged, else it does nothing."""

    def __call__(self, *arguments: object, **_: object) -> object:
        return arguments[0] if arguments and callable(arguments[0]) else self

    def __getattr__(self, name: str) -> object:
        return inert_attribute(name)


def inert_attribute(name: str) -> object:
    """The value of an attribute that has no use at run time."""
    if name.startswith("__"):
        raise AttributeError(name)
    return Inert()


def no_notebook(**parameters: object) -> None:
    """The default of `run_notebook`, which the code of notebook components replaces."""
    raise NotImplementedError("dsl.run_notebook runs the notebook of a dsl.notebook_component, and this component is none")


_NAMES: Json = {
    **{kind.__name__: kind for kind in (*ARTIFACTS, PipelineTaskFinalStatus, TaskConfig)},
    **dict.fromkeys(("Input", "Output", "EmbeddedInput"), Annotation),
    "run_notebook": no_notebook,
}


def show_lines(source: str, name: str) -> None:
    """Make tracebacks and debuggers show the source's lines."""
    import linecache

    file = f"<component {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
