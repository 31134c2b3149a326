"""Files embedded in a component's source: a tar.gz as base64; equal content gives equal text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.frozen import dataclass
from kflite.dsl import trace

if TYPE_CHECKING:
    from tarfile import TarInfo

_EXCLUDED = ("__pycache__", ".ipynb_checkpoints")


@dataclass(frozen=True, slots=True)
class Embedded:
    """Embedded files. archive: their content; name: a file in it, "" for the whole folder."""

    archive: str
    name: str = ""

    @property
    def expression(self) -> str:
        """The Python expression that unpacks it at run time and returns the path."""
        return f"__embedded__({self.archive!r}, {self.name!r})"


def resolve_path(option: str, path: str, component_file: str) -> Path:
    """The file or folder that a decorator's option names, relative to the current folder or to the component's file.

    Raises CompileError.
    """
    for candidate in (Path(path), Path(component_file).parent / path):
        if candidate.exists():
            return candidate
    raise trace.refused(f"{option} {path!r} does not exist: name a file or folder, from the current one or the component's")


def embed(path: Path, name: str = "") -> Embedded:
    """The current content of a file or folder. name: a file in the folder, "" for all of it."""
    import base64
    import gzip
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, dereference=True) as archive:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            member_name = file.name if path.is_file() else file.relative_to(path).as_posix()
            if not any(part in _EXCLUDED for part in Path(member_name).parts):
                archive.add(file, member_name, recursive=False, filter=_normalised)
    data = gzip.compress(buffer.getvalue(), mtime=0)
    return Embedded(base64.b64encode(data).decode("ascii"), path.name if path.is_file() else name)


def _normalised(entry: TarInfo) -> TarInfo:
    """The entry without attributes that differ between machines."""
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry
