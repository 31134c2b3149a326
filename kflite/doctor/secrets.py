"""The local folders of secrets, config maps and volumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding

if TYPE_CHECKING:
    from kflite.config import Settings


def local_objects(settings: Settings) -> Iterator[Finding]:
    from kflite.executors.secrets import secrets_folder

    folders = (
        ("secrets", secrets_folder(config=False)),
        ("config maps", secrets_folder(config=True)),
        ("volumes", settings.home / "volumes"),
    )
    for name, folder in folders:
        count = sum(each.is_dir() for each in folder.iterdir()) if folder.is_dir() else 0
        yield Finding(name, True, f"{count} in {folder}")
