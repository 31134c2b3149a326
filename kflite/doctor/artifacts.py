"""Whether remote artifacts can be read and written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.config import Settings


def remote_artifacts(settings: Settings) -> Iterator[Finding]:
    from kflite.store.blobs.remote import ready

    try:
        if "://" in settings.artifacts:
            ready(settings.artifacts)
    except InputError as error:
        yield Finding("artifacts", False, str(error))
