"""Finds the components with a target_image in a folder, of kflite and of kfp, by executing files that may define some."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kflite.core.frozen import dataclass
from kflite.dsl.imported import ImportedSource
from kflite.dsl.python import PythonComponent
from kflite.errors import InputError, NotFound
from kflite.target.python import module_in
from kflite.target.without_kfp import is_installed

if TYPE_CHECKING:
    from types import FunctionType

PATTERN = "**/*.py"
METADATA = "component_metadata"
_INSTEAD = "install it here too, import it inside of the function, or leave the file out by --component-filepattern"


@dataclass(frozen=True, slots=True)
class Containerised:
    """A component whose code goes into an image. module: the name by which kflite's command imports it."""

    name: str
    file: Path
    line: int
    base: str
    target: str
    write: Callable[[Path], None]
    module: str = ""
    packages: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """The location of its definition."""
        return f"{self.file}:{self.line}"


def components(folder: Path, pattern: str = PATTERN) -> list[Containerised]:
    """The folder's components with a target_image, which must have the same images.

    Raises InputError, with locations, if there are none, if their images differ, and for files that cannot be executed.
    """
    if not folder.is_dir():
        raise NotFound(f"{folder}: there is no such folder")
    files = [file for file in _python_files(folder.resolve(), pattern) if _may_have_some(file)]
    with _registered(files) as kfp_components:
        modules = [_executed(file, folder.resolve()) for file in files]
    kflite_components = [value for module in modules for value in vars(module).values() if isinstance(value, PythonComponent)]
    components_found = [*map(_from_kflite, kflite_components), *map(_from_kfp, kfp_components)]
    in_folder = [
        component for component in components_found if component.target and component.file.is_relative_to(folder.resolve())
    ]
    by_name = {(component.file, component.name): component for component in in_folder}
    return _checked(folder, pattern, sorted(by_name.values(), key=lambda component: (component.file, component.line)))


def _python_files(folder: Path, pattern: str) -> Iterator[Path]:
    try:
        files = sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError) as error:
        raise InputError(
            f"--component-filepattern {pattern}: {error}: write it as from the folder on, such as '**/*.py'"
        ) from None
    for file in files:
        above = [parent for parent in file.parents if parent.is_relative_to(folder) and parent != folder]
        hidden = any(part.name.startswith((".", "__pycache__")) or part.name == METADATA for part in above)
        if file.is_file() and not hidden and not any((parent / "pyvenv.cfg").exists() for parent in above):
            yield file


def _may_have_some(file: Path) -> bool:
    """Whether a file decorates a function or mentions components. Raises InputError for invalid Python."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise InputError(f"{file}:{error.lineno}: SyntaxError: {error.msg}") from None
    except ValueError as error:
        raise InputError(f"{file}: it is no Python file: {error}") from None
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Name | ast.Attribute | ast.alias)]
    return any(_decorates(node) for node in nodes)


def _decorates(node: ast.FunctionDef | ast.Name | ast.Attribute | ast.alias) -> bool:
    if isinstance(node, ast.FunctionDef):
        return bool(node.decorator_list)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else node.name
    return name == "component"


def _executed(file: Path, folder: Path) -> object:
    try:
        return module_in(file, folder)
    except InputError as error:
        if isinstance(error.__cause__, ModuleNotFoundError):
            raise InputError(f"{error}\n  {_INSTEAD}") from error
        raise


class _Info(Protocol):
    """kfp's record of a decorated component."""

    function_name: str
    func: FunctionType
    base_image: str
    target_image: str | None
    packages_to_install: Sequence[str] | None
    pip_index_urls: Sequence[str] | None
    pip_trusted_hosts: Sequence[str] | None
    component_spec: _Spec


class _Spec(Protocol):
    def save_to_component_yaml(self, output_file: str) -> None: ...


class _Log(dict[str, _Info]):
    """A dict that records all registrations, also of equal names."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[_Info] = []

    def __setitem__(self, name: str, info: _Info) -> None:
        self.all.append(info)


@contextmanager
def _registered(files: Sequence[Path]) -> Iterator[list[_Info]]:
    """Components that kfp's decorators create meanwhile; kfp is imported only if a file mentions it and it is installed."""
    log = _Log()
    if not any(b"kfp" in file.read_bytes() for file in files) or not is_installed():
        yield log.all
        return
    from kfp.dsl import component_factory

    component_factory.REGISTERED_MODULES = log
    try:
        yield log.all
    finally:
        component_factory.REGISTERED_MODULES = None


def _from_kflite(component: PythonComponent[..., object]) -> Containerised:
    def write(file: Path) -> None:
        from kflite.dsl.compiler import compile
        from kflite.ir.write import dumps

        file.write_text(dumps(compile(component).documents[:1]), "utf-8")  # the second tells where the code lies here

    code, packages = component.python_func.__code__, component.packages
    file = Path(code.co_filename).resolve()
    return Containerised(
        component.python_func.__name__,
        file,
        code.co_firstlineno,
        component.base_image,
        component.target_image,
        write,
        component.source.module if isinstance(component.source, ImportedSource) else "",
        packages.names,
        packages.index_urls,
        packages.trusted_hosts,
    )


def _from_kfp(info: _Info) -> Containerised:
    def write(file: Path) -> None:
        info.component_spec.save_to_component_yaml(str(file))

    code = info.func.__code__
    return Containerised(
        info.function_name,
        Path(code.co_filename).resolve(),
        code.co_firstlineno,
        info.base_image,
        info.target_image or "",
        write,
        packages=tuple(info.packages_to_install or ()),
        index_urls=tuple(info.pip_index_urls or ()),
        trusted_hosts=tuple(info.pip_trusted_hosts or ()),
    )


def _checked(folder: Path, pattern: str, components_found: list[Containerised]) -> list[Containerised]:
    if not components_found:
        where = f"{folder}: no file" + (f" of {pattern!r}" if pattern != PATTERN else "")
        raise InputError(f"{where} has a component with a target_image: write @dsl.component(base_image=..., target_image=...)")
    choose = "make them one, or build a part of the files at a time by --component-filepattern"
    _refuse_several(folder, "target_image", {component.target: component for component in reversed(components_found)}, choose)
    _refuse_several(folder, "base_image", {component.base: component for component in reversed(components_found)}, choose)
    names: dict[str, Containerised] = {}
    for component in components_found:
        if component.name in names:
            what = f"two components are called {component.name!r}, by which the image finds them"
            raise InputError(f"{what}: {names[component.name].location} and {component.location}: rename one")
        names[component.name] = component
    return components_found


def _refuse_several(folder: Path, what: str, images: dict[str, Containerised], remedy: str) -> None:
    if len(images) > 1:
        by_name = "".join(f"\n  {image}: {component.location}" for image, component in sorted(images.items()))
        raise InputError(f"{folder}: its components have {len(images)} values of {what}, and an image has one: {remedy}{by_name}")
