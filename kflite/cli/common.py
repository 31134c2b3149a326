"""Shared by verbs: the settings, the open store, lookup of runs, and parsing of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from kflite.errors import InputError, NotFound

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.paths import RunPaths
    from kflite.core.value import Value
    from kflite.ir import Pipeline
    from kflite.runs.stored import ArtifactRow, Database, RunRow
    from kflite.runs.submit import SubmitContext
    from kflite.target import Target
    from kflite.terminal.out import Out

C = TypeVar("C", bound=Callable[..., object])


@dataclass(frozen=True)
class CliContext:
    """The settings given as options before the verb."""

    flags: dict[str, str]

    @cached_property
    def settings(self) -> Settings:
        """All settings, from options, environment and files."""
        return self.with_flags({})

    def with_flags(self, more: dict[str, str]) -> Settings:
        """The settings with these options added."""
        from kflite import config

        return config.load({**self.flags, **{name: text for name, text in more.items() if text}})

    @contextmanager
    def store(self) -> Iterator[Database]:
        """The store, open."""
        from kflite.runs.stored import open_store

        with open_store(self.settings) as opened:
            yield opened

    def target(self, text: str) -> Target:
        """Load a target; the store is opened for an uploaded pipeline."""
        from kflite.runs.pipelines import load, uploaded, uploaded_name

        if not (named := uploaded_name(text)):
            return load(text)
        with self.store() as store:
            return uploaded(store, *named)

    def submit_context(self, settings: Settings) -> SubmitContext:
        """The context of a submission; the store is opened for an earlier run's artifact."""
        from kflite.runs.submit import SubmitContext

        def find(id: str) -> ArtifactRow:
            with self.store() as store:
                return store.artifact(id)

        return SubmitContext(settings.on, settings.artifacts, find, settings.profile)

    def paths(self, run: RunRow) -> RunPaths:
        """The run's paths."""
        from kflite.core.paths import RunPaths

        return RunPaths(self.settings.home, self.settings.artifacts, run.pipeline, run.run)


_SETTINGS = {
    "--home": ("FOLDER", "The folder for kflite's private data."),
    "--store": ("URL", "The store: sqlite:///path or postgresql://…"),
    "--artifacts": ("FOLDER|URL", "The folder or URL for artifacts."),
    "--profile": ("NAME", "The profile that owns the runs."),
}


def settings_options() -> list[click.Option]:
    """The options for settings before the verb."""
    return [click.Option([name], metavar=metavar, help=text) for name, (metavar, text) in _SETTINGS.items()]


def take_settings(command: click.Command) -> None:
    """Let a verb take the same options after it."""
    taken = {option for parameter in command.params for option in parameter.opts}
    command.params += [
        click.Option([name], hidden=True, expose_value=False, callback=_setting_after_verb)
        for name in _SETTINGS
        if name not in taken
    ]
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            take_settings(inner)


def _setting_after_verb(ctx: click.Context, parameter: click.Parameter, value: str | None) -> None:
    context = ctx.find_object(CliContext)
    if value and context and parameter.name:
        context.flags[parameter.name] = value


ARTIFACT = "An input artifact: a path, a URI, or an id that `artifacts ls` shows; more than once for a list."

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")


def optional_run(command: C) -> C:
    """Add the optional argument RUN."""
    return click.argument("run", required=False, default="", shell_complete=known_runs)(command)


def known_runs(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Ids of runs, for the shell's completion."""
    context = ctx.find_object(CliContext) or CliContext({})
    with context.store() as store:
        return [row.run for row in store.runs(1000) if row.run.startswith(incomplete)]


def find_run(store: Database, run: str) -> RunRow:
    """The named run, by default the newest. Raises NotFound."""
    if run:
        return store.run(run)
    newest = store.runs(1)
    if not newest:
        raise NotFound("there is no run yet: kflite run TARGET makes one")
    return newest[0]


def out() -> Out:
    """Standard output."""
    import sys

    from kflite.terminal.out import Out

    return Out(sys.stdout)


def parameters(pipeline: Pipeline, pairs: Sequence[str], file: str) -> dict[str, Value]:
    """Values of `--param` and `--params`; the former take precedence, and are parsed as the pipeline's declared types."""
    from kflite.ir.parameter import parse

    return {**(_file(Path(file)) if file else {}), **parse(pipeline, texts(pairs))}


def texts(pairs: Sequence[str], option: str = "--param") -> dict[str, str]:
    """`NAME=TEXT` options as a mapping. Raises InputError for a text without `=`."""
    named: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise InputError(f"{option} {pair}: it must be NAME=VALUE")
        named[name.strip()] = text
    return named


def artifacts(pairs: Sequence[str]) -> dict[str, Value]:
    """Values of `--artifact`: a list of texts by name."""
    named: dict[str, list[Value]] = {}
    for pair in pairs:
        for name, text in texts((pair,), "--artifact").items():
            named.setdefault(name, []).append(text)
    return {**named}


def _file(path: Path) -> dict[str, Value]:
    from kflite.ir.read import load
    from kflite.ir.text import parse

    values, *more = parse(load(path), str(path))
    if more or not isinstance(values, dict):
        raise InputError(f"--params {path}: it must hold one mapping of names to values")
    return values
