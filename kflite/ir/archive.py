"""Reads the one YAML or JSON file in a zip or tar.gz in memory, up to the size limit of a document."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from kflite.ir.text import LARGEST, refuse

_MOST_MEMBERS = 1000  # an archive of a pipeline has one or two
_SUFFIXES = (".yaml", ".yml", ".json")
_PREFERRED = "pipeline.yaml"  # KFP's choice if an archive contains several files


def unpack(data: bytes, source: str) -> tuple[bytes, str]:
    """The document in an archive and its name; the arguments unchanged if `data` is no archive. Raises InvalidPipeline."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip(data, source)
    if data[:2] == b"\x1f\x8b":
        return _tar(data, source)
    return data, source


def _zip(data: bytes, source: str) -> tuple[bytes, str]:
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            name = _only([i.filename for i in archive.infolist()[:_MOST_MEMBERS] if not i.is_dir()], source)
            with archive.open(name) as file:
                return _bounded(file.read, f"{source}:{name}", LARGEST), f"{source}:{name}"
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        refuse(source, f"the zip file cannot be read: {error}")


def _tar(data: bytes, source: str) -> tuple[bytes, str]:
    import gzip
    import tarfile
    import zlib

    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as file:
            plain = _bounded(file.read, source, LARGEST + 1024 * 1024)
    except (EOFError, OSError, zlib.error) as error:
        refuse(source, f"the gzip file cannot be read: {error}")
    try:
        with tarfile.open(fileobj=BytesIO(plain), mode="r:") as archive:
            members = {m.name: m for m in archive if m.isfile()}
            name = _only(list(members), source)
            member = archive.extractfile(members[name])
            assert member is not None
            return _bounded(member.read, f"{source}:{name}", LARGEST), f"{source}:{name}"
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        refuse(source, f"the tar file cannot be read: {error}")


def _only(names: list[str], source: str) -> str:
    documents = [n for n in names if n.lower().endswith(_SUFFIXES) and not n.rpartition("/")[2].startswith(".")]
    if len(documents) > 1 and _PREFERRED in documents:
        return _PREFERRED
    if len(documents) != 1:
        content = f"several documents ({', '.join(map(repr, documents[:5]))})" if documents else "no document"
        refuse(source, f"the archive holds {content}: put one YAML file into it, or call the pipeline's {_PREFERRED}")
    return documents[0]


def _bounded(read: Callable[[int], bytes], source: str, limit: int) -> bytes:
    data = read(limit + 1)
    if len(data) > limit:
        refuse(source, f"unpacked it is larger than the limit of {limit:,} bytes; is it a pipeline?")
    return data
