"""`kflite volumes`: what tasks mount by name on this machine, and removing it."""

from __future__ import annotations

import click

from kflite.cli.common import CliContext, as_json, out
from kflite.errors import InputError, NotFound


@click.group()
def volumes() -> None:
    """List named volumes, which are folders on this machine that runs share; remove them."""


@volumes.command("ls")
@as_json
@click.pass_obj
def list_(context: CliContext, json_: bool) -> None:
    """List volumes."""
    from kflite.engine.named_volumes import named_volumes
    from kflite.format import clean, size

    all_ = named_volumes(context.settings)
    if json_:
        return out().document([volume.as_json() for volume in all_])
    if not all_:
        return out().line(("there are no volumes", "dim"))
    cells = [
        (
            (clean(volume.name), "bold"),
            ("" if volume.size is None else size(volume.size), ""),
            (volume.origin, "dim"),
            (clean(str(volume.path)), ""),
        )
        for volume in all_
    ]
    return out().table(("NAME", "SIZE", "FROM", "PATH"), cells)


@volumes.command("rm")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--force", is_flag=True, help="Also while runs go on, which may use them.")
@click.pass_obj
def remove(context: CliContext, names: tuple[str, ...], force: bool) -> None:
    """Remove volumes with all that is in them; of a link, the link alone."""
    from kflite.engine.named_volumes import remove_volume, volume_names

    known = volume_names(context.settings)
    if unknown := [name for name in names if name not in known]:
        raise NotFound(f"there is no volume {unknown[0]!r}: kflite volumes ls lists them")
    if not force:
        _ensure_idle(context)
    for name in names:
        remove_volume(context.settings, name)
        out().line(f"removed {name}")


def _ensure_idle(context: CliContext) -> None:
    with context.store() as store:
        if live := [row.run for row in store.runs(100) if not row.state.ended]:
            raise InputError(f"run {live[0]} goes on, and may use them: wait for its end, or give --force")
