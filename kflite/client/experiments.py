"""`client.experiments`: groups of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kflite.client.session import Session
    from kflite.store.catalogue import ExperimentRow


class Experiments:
    """`client.experiments`. Calls raise NotFound for unknown ones."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def create(self, name: str, description: str = "") -> ExperimentRow:
        """Create an experiment. Raises InputError if the name is taken."""
        return await self._session.create_experiment(name, description)

    async def list(self, archived: bool | None = False) -> Sequence[ExperimentRow]:
        """Experiments, the newest first. archived: whether archived, None for both."""
        return await self._session.experiments(archived)

    async def get(self, name: str) -> ExperimentRow:
        """An experiment, with the number of its runs."""
        return await self._session.experiment(name)

    async def archive(self, name: str) -> None:
        """Hide the experiment and its runs from listings; nothing is deleted."""
        await self._session.archive_experiment(name, archived=True)

    async def unarchive(self, name: str) -> None:
        """Show the experiment in listings again, and those of its runs that were not archived themselves."""
        await self._session.archive_experiment(name, archived=False)

    async def delete(self, name: str, *, runs: bool = False) -> int:
        """Remove an experiment, and with `runs` its runs, too; returns how many. Raises InputError for runs without `runs`."""
        return await self._session.delete_experiment(name, runs)
