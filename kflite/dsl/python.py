"""Python components: a function whose source is shipped, and the options of its decorator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar, overload

from kflite.dsl import trace
from kflite.dsl.component import Component
from kflite.dsl.definitions import of_function
from kflite.dsl.embedded import embedded, found
from kflite.dsl.imported import ImportedSource
from kflite.dsl.interface import interface_of, place_of
from kflite.dsl.source import Cargo, Source
from kflite.dsl.task_config import Passthroughs, TaskConfigPassthrough, has_config, passthroughs
from kflite.errors import CompileError

DEFAULT_IMAGE = "python:3.11"
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Packages:
    """What is installed before a component runs. index_urls: the first replaces pip's own; venv: apart from the image's own."""

    names: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    venv: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """What decorators of Python components have in common."""

    image: str | None
    packages: Packages
    helpers: Sequence[object] = ()
    passthroughs: tuple[TaskConfigPassthrough, ...] = ()
    target_image: str | None = None


class PythonComponent(Component, Generic[P, R]):
    """A component made from a function, whose source is shipped. python_func: the function itself, for tests."""

    def __init__(self, function: Callable[P, R], options: Options, cargo: Cargo) -> None:
        super().__init__(trace.kebab(function.__name__), interface_of(function), place_of(function))
        self.python_func = function
        self.base_image, self.target_image = options.image or DEFAULT_IMAGE, options.target_image or ""
        self.image = self.target_image or self.base_image
        self.packages = options.packages
        self.passthroughs = options.passthroughs
        kind = ImportedSource if options.target_image else Source
        self.source = kind(function, self.interface, options.helpers, replace(cargo, config=bool(self.passthroughs)))
        self.description = function.__doc__ or ""
        self._check(cargo)

    def _check(self, cargo: Cargo) -> None:
        if self.interface.embedded and not cargo.embedded:
            name = next(iter(self.interface.embedded))
            raise CompileError(
                f"{self.place}: {name!r} is dsl.EmbeddedInput, and nothing is embedded: name embedded_artifact_path"
            )
        if self.passthroughs and not has_config(self.interface):
            remedy = "give the function a parameter of type dsl.TaskConfig"
            raise CompileError(f"{self.place}: task_config_passthroughs pass settings that {self.name} does not take: {remedy}")

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
    """Makes a component from a typed function; its source, and that of the helpers it uses, is what runs.

    base_image: the image, where containers are used. target_image: one with the function's module on its PYTHONPATH; the module
    is imported there, and from the user's project where no container is used. packages_to_install: pip requirements, in a
    virtual environment beside the image's own where `use_venv` is set. additional_funcs: helpers that the source does not name.
    install_kfp_package: kfp is needed nowhere and never installed, so both values hold. embedded_artifact_path: a file or folder
    that travels with the source, for a parameter of type `dsl.EmbeddedInput`, and for modules in it. output_component_file:
    where to write the component's IR. task_config_passthroughs: which of its task's settings the parameter of type
    `dsl.TaskConfig` gets.
    Raises CompileError for what cannot be shipped or passed, with file, line and remedy.
    """
    no_kfp(kfp_package_path)
    packages = installed(packages_to_install, pip_index_urls, pip_trusted_hosts, use_venv)
    if target_image and (additional_funcs or embedded_artifact_path):
        what = "additional_funcs" if additional_funcs else "embedded_artifact_path"
        raise trace.refused(f"{what} cannot go with target_image, which holds the code: put it into that image")
    options = Options(base_image, packages, additional_funcs or (), passthroughs(task_config_passthroughs), target_image)

    def make(function: Callable[P, R]) -> PythonComponent[P, R]:
        of_function(function)
        path = embedded_artifact_path
        cargo = Cargo(embedded(found("embedded_artifact_path", path, function.__code__.co_filename)) if path else None)
        return written(PythonComponent(function, options, cargo), output_component_file)

    return make(func) if func else make


def no_kfp(path: str | None) -> None:
    """Raises CompileError for a package of kfp that is to be installed."""
    if path:
        remedy = "remove it, or name kfp in packages_to_install where the code itself imports it"
        raise trace.refused(f"kfp_package_path is {path!r}, and components run without kfp: {remedy}")


def installed(
    names: Sequence[str] | None, index_urls: Sequence[str] | None, trusted_hosts: Sequence[str] | None, venv: bool
) -> Packages:
    """The packages that a decorator's options name. Raises CompileError for what is no list of texts."""
    given = {"packages_to_install": names, "pip_index_urls": index_urls, "pip_trusted_hosts": trusted_hosts}
    for what, words in given.items():
        if isinstance(words, str) or not all(isinstance(word, str) for word in words or ()):
            raise trace.refused(f"{what} is {words!r}: give a list of texts")
    return Packages(tuple(names or ()), tuple(index_urls or ()), tuple(trusted_hosts or ()), venv)


C = TypeVar("C", bound=Component)


def written(component: C, file: str | None) -> C:
    """The component, once its IR is in the file, where one is named. Raises CompileError where it cannot be written."""
    if file:
        from kflite.dsl.compiler import compile
        from kflite.ir.write import dumps_yaml

        try:
            Path(file).write_text(dumps_yaml(compile(component)), "utf-8")
        except OSError as error:
            raise CompileError(f"{component.place}: output_component_file {file}: {error.strerror}") from None
    return component
