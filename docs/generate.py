"""The reference, written from the code when the site is built: a hook of mkdocs.

What is looked at is imported here, and nowhere below. Nothing of it stands in a file.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import typing
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from public import python_page
from samples import json_page
from wording import about, doc, prose, table

from kflite.cli.entry import kflite as command
from kflite.cli.entry import main
from kflite.config import Settings
from kflite.core.event import Data, Event
from kflite.core.event_json import to_json
from kflite.core.event_kind import Kind, State
from kflite.core.value import NOTHING
from kflite.errors import KfliteError
from kflite.runs.as_json import run_json
from kflite.runs.options import BlockingOptions, RunOptions, TuneOptions
from kflite.store.search.where import FIELDS, NAMED, parse

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

PYTHON = ("client", "dsl", "kubernetes", "space", "components", "compiler", "local", "testing")
_TOLD = "<!-- This page is made from the code: docs/generate.py. -->\n\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the reference to those that lie in files."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


def pages() -> dict[str, str]:
    """The text of each page of the reference, by its path."""
    made = {
        "command-line": command_line,
        "settings": settings,
        "events": events,
        "json": lambda: json_page(run_json),
        "where": where,
        "errors": errors,
    }
    python = {f"reference/python/{name}.md": _TOLD + python_page(f"kflite.{name}") for name in PYTHON}
    return {
        **{f"reference/{name}.md": _TOLD + write() for name, write in made.items()},
        "reference/python/kflite.md": _TOLD + python_page("kflite"),
        "reference/python/options.md": _TOLD + options(),
        **python,
    }


# The command line.


def command_line() -> str:
    """Every verb with its arguments and options."""
    with click.Context(command, info_name="kflite") as ctx:
        verbs = [line for verb in _verbs(ctx) for line in _command(verb)]
        own = _options(command, ctx)
    head = "# Command line\n\n" + prose(command.help or "")
    note = "These stand before the verb or after it:"
    return "\n\n".join([head, note, own, *verbs])


def _verbs(ctx: click.Context) -> Iterator[click.Context]:
    """A context for each verb, and for the verbs inside it."""
    assert isinstance(ctx.command, click.Group)
    for name in ctx.command.list_commands(ctx):
        inner = ctx.command.get_command(ctx, name)
        if inner is None or inner.hidden:
            continue
        found = click.Context(inner, info_name=name, parent=ctx)
        yield found
        if isinstance(inner, click.Group):
            yield from _verbs(found)


def _command(ctx: click.Context) -> Iterator[str]:
    yield f"{'#' * (1 + ctx.command_path.count(' '))} {ctx.command_path}"
    yield prose(ctx.command.help or "")
    usage = " ".join([ctx.command_path, *ctx.command.collect_usage_pieces(ctx)])
    yield f"```text\n{usage}\n```"
    yield _options(ctx.command, ctx)
    if epilog := (getattr(ctx.command, "epilog", "") or "").replace("\b", "").strip("\n"):
        yield f"```text\n{inspect.cleandoc(epilog)}\n```"


def _options(of: click.Command, ctx: click.Context) -> str:
    records = [record for option in of.get_params(ctx) if (record := _record(option, ctx))]
    return table(("option", "what it does"), [(f"`{name}`", prose(text)) for name, text in records]) if records else ""


def _record(option: click.Parameter, ctx: click.Context) -> tuple[str, str] | None:
    """The name and the help; None of what is hidden, or says no more than the usage."""
    record = option.get_help_record(ctx)
    return None if record is None or (isinstance(option, click.Argument) and not record[1]) else record


# Settings.


def settings() -> str:
    """Every setting with its variable, its default and what it means."""
    plain = [f for f in fields(Settings) if f.name != "origins" and not _is_table(f)]
    tables = [f for f in fields(Settings) if _is_table(f)]
    parts = [
        "# Settings",
        about(Settings) + " `kflite doctor` says where each of yours came from.",
        _settings_table(Settings, plain, "KFLITE_"),
    ]
    for setting in tables:
        kind = typing.get_type_hints(Settings)[setting.name]
        parts += [f"## [{setting.name}]", _settings_table(kind, list(fields(kind)), f"KFLITE_{setting.name.upper()}_")]
    return "\n\n".join(parts)


def _is_table(f: Field[Any]) -> bool:
    return is_dataclass(typing.get_type_hints(Settings)[f.name])


def _settings_table(kind: type, given: list[Field[Any]], prefix: str) -> str:
    texts = meanings(kind)
    rows = [(f"`{f.name}`<br>`{prefix}{f.name.upper()}`", _default(f), texts.get(f.name, "")) for f in given]
    return table(("setting and its variable", "default", "meaning"), rows)


def _default(f: Field[Any]) -> str:
    if f.default is MISSING:
        return "in the home folder" if f.name != "home" else "the platform's folder"
    return f"`{json.dumps(f.default)}`" if f.default not in ("", ()) else "none"


def meanings(kind: type) -> dict[str, str]:
    """What the docstring says of each field; that of a class which it refers to by `See a.b.C` counts too."""
    texts = _meanings(doc(kind), list(kind.__annotations__))
    for path in re.findall(r"\bSee (kflite[\w.]*\w)", doc(kind)):
        module, _, name = path.rpartition(".")
        other = getattr(import_module(module), name)
        texts = meanings(other) | texts
    return texts


def _meanings(doc: str, names: list[str]) -> dict[str, str]:
    """The clauses `name: text` and `stem_*: text` of a docstring, by name."""
    stems = {f"{name.split('_')[0]}_*" for name in names}
    words = "|".join(re.escape(word) for word in [*names, *stems])
    found = list(re.finditer(rf"(?:^|(?<=[.;\s]))((?:(?:{words}), )*(?:{words})): ", doc))
    ends = [match.start() for match in found[1:]] + [len(doc)]
    texts: dict[str, str] = {}
    for match, end in zip(found, ends, strict=False):
        text = _sentence(doc[match.end() : end])
        for word in match[1].split(", "):
            texts.update(dict.fromkeys((n for n in names if n == word or _stem(n, word)), text))
    return texts


def _stem(name: str, word: str) -> bool:
    return word.endswith("*") and name.startswith(word[:-1])


def _sentence(text: str) -> str:
    text = " ".join(text.split()).rstrip(".;, ")
    return re.sub(r"""(?<!`)"([^"`]*)"(?!`)""", r'`"\1"`', text[:1].upper() + text[1:]) + "."


