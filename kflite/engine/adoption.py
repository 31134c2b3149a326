"""Which runs a scheduler takes up without being asked to: the one place that decides it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.plans.kinds import is_known

if TYPE_CHECKING:
    from kflite.store.base import RunRow


@dataclass(frozen=True, slots=True)
class Adoption:
    """Runs of these profiles, for these targets of `--on`; () for any. A run without a profile is anybody's."""

    profiles: Collection[str] = ()
    targets: Collection[str] = ()

    def accepts(self, row: RunRow) -> bool:
        """Whether to take up a run that nobody owns."""
        profile = not self.profiles or not row.profile or row.profile in self.profiles
        return profile and (not self.targets or row.on in self.targets) and is_known(row.kind)
