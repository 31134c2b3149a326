"""Optional tools and packages."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.doctor.finding import Finding

if TYPE_CHECKING:
    from kflite.config import Settings

_EXTRAS = (
    ("psycopg", "postgres", "stores at postgresql://"),
    ("s3fs", "s3", "artifacts at s3:// and minio://"),
    ("gcsfs", "gcs", "artifacts at gs://"),
)


def optional_packages(_: Settings) -> Iterator[Finding]:
    if path := shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"):
        yield Finding("uv", True, path)
    else:
        yield Finding("uv", None, "not found: pip builds environments, more slowly", "pip install uv")
    for name, extra, purpose in _EXTRAS:
        if find_spec(name):
            yield Finding(name, True, f"for {purpose}")
        else:
            yield Finding(name, None, f"not installed: for {purpose}", f"pip install 'kflite[{extra}]'")
