"""Artifacts by URI: local paths directly, everything else by fsspec, which is imported then. All of it blocks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import uuid4

from blake3 import blake3

from kflite.core.value import Artifact
from kflite.errors import KfliteError
from kflite.store.blobs.remote import driver_errors, filesystem, is_folder, is_remote, version

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


def content(uri: str) -> tuple[str, int]:
    """(what stands for the content, bytes) of what lies elsewhere: its hash, or what a driver tells of it without reading it.

    "" where the driver does not tell. Raises KfliteError, OSError. A file or folder that is as it was is not read twice.
    """
    if is_remote(uri):
        return version(uri)
    path = Path(uri.removeprefix("file://"))
    fingerprint = _fingerprint(path)
    if (cached := _contents.get(path)) is None or cached[0] != fingerprint:
        cached = _contents[path] = (fingerprint, digest(path))
    return cached[1]


_contents: dict[Path, tuple[str, tuple[str, int]]] = {}


def _fingerprint(path: Path) -> str:
    """What changes when a file does, or any file in a folder: names, sizes, times and inodes."""
    files = [path] if not path.is_dir() else sorted(Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    stats = ((file, file.lstat()) for file in files)
    return blake3(repr([(str(f), s.st_size, s.st_mtime_ns, s.st_ino) for f, s in stats]).encode()).hexdigest()


def extent(path: Path) -> int:
    """Bytes of a file, or of all files in a folder, as `digest` counts them."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size if path.is_symlink() else path.stat().st_size
    entries = (Path(folder, name) for folder, _, files in os.walk(path) for name in files)
    return sum(entry.stat().st_size for entry in entries if not entry.is_symlink())


def exists(uri: str) -> bool:
    """Whether there is something at the URI; no where it cannot be read from here."""
    if not is_remote(uri):
        return os.path.lexists(uri.removeprefix("file://"))
    try:
        with driver_errors(uri):
            driver, path = filesystem(uri)
            return bool(driver.exists(path))
    except KfliteError:
        return False


def intact(artifact: Artifact, root: str) -> bool:
    """Whether what was recorded is still there: below the artifacts' root by its size, elsewhere by its whole content."""
    if not artifact.digest and not artifact.outside:
        return True  # nothing was written but metadata
    uri = artifact.uri.removeprefix("file://")
    try:
        if is_remote(uri):
            return exists(uri) if artifact.outside else version(uri)[1] == artifact.size
        path = Path(uri)
        return extent(path) == artifact.size if uri.startswith(f"{root}/") else digest(path)[0] == artifact.digest
    except (OSError, KfliteError):
        return False


def head(uri: str, most: int) -> bytes:
    """The first bytes of a file, `most` at most. Raises OSError, KfliteError."""
    if not is_remote(uri):
        with open(uri.removeprefix("file://"), "rb") as file:
            return file.read(most)
    with driver_errors(f"{uri} cannot be read"):
        driver, path = filesystem(uri)
        with driver.open(path, "rb") as file:
            return bytes(file.read(most))


def fetch(uri: str, path: Path) -> None:
    """Copy a file or folder to a local path, all or nothing. Raises KfliteError, NotFound."""
    partial = path.with_name(f".{path.name[:200]}.{uuid4().hex[:8]}")
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        with driver_errors(f"{uri} cannot be fetched"):
            driver, source = filesystem(uri)
            if is_folder(driver, source):
                driver.get(source, str(partial), recursive=True)
            else:
                driver.get_file(source, str(partial))
        if not path.exists():
            os.rename(partial, path)
    finally:
        _remove(partial)


def push(path: Path, uri: str) -> None:
    """Copy a local file or folder to a URI. Raises KfliteError."""
    with driver_errors(f"{path} cannot be copied to {uri}"):
        driver, target = filesystem(uri)
        try:
            driver.put(str(path), target, recursive=path.is_dir())
        except FileNotFoundError:  # a file system with folders, unlike an object store
            driver.makedirs(target.rpartition("/")[0], exist_ok=True)
            driver.put(str(path), target, recursive=path.is_dir())


def delete(uri: str, keep: Collection[str] = ()) -> None:
    """Remove a file or folder, if it is there, but for the URIs to `keep` at or below it."""
    uri = uri.removeprefix("file://")
    kept_uris = [other for other in keep if other == uri or other.startswith(f"{uri}/")]
    if not kept_uris:
        _delete(uri)
    elif uri not in kept_uris:
        for name in names(uri):
            delete(f"{uri}/{name}", kept_uris)


def _delete(uri: str) -> None:
    if "://" not in uri:
        _remove(Path(uri))
    elif exists(uri):
        driver, path = filesystem(uri)
        driver.rm(path, recursive=True)


def names(uri: str) -> list[str]:
    """What lies in a folder, nothing where it is none."""
    if "://" not in uri:
        return os.listdir(uri) if os.path.isdir(uri) else []
    driver, path = filesystem(uri)
    return [Path(entry).name for entry in driver.ls(path, detail=False)] if driver.isdir(path) else []


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
