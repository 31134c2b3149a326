"""Where things lie: one pure rule from names to paths, the same for every executor.

Task paths hold `/` and `[i]`; on disk `for-loop-1[0]/fit` is `for-loop-1.0/fit`, and since task names hold no dot, no two meet.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_ITERATION = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one run. home: private data of kflite; artifacts: a folder, or an fsspec URL that jobs stage through."""

    home: Path
    artifacts: str
    pipeline: str
    run: str

    def attempt(self, task: str, attempt: int) -> Path:
        """The private folder of one attempt: logs, working folder, input and output files."""
        return self.home.joinpath("runs", self.run, _below(task), str(attempt))

    @property
    def runs(self) -> Path:
        """The folder with all attempts of the run."""
        return self.home / "runs" / self.run

    @property
    def root(self) -> str:
        """The run's folder (or URL) of artifacts."""
        return f"{self.artifacts}/{self.pipeline}/{self.run}"

    def artifact(self, task: str, attempt: int, output: str) -> str:
        """The URI of an output; with a local root it is an absolute path."""
        return f"{self.root}/{_below(task)}/{attempt}/{output}"

    def logs(self, task: str, attempt: int) -> str:
        """Where an ended attempt's logs are kept for other machines, when artifacts lie elsewhere."""
        return self.artifact(task, attempt, ".logs")

    @property
    def remote(self) -> bool:
        """Whether artifacts lie elsewhere, and jobs see copies of them."""
        return "://" in self.artifacts

    def path(self, uri: str) -> Path:
        """Where a job on this machine sees the bytes of a URI: the path itself, or a copy below the staging folder."""
        uri = uri.removeprefix("file://")
        scheme, found, rest = uri.partition("://")
        return self.home / "staging" / scheme / rest if found else Path(uri)

    def uri(self, path: Path) -> str:
        """The URI that `path` is the path of."""
        staging = self.home / "staging"
        if not path.is_relative_to(staging):
            return str(path)
        scheme, *rest = path.relative_to(staging).parts
        return f"{scheme}://{'/'.join(rest)}"


def _below(task: str) -> str:
    return _ITERATION.sub(r".\1", task)


def private(path: str, flags: int) -> int:
    """An opener of files that only this user may read; for `open`."""
    return os.open(path, flags, 0o600)