# Options of calls in Python.


def options() -> str:
    """The keywords of calls that take a record of them."""
    parts = ["# Options", about(RunOptions)]
    for record in (RunOptions, TuneOptions, BlockingOptions):
        texts = meanings(record)
        rows = [(f"`{name}`", f"`{_hint(hint)}`", texts.get(name, "")) for name, hint in record.__annotations__.items()]
        parts += [f"## {record.__name__}", doc(record).partition("\n")[0], table(("option", "type", "meaning"), rows)]
    return "\n\n".join(parts)


def _hint(hint: Any) -> str:  # noqa: ANN401 - an annotation is a text, or what stands for one
    return re.sub(r"Required\[(.*)\]", r"\1", getattr(hint, "__forward_arg__", str(hint)))


# Events.


def events() -> str:
    """Every kind of event, and what its data holds."""
    kinds = {data.KIND: data for data in typing.get_args(Data)}
    parts = [
        "# Events",
        about(Event),
        prose(doc(Event)),
        table(("field", "type"), [(f"`{f.name}`", f"`{f.type}`") for f in fields(Event)]),
        "The store keeps the data as JSON: " + prose(doc(sys.modules[to_json.__module__]).split(": ", 1)[1]),
    ]
    for kind in Kind:
        parts += [f"## {kind.value}", _data(kinds[kind])]
    for part in _parts(kinds.values()):
        parts += [f"## {part.__name__}", _data(part)]
    states = [(f"`{state.value}`", "yes" if state.ended else "") for state in State]
    return "\n\n".join([*parts, "## States", prose(doc(State)), table(("state", "nothing follows but a retry"), states)])


def _parts(kinds: Iterable[type]) -> list[type]:
    """The dataclasses that the fields of data consist of, each once."""
    hints = [hint for kind in kinds for hint in typing.get_type_hints(kind).values()]
    return list(dict.fromkeys(part for hint in hints for part in _dataclasses(hint)))


def _dataclasses(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and is_dataclass(hint):
        yield hint
        hints = typing.get_type_hints(hint).values()
    else:
        hints = typing.get_args(hint)
    for inner in hints:
        yield from _dataclasses(inner)


def _data(cls: type) -> str:
    rows = [(f"`{f.name}`", f"`{f.type}`", _missing(f)) for f in fields(cls)]
    return prose(doc(cls)) + "\n\n" + (table(("data", "type", "default"), rows) if rows else "No data.")


def _missing(f: Field[Any]) -> str:
    """What a field is where it is not given; "" where it must be."""
    default = f.default if f.default_factory is MISSING else f.default_factory()
    if default is MISSING:
        return ""
    if default is None or isinstance(default, bool | int | float) or (isinstance(default, str) and default):
        return f"`{json.dumps(default)}`"
    return "empty" if default in ("", (), {}, NOTHING) else "its defaults"


# Searches.

_VALUES = {"state": "FAILED", "duration": "30m"} | dict.fromkeys(("created", "started", "ended"), "-7d")
_OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~", "!~")


def where() -> str:
    """The language of `--where`, and what each field is compared by."""
    first, *rest = doc(sys.modules[parse.__module__]).split("\n\n")
    rows = [(f"`{_named(field)}`", " ".join(f"`{sign}`" for sign in _signs(field))) for field in FIELDS]
    body = [f"```text\n{inspect.cleandoc(part)}\n```" if part.startswith("    ") else part for part in rest[1:]]
    return "\n\n".join(["# Search expressions", first, *body, "## Fields", table(("field", "operators"), rows)])


def _named(field: str) -> str:
    return f"{field}.NAME" if field in NAMED else field


def _signs(field: str) -> list[str]:
    return [sign for sign in _OPERATORS if _is_taken(f"{_named(field)}{sign}{_VALUES.get(field, '1')}")]


def _is_taken(text: str) -> bool:
    try:
        parse(text, 0.0)
    except KfliteError:
        return False
    return True


# Errors.


def errors() -> str:
    """Exit statuses, and the errors that lead to them."""
    rows = [
        (f"`{cls.__name__}`", f"`{cls.__bases__[0].__name__}`", str(cls.exit_status), prose(doc(cls))) for cls in error_classes()
    ]
    statuses = [(number, text) for number, text in re.findall(r"(\d+) ([^,.]+)", doc(main))]
    return "\n\n".join(
        [
            "# Exit statuses and errors",
            table(("exit status", "meaning"), statuses),
            "## Errors",
            about(KfliteError),
            table(("error", "is a", "exit status", "meaning"), rows),
        ]
    )


def error_classes() -> list[type[KfliteError]]:
    """Every error that kflite raises on purpose, as the module lists them."""
    return [
        cls
        for cls in vars(sys.modules[KfliteError.__module__]).values()
        if isinstance(cls, type) and issubclass(cls, KfliteError)
    ]
