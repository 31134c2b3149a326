"""Writes documents as files: YAML, JSON, and archives of one YAML file."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from kflite.core.value import Value
from kflite.errors import InputError

_INSIDE = "pipeline.yaml"


def pack(documents: Sequence[dict[str, Value]], text: str, name: str) -> bytes:
    """The content of a file of this name; equal documents give equal bytes. text: the documents as YAML.

    Raises InputError if JSON cannot hold the documents.
    """
    if name.endswith(".json"):
        return _json(documents, name)
    data = text.encode()
    if name.endswith(".zip"):
        return _zip(data)
    return _tar(data) if name.endswith((".tar.gz", ".tgz")) else data


def _json(documents: Sequence[dict[str, Value]], name: str) -> bytes:
    import json

    if len(documents) != 1:
        raise InputError(f"{name}: JSON holds one document, and this pipeline is {len(documents)}: name it .yaml")
    return (json.dumps(documents[0], indent=2, ensure_ascii=False) + "\n").encode()


def _zip(data: bytes) -> bytes:
    import zipfile

    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(_INSIDE), data, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _tar(data: bytes) -> bytes:
    import gzip
    import tarfile

    file, member = BytesIO(), tarfile.TarInfo(_INSIDE)
    member.size = len(data)
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packer, tarfile.open(fileobj=packer, mode="w") as archive:
        archive.addfile(member, BytesIO(data))
    return file.getvalue()
