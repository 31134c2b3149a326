"""Mounts on this machine: named volumes (folders), empty folders, and the files of secrets.

A named volume is the folder of its name below HOME/volumes. A task of the pipeline creates it (CreatePVC) or the user does, by
making the folder, or a link to one of his own. It has no size and no access modes: it is as large as the disk.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from kflite.core.frozen import dataclass
from kflite.core.job import Job, Mount, MountSource, Replica, VolumeClaim
from kflite.core.value import Value
from kflite.errors import ExecutorError
from kflite.executors import secrets
from kflite.executors.attempt_folder import GIVEN

_NAME = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"  # a DNS name, as Kubernetes asks for
_LONGEST_NAME = 253


@dataclass(frozen=True, slots=True)
class MountView:
    """What a replica sees at `path`: the folder or file `source`; or new files, that it can only read; or else an empty folder in
    memory of at most `size` bytes (0: no bound).
    """

    path: str
    source: Path | None = None
    files: Mapping[str, bytes] | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Volumes:
    """The named volumes, which are folders in `folder`."""

    folder: Path

    def seen(self, job: Job, replica: Replica) -> list[MountView]:
        """What a replica's mounts are here; empty folders are made. Blocks.

        Raises ExecutorError for a volume, secret or config map that does not exist, and for a path that cannot be mounted.
        """
        mounts = sorted(replica.role.mounts, key=lambda mount: PurePosixPath(mount.path).parts)
        return [self._seen(job, replica, number, mount) for number, mount in enumerate(mounts)]

    def _seen(self, job: Job, replica: Replica, number: int, mount: Mount) -> MountView:
        path = _path(mount)
        if mount.source in (MountSource.SECRET, MountSource.CONFIG_MAP):
            return MountView(path, files=secrets.files(mount))
        if mount.source is MountSource.VOLUME:
            return MountView(path, self._part(mount))
        if mount.options.get("medium") == "Memory":
            return MountView(path, size=int(str(mount.options.get("sizeLimit") or 0)))
        return MountView(path, given(job, replica, number))

    def _part(self, mount: Mount) -> Path:
        """The volume, or the requested part of it, created if missing."""
        whole = self.path(mount.name)
        if not whole.is_dir():
            remedy = f"create it by a CreatePVC task, by `mkdir -p {whole}`, or by a link there to a folder of yours"
            raise ExecutorError(f"there is no volume {mount.name!r}: {remedy}", "VolumeMissing")
        part = (whole / mount.sub_path).resolve()
        if not part.is_relative_to(whole.resolve()):
            raise ExecutorError(f"{mount.sub_path!r} leads out of the volume {mount.name!r}: name a path inside it", "BadMount")
        if not part.exists():
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        return part

    def names(self) -> list[str]:
        """The names of all volumes."""
        return sorted(each.name for each in self.folder.iterdir() if _names(each.name)) if self.folder.is_dir() else []

    def path(self, name: str) -> Path:
        """The path of a volume. Raises ExecutorError for an invalid name."""
        if not _names(name):
            raise ExecutorError(f"{name!r} cannot name a volume: use small letters, digits, '-' and '.'", "BadVolume")
        return self.folder / name

    def settle(self, claim: VolumeClaim) -> None:
        """Create or delete a volume; an existing one is kept, a missing one ignored. Blocks. Raises ExecutorError."""
        path = self.path(claim.name)
        if not claim.delete:
            return self._create(path, claim.options)
        self._mark(claim.name).unlink(missing_ok=True)
        if path.is_symlink():
            return path.unlink(missing_ok=True)
        return shutil.rmtree(path, ignore_errors=not path.exists())

    def _create(self, path: Path, options: Mapping[str, Value]) -> None:
        if path.exists():
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._mark(path.name).write_text(os.urandom(16).hex(), "ascii")
        if source := self._source(options):
            shutil.copytree(source, path, symlinks=True)
        path.mkdir(mode=0o700, exist_ok=True)

    def _mark(self, name: str) -> Path:
        return self.folder / f".{name}.made"

    def identity(self, name: str) -> str:
        """The id of a volume's creation, which differs from that of an earlier volume of this name; "" for a user's folder."""
        path = self.folder / name
        if not _names(name) or not path.is_dir():
            return "absent"
        mark = self._mark(name)
        return str(path.readlink()) if path.is_symlink() else mark.read_text("ascii") if mark.exists() else ""

    def _source(self, options: Mapping[str, Value]) -> Path | None:
        """The volume to copy the content from."""
        source = options.get("dataSource")
        if not isinstance(source, dict):
            return None
        kind, name = source.get("kind"), str(source.get("name", ""))
        if kind != "PersistentVolumeClaim" or not self.path(name).is_dir():
            raise ExecutorError(
                f"no {kind} {name!r} on this machine: a volume can be made here from another volume", "VolumeMissing"
            )
        return self.path(name)


def _names(name: str) -> bool:
    return bool(re.fullmatch(_NAME, name)) and len(name) <= _LONGEST_NAME


def _path(mount: Mount) -> str:
    pure = PurePosixPath(mount.path)
    if not pure.is_absolute() or ".." in pure.parts or len(pure.parts) == 1:
        raise ExecutorError(
            f"{mount.path!r} is no place to mount {mount.source} {mount.name!r}: give an absolute path", "BadMount"
        )
    if mount.sub_path and mount.source is not MountSource.VOLUME:
        raise ExecutorError(f"{mount.path}: only a volume can be mounted in part, and this is a {mount.source}", "BadMount")
    return str(pure)


def given(job: Job, replica: Replica, number: int) -> Path:
    """Create a private folder that is removed when the attempt ends."""
    folder = job.folder / GIVEN / f"{replica.rank}.{number}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def clear(folder: Path | str) -> None:
    """Remove the temporary mounts of the ended attempt with this folder. Blocks."""
    shutil.rmtree(os.path.join(folder, GIVEN), ignore_errors=True)
