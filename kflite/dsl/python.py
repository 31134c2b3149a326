"""Python components: a function whose source is shipped, and the options of its decorator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar, overload

from kflite.dsl import trace
from kflite.dsl.component import Component
from kflite.dsl.definitions import of_function
from kflite.dsl.interface import interface_of, place_of
from kflite.dsl.source import Source
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


class PythonComponent(Component, Generic[P, R]):
    """A component made from a function, whose source is shipped. python_func: the function itself, for tests."""

    def __init__(self, function: Callable[P, R], image: str, packages: Packages, helpers: Sequence[object]) -> None:
        super().__init__(trace.kebab(function.__name__), interface_of(function), place_of(function))
        self.python_func = function
        self.image = image
        self.packages = packages
        self.source = Source(function, self.interface, helpers)
        self.description = function.__doc__ or ""

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
    packages_to_install: Sequence[str] | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    install_kfp_package: bool = True,
    kfp_package_path: str | None = None,
    use_venv: bool = False,
    additional_funcs: Sequence[Callable[..., object]] | None = None,
    output_component_file: str | None = None,
) -> Callable[[Callable[P, R]], PythonComponent[P, R]]: ...
def component(
    func: Callable[P, R] | None = None,
    *,
    base_image: str | None = None,
    packages_to_install: Sequence[str] | None = None,
    pip_index_urls: Sequence[str] | None = None,
    pip_trusted_hosts: Sequence[str] | None = None,
    install_kfp_package: bool = True,
    kfp_package_path: str | None = None,
    use_venv: bool = False,
    additional_funcs: Sequence[Callable[..., object]] | None = None,
    output_component_file: str | None = None,
) -> PythonComponent[P, R] | Callable[[Callable[P, R]], PythonComponent[P, R]]:
    """Makes a component from a typed function; its source, and that of the helpers it uses, is what runs.

    base_image: the image, where containers are used; packages_to_install: pip requirements, in a virtual environment beside the
    image's own where `use_venv` is set; additional_funcs: helpers that the source does not name; install_kfp_package: kfp is
    needed nowhere and never installed, so both values hold; output_component_file: where to write the component's IR.
    Raises CompileError for what cannot be shipped or passed, with file, line and remedy.
    """
    if kfp_package_path:
        remedy = "remove it, or name kfp in packages_to_install where the code itself imports it"
        raise trace.refused(f"kfp_package_path is {kfp_package_path!r}, and components run without kfp: {remedy}")
    packages = installed(packages_to_install, pip_index_urls, pip_trusted_hosts, use_venv)

    def make(function: Callable[P, R]) -> PythonComponent[P, R]:
        of_function(function)
        made = PythonComponent(function, base_image or DEFAULT_IMAGE, packages, additional_funcs or ())
        return written(made, output_component_file)

    return make(func) if func else make


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
