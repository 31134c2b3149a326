"""References by which attempts are found again: the common name of the containers or pods, and the folder."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

from kflite.core.frozen import dataclass
from kflite.core.job import Job

_LONGEST_SLUG = 24  # a container's name is its host name too, and those have at most 63 characters


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to an attempt."""

    group: str
    folder: Path

    @classmethod
    def of(cls, job: Job) -> Ref:
        """The ref of a job, which is always the same."""
        slug = re.sub(r"[^a-z0-9]+", "-", job.id.rpartition("/")[2].lower()).strip("-")[:_LONGEST_SLUG].strip("-")
        digest = sha256(f"{job.id}\n{job.attempt}\n{job.folder}".encode()).hexdigest()[:12]
        return cls(f"kflite-{slug or 'job'}-{digest}", job.folder)

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Parse what `str` wrote."""
        group, _, folder = text.partition("@")
        return cls(group, Path(folder))

    def __str__(self) -> str:
        return f"{self.group}@{self.folder}"

    def name(self, rank: int) -> str:
        """A replica's container and host name."""
        return f"{self.group}-{rank}"
