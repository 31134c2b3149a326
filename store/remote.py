"""Files and folders at URLs, by fsspec: the driver of each scheme, and what it tells of them without reading them.

All of it blocks. What drivers raise, of whatever library, becomes a KfliteError with the URL in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from kflite.errors import KfliteError, NotFound

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from kflite.value import Value

# The extra that brings a scheme's driver.
_EXTRAS = {"s3": "s3", "minio": "s3", "gs": "gcs", "gcs": "gcs", "http": "http", "https": "http"}
# What drivers call a version, a checksum or a time of a file.
_TOLD = (
    *("etag", "versionid", "generation", "md5hash", "md5", "content-md5", "crc32c", "digest"),
    *("mtime", "lastmodified", "last-modified", "last_modified", "updated", "modified", "created"),
)


def is_remote(uri: str) -> bool:
    """Whether it takes a driver to read it."""
    return "://" in uri and not uri.startswith("file://")


def filesystem(uri: str) -> tuple[AbstractFileSystem, str]:
    """The driver, and the path as it takes it. Raises KfliteError for what cannot be read here."""
    from fsspec.core import url_to_fs

    scheme = uri.partition("://")[0]
    if scheme == "oci":
        raise KfliteError(f"{uri}: the files of an image are there only on Kubernetes: copy them out, and import the folder")
    try:
        return url_to_fs(*_minio(uri) if scheme == "minio" else (uri,), use_listings_cache=False)  # type: ignore[no-any-return]
    except ImportError as error:
        extra = _EXTRAS.get(scheme)
        raise KfliteError(f"{uri}: " + (f"install kflite[{extra}] to read {scheme}://" if extra else str(error))) from error
    except ValueError as error:
        raise KfliteError(f"{uri}: no file system is known for {scheme}://") from error


def _minio(uri: str) -> tuple[str]:
    if not (os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")):
        raise KfliteError(f"{uri}: say where the MinIO server is: AWS_ENDPOINT_URL=http://…:9000, with its keys as for S3")
    return ("s3" + uri.removeprefix("minio"),)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Whatever a driver raises as a KfliteError that begins with `what`; NotFound for what is not there."""
    try:
        yield
    except KfliteError:
        raise
    except FileNotFoundError as error:
        why = f" ({error.__cause__})" if error.__cause__ else ""
        raise NotFound(f"{what}: nothing is there{why}") from error
    except PermissionError as error:
        raise KfliteError(f"{what}: access is denied: {error}") from error
    except Exception as error:  # each driver has errors of its own
        raise KfliteError(f"{what}: {str(error) or type(error).__name__}") from error


def is_folder(driver: AbstractFileSystem, path: str) -> bool:
    """Whether it is a folder; a web page is none, whatever it links to."""
    return not path.startswith(("http://", "https://")) and bool(driver.isdir(path))


def look(uri: str) -> tuple[str, int]:
    """(what changes when the content does, bytes); "" where the driver does not tell. Raises KfliteError, NotFound."""
    with told(uri):
        driver, path = filesystem(uri)
        if not is_folder(driver, path):
            info = driver.info(path)
            return _version([info]), int(info.get("size") or 0)
        found = driver.find(path, detail=True)
        return _version([found[name] for name in sorted(found)]), sum(int(info.get("size") or 0) for info in found.values())


def _version(files: list[dict[str, Value]]) -> str:
    parts = []
    for info in files:
        words = {key: str(value) for key, value in info.items() if key.lower() in _TOLD and value}
        if not words:
            return ""
        parts.append({**words, "name": str(info.get("name")), "size": str(info.get("size"))})
    return f"at:{sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]}" if parts else ""
