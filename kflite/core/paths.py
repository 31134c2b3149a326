"""Where things lie: one pure rule from names to paths, the same for every executor.

Task paths hold `/` and `[i]`; on disk `for-loop-1[0]/fit` is `for-loop-1.0/fit`, and since task names hold no dot, no two meet.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

# In bytes: what file systems take, less what copies that are being made add to a name.
LONGEST_NAME = 200
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
    def workspace(self) -> Path:
        """The folder that all tasks of the run share, where its pipeline asks for one; no task has such a name."""
        return self.runs / ".workspace"

    def in_workspace(self, uri: str) -> Path:
        """Where tasks see the copy of what an importer downloads to the workspace."""
        path = self.path(uri)
        if not path.is_relative_to(self.staging):
            return self.workspace.joinpath(".artifacts", *path.parts[1:])
        scheme, *rest = path.relative_to(self.staging).parts
        return self.workspace.joinpath(".artifacts", "gcs" if scheme == "gs" else scheme, *rest)

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

    @property
    def staging(self) -> Path:
        """The folder with copies of what lies elsewhere."""
        return self.home / "staging"

    def path(self, uri: str) -> Path:
        """Where a job on this machine sees the bytes of a URI: the path itself, or a copy below the staging folder."""
        uri = uri.removeprefix("file://")
        scheme, found, rest = uri.partition("://")
        return self.staging.joinpath(scheme, *map(_part, rest.rstrip("/").split("/"))) if found else Path(uri)

    def uri(self, path: Path) -> str:
        """The URI that `path` is the path of."""
        if not path.is_relative_to(self.staging):
            return str(path)
        scheme, *rest = path.relative_to(self.staging).parts
        return f"{scheme}://{'/'.join('' if part == '%' else unquote(part) for part in rest)}"


def _part(text: str) -> str:
    """A part of a URI as a name in a folder: none leads out of it, and none is longer than a file's name may be."""
    name = text.replace("%", "%25") or "%"
    if name in (".", ".."):
        return name.replace(".", "%2E")
    return name if len(name.encode()) <= LONGEST_NAME else f"{name[:100]}%{sha256(name.encode()).hexdigest()}"


def _below(task: str) -> str:
    return _ITERATION.sub(r".\1", task)


def private(path: str, flags: int) -> int:
    """An opener of files that only this user may read; for `open`."""
    return os.open(path, flags, 0o600)
