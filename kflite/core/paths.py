"""The paths of a run's files: a pure function of names, the same for every executor.

A task path such as `for-loop-1[0]/fit` is `for-loop-1.0/fit` on disk. Task names contain no dot, so no two paths collide.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from kflite.core.frozen import dataclass

# In bytes: below the file systems' 255, as unfinished copies have longer names.
LONGEST_NAME = 200
_ITERATION = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class RunPaths:
    """The folders of one run. home: kflite's private data; artifacts: a folder, or an fsspec URL that jobs stage through."""

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
        """The folder that all tasks of the run share, if the pipeline asks for one. No task can have this name."""
        return self.runs / ".workspace"

    def in_workspace(self, uri: str) -> Path:
        """The path of an imported artifact that was downloaded to the workspace."""
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
        """The URI of an ended attempt's logs, for other machines, when artifacts are remote."""
        return self.artifact(task, attempt, ".logs")

    @property
    def remote(self) -> bool:
        """Whether artifacts are kept at a URL, and jobs see copies of them."""
        return "://" in self.artifacts

    @property
    def staging(self) -> Path:
        """The folder with copies of remote artifacts."""
        return self.home / "staging"

    def path(self, uri: str) -> Path:
        """The path at which a job on this machine reads a URI: the path itself, or a copy below the staging folder."""
        uri = uri.removeprefix("file://")
        scheme, separator, rest = uri.partition("://")
        return self.staging.joinpath(scheme, *map(_part, rest.rstrip("/").split("/"))) if separator else Path(uri)

    def uri(self, path: Path) -> str:
        """The inverse of `path`."""
        if not path.is_relative_to(self.staging):
            return str(path)
        scheme, *rest = path.relative_to(self.staging).parts
        return f"{scheme}://{'/'.join('' if part == '%' else unquote(part) for part in rest)}"


def _part(text: str) -> str:
    """A part of a URI as a safe file name: it cannot leave the folder, and is no longer than a file name may be."""
    name = text.replace("%", "%25") or "%"
    if name in (".", ".."):
        return name.replace(".", "%2E")
    return name if len(name.encode()) <= LONGEST_NAME else f"{name[:100]}%{sha256(name.encode()).hexdigest()}"


def _below(task: str) -> str:
    return _ITERATION.sub(r".\1", task)


def private(path: str, flags: int) -> int:
    """An `opener` for `open` that creates files readable by this user only."""
    return os.open(path, flags, 0o600)
