"""Files and folders at URLs, by fsspec: the driver of each scheme, and what it tells of them without reading them.

All of it blocks. What drivers raise, of whatever library, becomes a KfliteError with the URL in it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from kflite.errors import InputError, KfliteError, NotFound

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

    from kflite.core.value import Value

# What to install for a scheme's driver.
_DRIVERS = {
    **dict.fromkeys(("s3", "minio"), "'kflite[s3]'"),
    **dict.fromkeys(("gs", "gcs"), "'kflite[gcs]'"),
    **dict.fromkeys(("http", "https"), "'kflite[http]'"),
    **dict.fromkeys(("abfs", "abfss", "adl", "az"), "adlfs"),
}
# What drivers call a version, a checksum or a time of a file.
_VERSION_KEYS = (
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
    if scheme in ("gs", "gcs"):
        # It warns of what it does without, such as for an emulator; what fails is raised.
        logging.getLogger("gcsfs").setLevel(logging.ERROR)
    try:
        return url_to_fs(*_minio(uri) if scheme == "minio" else (uri,), use_listings_cache=False)  # type: ignore[no-any-return]
    except ImportError as error:
        package = _DRIVERS.get(scheme)
        problem = f"the driver of {scheme}:// is not installed: pip install {package}" if package else str(error)
        raise KfliteError(f"{uri}: {problem}") from error
    except ValueError as error:
        raise KfliteError(f"{uri}: no file system is known for {scheme}://") from error


def ready(root: str) -> None:
    """Raise InputError where artifacts cannot be kept below a URL, as its driver is missing or lacks an address."""
    try:
        if is_remote(root):
            filesystem(root)
    except KfliteError as error:
        raise InputError(f"artifacts cannot be kept at {error}") from error


def _minio(uri: str) -> tuple[str]:
    if not (os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")):
        raise KfliteError(f"{uri}: say where the MinIO server is: AWS_ENDPOINT_URL=http://…:9000, with its keys as for S3")
    return ("s3" + uri.removeprefix("minio"),)


@contextmanager
def driver_errors(what: str) -> Iterator[None]:
    """Whatever a driver raises as a KfliteError that begins with `what`; NotFound for what is not there."""
    try:
        yield
    except KfliteError:
        raise
    except FileNotFoundError as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        raise NotFound(f"{what}: nothing is there{cause}") from error
    except PermissionError as error:
        raise KfliteError(f"{what}: access is denied: {error}") from error
    except Exception as error:  # each driver has errors of its own
        raise KfliteError(f"{what}: {str(error) or type(error).__name__}") from error


def is_folder(driver: AbstractFileSystem, path: str) -> bool:
    """Whether it is a folder; a web page is none, whatever it links to."""
    return not path.startswith(("http://", "https://")) and bool(driver.isdir(path))


def version(uri: str) -> tuple[str, int]:
    """(what changes when the content does, bytes); "" where the driver does not tell. Raises KfliteError, NotFound."""
    with driver_errors(uri):
        driver, path = filesystem(uri)
        if not is_folder(driver, path):
            info = driver.info(path)
            return _version([info]), int(info.get("size") or 0)
        files = driver.find(path, detail=True)
        return _version([files[name] for name in sorted(files)]), sum(int(info.get("size") or 0) for info in files.values())


def _version(files: list[dict[str, Value]]) -> str:
    parts = []
    for info in files:
        values = {key: str(value) for key, value in info.items() if key.lower() in _VERSION_KEYS and value}
        if not values:
            return ""
        parts.append({**values, "name": str(info.get("name")), "size": str(info.get("size"))})
    return f"at:{sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]}" if parts else ""
