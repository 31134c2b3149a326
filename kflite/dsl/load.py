"""Loads components from files: compiled components and pipelines, and component files of KFP's version 1."""

from __future__ import annotations

from pathlib import Path

from kflite.dsl.component import Component
from kflite.dsl.loaded import LoadedComponent
from kflite.dsl.version1 import Version1Component, is_version_1
from kflite.errors import InputError, InvalidPipeline
from kflite.ir.check import check
from kflite.ir.document import declared
from kflite.ir.read import documents, pipeline
from kflite.ir.read import load as content
from kflite.ir.text import LARGEST

_TIMEOUT_S = 60.0  # with a server that says nothing


def load_component_from_text(text: str) -> Component:
    """The component or pipeline in a document, to be called in a pipeline. Raises InvalidPipeline, InputError."""
    return _component(text.encode(), "the given text")


def load_component_from_file(file_path: str) -> Component:
    """The component or pipeline in a file: YAML, JSON or an archive. Raises NotFound, InvalidPipeline, InputError."""
    return _component(content(Path(file_path)), file_path)


def load_component_from_url(url: str, auth: tuple[str, str] | None = None) -> Component:
    """The component or pipeline at a URL (https, s3, gs, file…). auth: user and password, for http and https.

    Raises InvalidPipeline, InputError.
    """
    scheme = url.partition("://")[0]
    return _component(_fetch(url, auth) if scheme in ("http", "https") else _open(url), url)


def _fetch(url: str, auth: tuple[str, str] | None) -> bytes:
    from base64 import b64encode
    from http.client import HTTPException
    from urllib.request import Request, urlopen

    request = Request(url)
    if auth:
        request.add_header("Authorization", "Basic " + b64encode(":".join(auth).encode()).decode())
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:
            data: bytes = answer.read(LARGEST + 1)
            return data
    except (OSError, HTTPException, ValueError) as error:
        raise InputError(f"{url}: cannot be read: {error}") from None


def _open(url: str) -> bytes:
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(url)
        with system.open(path, "rb") as file:
            data: bytes = file.read(LARGEST + 1)
            return data
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"{url}: cannot be read: {error}") from None


def _component(data: bytes, source: str) -> Component:
    parsed = documents(data, source)
    if len(parsed) == 1 and is_version_1(parsed[0]):
        return Version1Component(parsed[0], source)
    loaded = pipeline(parsed, source)
    root = loaded.documents[0].get("root", {})
    # A compiled exit task's component takes a final status, which is invalid for a pipeline and valid for a task in one.
    allowed = [
        f"root.inputDefinitions.parameters.{name}"
        for name, spec in declared(root, "input", "parameters").items()  # type: ignore[arg-type]
        if spec.get("parameterType") == "TASK_FINAL_STATUS"
    ]
    if problems := [(path, text) for path, text in check(loaded) if path not in allowed]:
        raise InvalidPipeline(source, problems)
    return LoadedComponent(loaded, source)
