"""Files that travel inside a component's source: a tar.gz as base64, the same for the same content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.dsl import trace

if TYPE_CHECKING:
    from tarfile import TarInfo

_LEFT_OUT = ("__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a component brings along. archive: its content; name: of the file in it, "" for the whole folder."""

    archive: str
    name: str = ""

    @property
    def expression(self) -> str:
        """What unpacks it where the component runs, and gives the path."""
        return f"__embedded__({self.archive!r}, {self.name!r})"


def found(option: str, path: str, beside: str) -> Path:
    """The file or folder that a decorator's option names, from the current folder or the component's own file `beside`.

    Raises CompileError.
    """
    for place in (Path(path), Path(beside).parent / path):
        if place.exists():
            return place
    raise trace.refused(f"{option} {path!r} does not exist: name a file or folder, from the current one or the component's")


def embedded(path: Path, name: str = "") -> Embedded:
    """A file or folder as it is now. name: of the file in the folder that is meant, "" for all of it."""
    import base64
    import gzip
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, dereference=True) as archive:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            inside = file.name if path.is_file() else file.relative_to(path).as_posix()
            if not any(part in _LEFT_OUT for part in Path(inside).parts):
                archive.add(file, inside, recursive=False, filter=_timeless)
    data = gzip.compress(buffer.getvalue(), mtime=0)
    return Embedded(base64.b64encode(data).decode("ascii"), path.name if path.is_file() else name)


def _timeless(entry: TarInfo) -> TarInfo:
    """The entry without what differs from one machine to another."""
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry
