"""Python components: functions whose source is shipped, and the options of their decorator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar, overload

from kflite.core.frozen import dataclass
from kflite.dsl import trace
from kflite.dsl.component import Component
from kflite.dsl.definitions import of_function
from kflite.dsl.embedded import embed, resolve_path
from kflite.dsl.imported import ImportedSource
from kflite.dsl.interface import interface_of, location_of
from kflite.dsl.source import Source, SourceBundle
from kflite.dsl.task_config import Passthroughs, TaskConfigPassthrough, has_config, passthroughs
from kflite.errors import CompileError

DEFAULT_IMAGE = "python:3.11"
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages to install before a component runs. index_urls: the first replaces pip's default; venv: install into a new one."""

    names: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    venv: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """The common options of the decorators of Python components."""

    image: str | None
    packages: Packages
    helpers: Sequence[object] = ()
    passthroughs: tuple[TaskConfigPassthrough, ...] = ()
    target_image: str | None = None


class PythonComponent(Component, Generic[P, R]):
    """A component from a function whose source is shipped. python_func: the function, for tests."""

    def __init__(self, function: Callable[P, R], options: Options, bundle: SourceBundle) -> None:
        super().__init__(trace.kebab(function.__name__), interface_of(function), location_of(function))
        self.python_func = function
        self.base_image, self.target_image = options.image or DEFAULT_IMAGE, options.target_image or ""
        self.image = self.target_image or self.base_image
        self.packages = options.packages
        self.passthroughs = options.passthroughs
        kind = ImportedSource if options.target_image else Source
        self.source = kind(function, self.interface, options.helpers, replace(bundle, config=bool(self.passthroughs)))
        self.description = function.__doc__ or ""
        self._check(bundle)

    def _check(self, bundle: SourceBundle) -> None:
        if self.interface.embedded and not bundle.embedded:
            name = next(iter(self.interface.embedded))
            raise CompileError(
                f"{self.location}: {name!r} is dsl.EmbeddedInput, and nothing is embedded: name embedded_artifact_path"
            )
        if self.passthroughs and not has_config(self.interface):
            remedy = "give the function a parameter of type dsl.TaskConfig"
            raise CompileError(
                f"{self.location}: task_config_passthroughs pass settings that {self.name} does not take: {remedy}"
            )

    def execute(self, *arguments: P.args, **named: P.kwargs) -> R:
        """Calls the function as plain Python."""
        return self.python_func(*arguments, **named)


@overload
def component(func: Callable[P, R]) -> PythonComponent[P, R]: ...
@overload
def component(
    func: None = None,
    *,
    base_image: str | None = None,
    target_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    install_kfp_package: bool = True,
    kfp_package_path: str | None = None,
    use_venv: bool = False,
    additional_funcs: Sequence[Callable[..., object]] | None = None,
    embedded_artifact_path: str | None = None,
    output_component_file: str | None = None,
    task_config_passthroughs: Passthroughs | None = None,
) -> Callable[[Callable[P, R]], PythonComponent[P, R]]: ...
def component(
    func: Callable[P, R] | None = None,
    *,
    base_image: str | None = None,
    target_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    install_kfp_package: bool = True,
    kfp_package_path: str | None = None,
    use_venv: bool = False,
    additional_funcs: Sequence[Callable[..., object]] | None = None,
    embedded_artifact_path: str | None = None,
    output_component_file: str | None = None,
    task_config_passthroughs: Passthroughs | None = None,
) -> PythonComponent[P, R] | Callable[[Callable[P, R]], PythonComponent[P, R]]:
    """Create a component from a typed function; its source, and that of its helpers, is shipped and run.

    base_image: the image, if containers are used. target_image: an image with the function's module on its PYTHONPATH; the
    module is imported there, or from the user's project if no container is used. packages_to_install: pip requirements,
    installed into a new virtual environment if `use_venv`. additional_funcs: helpers that the source does not name.
    install_kfp_package: ignored, as kfp is never needed. embedded_artifact_path: a file or folder to embed in the source, for a
    parameter of type `dsl.EmbeddedInput`, and for modules in it. output_component_file: where to write the component's IR.
    task_config_passthroughs: the task's settings for the parameter of type `dsl.TaskConfig`.
    Raises CompileError, with file, line and remedy, for code that cannot be shipped and types that cannot be passed.
    """
    refuse_kfp_package(kfp_package_path)
    packages = packages_of(packages_to_install, pip_index_urls, pip_trusted_hosts, use_venv)
    if target_image and (additional_funcs or embedded_artifact_path):
        what = "additional_funcs" if additional_funcs else "embedded_artifact_path"
        raise trace.refused(f"{what} cannot go with target_image, which holds the code: put it into that image")
    options = Options(base_image, packages, additional_funcs or (), passthroughs(task_config_passthroughs), target_image)

    def make(function: Callable[P, R]) -> PythonComponent[P, R]:
        of_function(function)
        path = embedded_artifact_path
        bundle = SourceBundle(
            embed(resolve_path("embedded_artifact_path", path, function.__code__.co_filename)) if path else None
        )
        return with_file(PythonComponent(function, options, bundle), output_component_file)

    return make(func) if func else make


def refuse_kfp_package(path: str | None) -> None:
    """Raise CompileError if a package of kfp is to be installed."""
    if path:
        remedy = "remove it, or name kfp in packages_to_install where the code itself imports it"
        raise trace.refused(f"kfp_package_path is {path!r}, and components run without kfp: {remedy}")


def packages_of(
    names: Sequence[str] | None, index_urls: Sequence[str] | None, trusted_hosts: Sequence[str] | None, venv: bool
) -> Packages:
    """The packages in a decorator's options. Raises CompileError for an option that is no list of texts."""
    options = {"packages_to_install": names, "pip_index_urls": index_urls, "pip_trusted_hosts": trusted_hosts}
    for what, words in options.items():
        if isinstance(words, str) or not all(isinstance(word, str) for word in words or ()):
            raise trace.refused(f"{what} is {words!r}: give a list of texts")
    return Packages(tuple(names or ()), tuple(index_urls or ()), tuple(trusted_hosts or ()), venv)


C = TypeVar("C", bound=Component)


def with_file(component: C, file: str | None) -> C:
    """The component; writes its IR to the file, if one is named. Raises CompileError if it cannot be written."""
    if file:
        from kflite.dsl.compiler import compile
        from kflite.ir.write import dumps_yaml

        try:
            Path(file).write_text(dumps_yaml(compile(component)), "utf-8")
        except OSError as error:
            raise CompileError(f"{component.location}: output_component_file {file}: {error.strerror}") from None
    return component
