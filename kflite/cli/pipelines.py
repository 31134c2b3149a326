"""`kflite pipelines`: uploaded pipelines and their versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kflite.cli.common import CliContext, as_json, out

if TYPE_CHECKING:
    from kflite.runs.stored import VersionRow


def known(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Pipelines and their versions, for the shell's completion."""
    context = ctx.find_object(CliContext) or CliContext({})
    with context.store() as store:
        rows = store.catalogue.versions()
    names = dict.fromkeys(name for row in rows for name in (row.pipeline, row.title))
    return [name for name in names if name.startswith(incomplete)]


_named = click.argument("title", metavar="NAME[@VERSION]", shell_complete=known)


@click.group()
def pipelines() -> None:
    """Keep pipelines by name and version; `kflite run pipeline:NAME[@VERSION]` runs them."""


@pipelines.command()
@click.argument("target")
@click.option("--name", default="", help="The name to upload it as; by default the pipeline's own.")
@click.option("--version", default="", help="The version's name; by default v1, v2, ….")
@click.option("--description", default="", help="The version's description; by default the pipeline's own.")
@as_json
@click.pass_obj
def upload(context: CliContext, target: str, name: str, version: str, description: str, json_: bool) -> None:
    """Upload TARGET's pipeline as its newest version. A document that was uploaded before keeps its version."""
    from kflite.runs.as_json import version_json
    from kflite.runs.pipelines import upload as put

    loaded = context.target(target)
    with context.store() as store:
        row, new = put(store, loaded, name, version, description)
    if json_:
        return out().document(version_json(row) | {"new": new})
    return out().line((row.title, "bold"), "" if new else " is this very document already: nothing was uploaded")


@pipelines.command("ls")
@as_json
@click.pass_obj
def list_(context: CliContext, json_: bool) -> None:
    """List pipelines, each with its newest version."""
    from kflite.runs.as_json import version_json

    with context.store() as store:
        rows = store.catalogue.versions()
    newest = [row for index, row in enumerate(rows) if not index or rows[index - 1].pipeline != row.pipeline]
    if json_:
        return out().document([version_json(row) for row in newest])
    if not rows:
        return out().line(("no pipelines yet: kflite pipelines upload TARGET keeps one", "dim"))
    return _table(newest)


@pipelines.command()
@click.argument("name", shell_complete=known)
@as_json
@click.pass_obj
def versions(context: CliContext, name: str, json_: bool) -> None:
    """List all versions of the pipeline NAME, the newest first."""
    from kflite.runs.as_json import version_json

    with context.store() as store:
        store.catalogue.version(name)
        rows = store.catalogue.versions(name)
    return out().document([version_json(row) for row in rows]) if json_ else _table(rows)


@pipelines.command()
@_named
@as_json
@click.pass_obj
def show(context: CliContext, title: str, json_: bool) -> None:
    """Show a version, by default the newest: its inputs, its tasks, and the number of its runs."""
    from kflite.cli.compile import plan_lines
    from kflite.format import clean, clock
    from kflite.runs.as_json import version_json
    from kflite.runs.pipelines import get as read
    from kflite.runs.pipelines import split

    with context.store() as store:
        row, pipeline = read(store, *split(title))
    if json_:
        return out().document(version_json(row))
    out().line((row.title, "bold"), ("  uploaded ", "dim"), clock(row.created), ("  runs ", "dim"), str(row.runs))
    if row.description:
        out().line(clean(row.description))
    return out().lines(plan_lines(pipeline))


@pipelines.command()
@_named
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="The file to write; by default standard output."
)
@click.option("--manifest", is_flag=True, help="Write Kubernetes manifests of kinds Pipeline and PipelineVersion.")
@click.pass_obj
def get(context: CliContext, title: str, output: Path | None, manifest: bool) -> None:
    """Write a version, by default the newest, as KFP v2 IR."""
    from kflite.cli.compile import write
    from kflite.runs.pipelines import get as read
    from kflite.runs.pipelines import split

    with context.store() as store:
        row, pipeline = read(store, *split(title))
    write(pipeline, output, manifest, row.title.replace("@", "-"))


@pipelines.command()
@click.argument("titles", metavar="NAME[@VERSION]...", nargs=-1, required=True, shell_complete=known)
@click.pass_obj
def rm(context: CliContext, titles: tuple[str, ...]) -> None:
    """Remove versions, or pipelines with all their versions. Runs keep their documents."""
    from kflite.runs.pipelines import split

    named = [split(title) for title in titles]
    with context.store() as store:
        for name, version in named:
            store.catalogue.version(name, version)
        for name, version in named:
            for row in store.catalogue.remove(name, version):
                out().line(f"removed {row.title}")


def _table(rows: list[VersionRow]) -> None:
    from kflite.format import clean, clock

    cells = [
        (
            (row.title, "bold"),
            (clock(row.created), "dim"),
            (str(row.runs), ""),
            (row.plan[:12], "dim"),
            (clean(row.description), ""),
        )
        for row in rows
    ]
    out().table(("PIPELINE", "UPLOADED", "RUNS", "DOCUMENT", "DESCRIPTION"), cells)
