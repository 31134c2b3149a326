"""Reads pipelines from every form in which KFP v2 IR is distributed.

These are one or two YAML documents, JSON, `Pipeline` and `PipelineVersion` manifests, a Vertex AI job's `pipelineSpec`, versions
and runs from KFP's API, and archives of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.errors import InvalidPipeline, NotFound
from kflite.ir import older
from kflite.ir.archive import unpack
from kflite.ir.names import child_path
from kflite.ir.older import mapping_at
from kflite.ir.pipeline import Pipeline
from kflite.ir.repairs import repair
from kflite.ir.strict import UNKNOWN, described, format_problems
from kflite.ir.text import LARGEST, parse, refuse

if TYPE_CHECKING:
    from kflite.ir.proto import PipelineSpec

Document = Mapping[str, Value]
Parts = list[tuple[str, Value]]  # (path, what is there)
# Protobuf's parser raises these, besides its own error, for invalid text and numbers out of range.
_PARSE_ERRORS = (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, SystemError)
MANIFESTS = ("Pipeline", "PipelineVersion")


def read(path: Path) -> Pipeline:
    """The pipeline in a file. Raises NotFound, InvalidPipeline."""
    return pipeline(documents(load(path), str(path)), str(path))


def load(path: Path) -> bytes:
    """A file's content, up to one byte more than a document may have. Raises NotFound, InvalidPipeline."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no such file") from None
    except OSError as error:
        refuse(str(path), f"the file cannot be read: {error.strerror}")


def documents(data: bytes, source: str) -> list[dict[str, Value]]:
    """The documents in YAML or JSON, or in an archive of one file. Raises InvalidPipeline."""
    if len(data) > LARGEST:
        refuse(source, f"the file is larger than the limit of {LARGEST:,} bytes; is it a pipeline?")
    parsed = parse(*unpack(data, source))
    if not parsed:
        refuse(source, "the file is empty")
    return [_mapping(d, source) for d in parsed]


def _mapping(value: Value, source: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        refuse(source, f"the document is {described(value)}: a pipeline is a mapping with keys such as 'pipelineInfo'")
    return value


def pipeline(documents: Sequence[Document], source: str) -> Pipeline:
    """The pipeline in documents of any form; known compiler errors are repaired in place.

    Raises InvalidPipeline with all violations of the format.
    """
    specs: Parts = []
    platforms: Parts = []
    for number, document in enumerate(documents, 1):
        _classify(document, number, specs, platforms, source)
    if len(specs) != 1:
        refuse(source, "it holds several pipelines: keep one in a file" if specs else "there is no pipeline in it")
    (where, spec), platform = specs[0], _platforms(platforms, source)
    if isinstance(spec, dict):
        repair(spec := older.upgrade(spec) if older.is_older(spec) else spec)
    return Pipeline(_message(spec, where, platform, source), platform)


def _classify(document: Document, number: int, specs: Parts, platforms: Parts, source: str) -> None:
    """Add a document's parts, with their paths, to `specs` and `platforms`."""
    kind = document.get("kind")
    if kind in MANIFESTS and "apiVersion" in document:
        body = document.get("spec") or {}
        if isinstance(body, dict):
            specs += [("spec.pipelineSpec", body["pipelineSpec"])] if "pipelineSpec" in body else []
            platforms += [("spec.platformSpec", body["platformSpec"])] if body.get("platformSpec") else []
    elif (key := next((k for k in ("pipelineSpec", "pipeline_spec") if isinstance(document.get(k), dict)), "")) != "":
        _part(document, key, number, specs, platforms, source)
    elif "platforms" in document:
        platforms.append(("", dict(document)))
    elif document.keys() & {"pipelineInfo", "root", "deploymentSpec", "components", "schemaVersion"}:
        specs.append(("", dict(document)))
    else:
        refuse(source, f"document {number}{f' (kind {kind!r})' if kind else ''} is neither a pipeline nor its platform document")


def _part(document: Document, key: str, number: int, specs: Parts, platforms: Parts, source: str) -> None:
    """A pipeline inside a Vertex AI job, or a version or run from KFP's API and pages."""
    spec, platform = document[key], _first_of(document, "platformSpec", "platform_spec")
    assert isinstance(spec, dict)
    if "pipeline_spec" in spec:
        _classify(spec, number, specs, platforms, source)
    else:
        specs.append((key, _with_defaults(spec, _first_of(document, "runtimeConfig", "runtime_config"), source)))
    platforms += [("platformSpec", platform)] if platform else []


def _first_of(document: Document, one: str, other: str) -> Value:
    return document.get(one) or document.get(other)


def _with_defaults(spec: dict[str, Value], config: Value, source: str) -> dict[str, Value]:
    """A job's pipeline, with the job's parameters as defaults."""
    old_values = older.job_parameters(config)
    values = {**old_values, **mapping_at(config, "parameterValues")}
    if not values:
        return spec
    spec = older.upgrade(spec) if older.is_older(spec) else deepcopy(spec)
    known = mapping_at(spec, "root", "inputDefinitions", "parameters")
    for name, value in values.items():
        if not isinstance(declared := known.get(name), dict):
            raise InvalidPipeline(
                source, [(child_path("runtimeConfig.parameterValues", name), "the pipeline has no such parameter")]
            )
        known[name] = {
            **declared,
            "defaultValue": older.converted(value, declared) if name in old_values else value,
            "isOptional": True,
        }
    return spec


def _platforms(parts: Parts, source: str) -> Mapping[str, Value]:
    if len(parts) > 1:
        refuse(source, "it holds several platform documents: merge them into one")
    for where, document in parts:
        inner = document.get("platforms") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(inner, dict):
            raise InvalidPipeline(source, [(where or "platforms", "it must be a mapping by platform, below the key 'platforms'")])
        extra = [(child_path(where, k), f"{UNKNOWN}: only 'platforms' may stand here") for k in document if k != "platforms"]
        if extra:
            raise InvalidPipeline(source, extra)
        return inner
    return {}


def _message(spec: Value, where: str, platforms: Mapping[str, Value], source: str) -> PipelineSpec:
    from google.protobuf.json_format import ParseDict, ParseError

    from kflite.ir.proto import PipelineSpec

    if not isinstance(spec, dict):
        raise InvalidPipeline(source, [(where, f"it must be a pipeline, and is {described(spec)}")])
    try:
        return ParseDict(spec, PipelineSpec())
    except (ParseError, *_PARSE_ERRORS) as error:
        problems = list(format_problems(spec, PipelineSpec.DESCRIPTOR, where)) or [(where, " ".join(str(error).split()))]
    if all(text.startswith(UNKNOWN) for _, text in problems):
        problems += _check_without_unknown_keys(spec, where, platforms)
    raise InvalidPipeline(source, problems)


def _check_without_unknown_keys(spec: dict[str, Value], where: str, platforms: Mapping[str, Value]) -> list[tuple[str, str]]:
    """The problems found without the unknown keys, so that all problems are reported at once."""
    from google.protobuf.json_format import ParseDict, ParseError

    from kflite.ir.check import check
    from kflite.ir.proto import PipelineSpec

    try:
        known = ParseDict(spec, PipelineSpec(), ignore_unknown_fields=True)
    except (ParseError, *_PARSE_ERRORS) as error:
        return [(where, " ".join(str(error).split()))]
    return [(f"{where}.{path}" if where else path, text) for path, text in check(Pipeline(known, platforms))]
