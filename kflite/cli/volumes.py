"""`kflite volumes`: what tasks mount by name on this machine, and removing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kflite.cli.common import Given, as_json, out
from kflite.errors import InputError, NotFound

if TYPE_CHECKING:
    from kflite.core.value import Value
    from kflite.executors.volumes import Volumes


@click.group()
def volumes() -> None:
    """List named volumes, which are folders on this machine that runs share; remove them."""


@volumes.command("ls")
@as_json
@click.pass_obj
def list_(given: Given, json_: bool) -> None:
    """List volumes."""
    from kflite.format import clean, size

    held = [_told(_volumes(given), name) for name in _volumes(given).names()]
    if json_:
        return out().document([*held])
    if not held:
        return out().line(("there are no volumes", "dim"))
    cells = [
        (
            (clean(str(one["name"])), "bold"),
            (size(int(str(one["size"]))) if one["size"] is not None else "", ""),
            (str(one["from"]), "dim"),
            (clean(str(one["path"])), ""),
        )
        for one in held
    ]
    return out().table(("NAME", "SIZE", "FROM", "PATH"), cells)


def _told(all_: Volumes, name: str) -> dict[str, Value]:
    from kflite.store.blobs.artifacts import extent

    path = all_.path(name)
    if path.is_symlink():
        return {"name": name, "size": None, "from": "a link", "path": str(path.readlink())}
    return {"name": name, "size": extent(path), "from": "a task" if all_.identity(name) else "you", "path": str(path)}


@volumes.command("rm")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--force", is_flag=True, help="Also while runs go on, which may use them.")
@click.pass_obj
def remove(given: Given, names: tuple[str, ...], force: bool) -> None:
    """Remove volumes with all that is in them; of a link, the link alone."""
    from kflite.core.job import VolumeClaim

    all_ = _volumes(given)
    if unknown := [name for name in names if name not in all_.names()]:
        raise NotFound(f"there is no volume {unknown[0]!r}: kflite volumes ls lists them")
    if not force:
        _idle(given)
    for name in names:
        all_.settle(VolumeClaim(name, delete=True))
        out().line(f"removed {name}")


def _volumes(given: Given) -> Volumes:
    from kflite.executors.volumes import Volumes

    return Volumes(given.settings.home / "volumes")


def _idle(given: Given) -> None:
    with given.store() as store:
        if live := [row.run for row in store.runs(100) if not row.state.ended]:
            raise InputError(f"run {live[0]} goes on, and may use them: wait for its end, or give --force")
