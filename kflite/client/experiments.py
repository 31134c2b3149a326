"""`client.experiments`: what runs are grouped by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite.client.session import Session
    from kflite.store.catalogue import ExperimentRow


class Experiments:
    """`client.experiments`. Every call raises NotFound for what is not there."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, name: str, description: str = "") -> ExperimentRow:
        """A new experiment. Raises InputError where there is one of this name."""
        return await self._session.create_experiment(name, description)

    async def list(self, archived: bool | None = False) -> Sequence[ExperimentRow]:
        """All, the newest first. archived: only those, None: these too."""
        return await self._session.experiments(archived)

    async def get(self, name: str) -> ExperimentRow:
        """One, with the count of its runs."""
        return await self._session.experiment(name)

    async def archive(self, name: str) -> None:
        """Hide the experiment and its runs from listings; nothing is deleted."""
        await self._session.archive_experiment(name, archived=True)

    async def unarchive(self, name: str) -> None:
        """Show the experiment in listings again, and those of its runs that were not archived themselves."""
        await self._session.archive_experiment(name, archived=False)

    async def delete(self, name: str, *, runs: bool = False) -> int:
        """Remove an experiment, and with `runs` all of its runs; returns how many. Raises InputError while it has others."""
        return await self._session.delete_experiment(name, runs)
