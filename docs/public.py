"""The pages on Python: what a module makes public, for mkdocstrings, and what of it has no docstring of its own."""

from __future__ import annotations

import types
from importlib import import_module

from wording import doc, prose, table


def python_page(name: str) -> str:
    """What mkdocstrings makes the page of a module of."""
    module = import_module(name)
    public = {public: getattr(module, public) for public in _public(module)}
    shown = {_path(value): name for name, value in sorted(public.items(), key=_is_alias) if _is_shown(value)}
    others = [(f"`{public}`", _what(value)) for public, value in public.items() if public not in shown.values()]
    head = f"# {name}\n\n" + prose(doc(module).split("\n\n")[0])
    tail = ["## Other names", table(("name", "what it is"), others)] if others else []
    parts = [_shown(path, name) for path, name in sorted(shown.items(), key=lambda pair: pair[1])]
    return "\n\n".join([head, *parts, *tail])


def _public(module: types.ModuleType) -> list[str]:
    names = getattr(module, "__all__", None) or [name for name, value in vars(module).items() if _is_shown(value)]
    return sorted(name for name in names if not name.startswith("_"))


def _is_alias(named: tuple[str, object]) -> bool:
    """Whether it is more than one name's; the one that is its own comes last, and so is shown."""
    return named[0] == getattr(named[1], "__name__", "")


def _shown(path: str, name: str) -> str:
    if path.endswith(f".{name}"):
        return f"::: {path}"
    return f"::: {path}\n    options:\n      heading: {name}\n      toc_label: {name}"


def _is_shown(value: object) -> bool:
    return isinstance(value, type | types.FunctionType) and bool(value.__doc__) and value.__module__.startswith("kflite.")


def _path(value: type | types.FunctionType) -> str:
    return f"{value.__module__}.{value.__qualname__}"


def _what(value: object) -> str:
    if isinstance(value, types.ModuleType):
        return f"The module [{value.__name__}]({value.__name__.rpartition('.')[2]}.md)."
    if isinstance(value, str):
        return f"The text `{value}`."
    if isinstance(value, type):
        return f"Another name of `{value.__name__}`." if value.__doc__ else f"A kind of `{value.__bases__[0].__name__}`."
    return f"An annotation: `{value!r}`."
