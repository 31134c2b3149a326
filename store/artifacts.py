"""Artifacts by URI: local paths directly, everything else by fsspec, which is imported then. All of it blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from blake3 import blake3

from kflite.errors import KfliteError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# From so many bytes on, two threads are worth their start.
THREADS_FROM = 16 * 2**20


def digest(path: Path) -> tuple[str, int]:
    """(hash, bytes) of a file's content, or of all names, kinds and contents in a folder. A link counts as its target's text."""
    if path.is_dir() and not path.is_symlink():
        return _folder(path)
    size = path.stat().st_size
    hasher = blake3(max_threads=2 if size >= THREADS_FROM else 1)
    hasher.update_mmap(path) if size else hasher.update(b"")
    return f"b3:{hasher.hexdigest()[:40]}", size


def _folder(path: Path) -> tuple[str, int]:
    hasher, total = blake3(), 0
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted([*files, *(f for f in folders if Path(folder, f).is_symlink())]):
            entry = Path(folder, name)
            content, size = ("-> " + os.readlink(entry), 0) if entry.is_symlink() else digest(entry)
            hasher.update(f"{entry.relative_to(path)}\0{content}\0".encode())
            total += size
        for name in (f for f in folders if not os.listdir(Path(folder, f))):
            hasher.update(f"{Path(folder, name).relative_to(path)}/\0".encode())
    return f"b3d:{hasher.hexdigest()[:40]}", total


def exists(uri: str) -> bool:
    """Whether there is something at the URI."""
    if "://" not in uri or uri.startswith("file://"):
        return os.path.lexists(uri.removeprefix("file://"))
    filesystem, path = _filesystem(uri)
    return bool(filesystem.exists(path))


def fetch(uri: str, path: Path) -> None:
    """Copy a file or folder to a local path, all or nothing. Raises KfliteError."""
    partial = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        filesystem, source = _filesystem(uri)
        filesystem.get(source, str(partial), recursive=bool(filesystem.isdir(source)))
        if not path.exists():
            os.rename(partial, path)
    except (OSError, ValueError) as error:
        raise KfliteError(f"{uri} cannot be fetched: {error}") from error
    finally:
        _remove(partial)


def push(path: Path, uri: str) -> None:
    """Copy a local file or folder to a URI. Raises KfliteError."""
    try:
        filesystem, target = _filesystem(uri)
        filesystem.put(str(path), target, recursive=path.is_dir())
    except (OSError, ValueError) as error:
        raise KfliteError(f"{path} cannot be copied to {uri}: {error}") from error


def delete(uri: str, keep: Collection[str] = ()) -> None:
    """Remove a file or folder, if it is there, but for the URIs to `keep` at or below it."""
    uri = uri.removeprefix("file://")
    kept = [other for other in keep if other == uri or other.startswith(f"{uri}/")]
    if not kept:
        _delete(uri)
    elif uri not in kept:
        for name in _names(uri):
            delete(f"{uri}/{name}", kept)


def _delete(uri: str) -> None:
    if "://" not in uri:
        _remove(Path(uri))
    elif exists(uri):
        filesystem, path = _filesystem(uri)
        filesystem.rm(path, recursive=True)


def _names(uri: str) -> list[str]:
    if "://" not in uri:
        return os.listdir(uri) if os.path.isdir(uri) else []
    filesystem, path = _filesystem(uri)
    return [Path(entry).name for entry in filesystem.ls(path, detail=False)] if filesystem.isdir(path) else []


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _filesystem(uri: str) -> tuple[AbstractFileSystem, str]:
    from fsspec.core import url_to_fs

    try:
        return url_to_fs(uri)  # type: ignore[no-any-return]
    except ImportError as error:
        raise KfliteError(f"{uri}: {error}") from error
    except ValueError as error:
        raise KfliteError(f"{uri}: no file system is known for it: {error}") from error
