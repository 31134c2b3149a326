"""Reading pipelines: any form in which KFP v2 IR is handed around, to the one form that kflite has.

One or two YAML documents, JSON, `Pipeline` and `PipelineVersion` manifests, a Vertex AI job's `pipelineSpec`, what KFP's API
tells of a pipeline's version or of a run, and archives of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from kflite.core.value import Value
from kflite.errors import InvalidPipeline, NotFound
from kflite.ir import older
from kflite.ir.archive import unpacked
from kflite.ir.names import below
from kflite.ir.older import named
from kflite.ir.pipeline import Pipeline
from kflite.ir.repairs import mend
from kflite.ir.strict import UNKNOWN, departures, shown
from kflite.ir.text import LARGEST, parse, refuse

if TYPE_CHECKING:
    from kflite.ir.proto import PipelineSpec

Document = Mapping[str, Value]
Found = list[tuple[str, Value]]  # (path, what is there)
# What protobuf's reader raises, beside its own error, for odd values: text that is no UTF-8, numbers beyond its range.
_REFUSALS = (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, SystemError)
MANIFESTS = ("Pipeline", "PipelineVersion")


def read(path: Path) -> Pipeline:
    """The pipeline in a file. Raises NotFound, InvalidPipeline."""
    return pipeline(documents(load(path), str(path)), str(path))


def load(path: Path) -> bytes:
    """A file's content, up to a little more than a document may have. Raises NotFound, InvalidPipeline."""
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
    found = parse(*unpacked(data, source))
    if not found:
        refuse(source, "the file is empty")
    return [_mapping(d, source) for d in found]


def _mapping(value: Value, source: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        refuse(source, f"the document is {shown(value)}: a pipeline is a mapping with keys such as 'pipelineInfo'")
    return value


def pipeline(found: Sequence[Document], source: str) -> Pipeline:
    """The pipeline that documents hold, in whichever form; a document that has to be mended is changed.

    Raises InvalidPipeline with every departure from the format.
    """
    specs: Found = []
    platforms: Found = []
    for number, document in enumerate(found, 1):
        _sort(document, number, specs, platforms, source)
    if len(specs) != 1:
        refuse(source, "it holds several pipelines: keep one in a file" if specs else "there is no pipeline in it")
    (where, spec), platform = specs[0], _platforms(platforms, source)
    if isinstance(spec, dict):
        mend(spec := older.modern(spec) if older.is_older(spec) else spec)
    return Pipeline(_message(spec, where, platform, source), platform)


def _sort(document: Document, number: int, specs: Found, platforms: Found, source: str) -> None:
    """Put what a document holds where it belongs, with its path."""
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


def _part(document: Document, key: str, number: int, specs: Found, platforms: Found, source: str) -> None:
    """A pipeline inside what runs it, or keeps it: a job of Vertex AI, and what KFP's API and pages tell of a version or run."""
    spec, platform = document[key], _either(document, "platformSpec", "platform_spec")
    assert isinstance(spec, dict)
    if "pipeline_spec" in spec:
        _sort(spec, number, specs, platforms, source)
    else:
        specs.append((key, _with_defaults(spec, _either(document, "runtimeConfig", "runtime_config"), source)))
    platforms += [("platformSpec", platform)] if platform else []


def _either(document: Document, one: str, other: str) -> Value:
    return document.get(one) or document.get(other)


def _with_defaults(spec: dict[str, Value], config: Value, source: str) -> dict[str, Value]:
    """A job's pipeline, where the job's own parameters are the defaults."""
    old = older.parameters(config)
    values = {**old, **named(config, "parameterValues")}
    if not values:
        return spec
    spec = older.modern(spec) if older.is_older(spec) else deepcopy(spec)
    known = named(spec, "root", "inputDefinitions", "parameters")
    for name, value in values.items():
        if not isinstance(declared := known.get(name), dict):
            raise InvalidPipeline(source, [(below("runtimeConfig.parameterValues", name), "the pipeline has no such parameter")])
        known[name] = {**declared, "defaultValue": older.typed(value, declared) if name in old else value, "isOptional": True}
    return spec


def _platforms(found: Found, source: str) -> Mapping[str, Value]:
    if len(found) > 1:
        refuse(source, "it holds several platform documents: merge them into one")
    for where, document in found:
        inner = document.get("platforms") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(inner, dict):
            raise InvalidPipeline(source, [(where or "platforms", "it must be a mapping by platform, below the key 'platforms'")])
        extra = [(below(where, k), f"{UNKNOWN}: only 'platforms' may stand here") for k in document if k != "platforms"]
        if extra:
            raise InvalidPipeline(source, extra)
        return inner
    return {}


def _message(spec: Value, where: str, platforms: Mapping[str, Value], source: str) -> PipelineSpec:
    from google.protobuf.json_format import ParseDict, ParseError

    from kflite.ir.proto import PipelineSpec

    if not isinstance(spec, dict):
        raise InvalidPipeline(source, [(where, f"it must be a pipeline, and is {shown(spec)}")])
    try:
        return ParseDict(spec, PipelineSpec())
    except (ParseError, *_REFUSALS) as error:
        problems = list(departures(spec, PipelineSpec.DESCRIPTOR, where)) or [(where, " ".join(str(error).split()))]
    if all(text.startswith(UNKNOWN) for _, text in problems):
        problems += _beyond(spec, where, platforms)
    raise InvalidPipeline(source, problems)


def _beyond(spec: dict[str, Value], where: str, platforms: Mapping[str, Value]) -> list[tuple[str, str]]:
    """What a check finds once unknown keys are gone, so that every problem is told in one go."""
    from google.protobuf.json_format import ParseDict, ParseError

    from kflite.ir.check import check
    from kflite.ir.proto import PipelineSpec

    try:
        known = ParseDict(spec, PipelineSpec(), ignore_unknown_fields=True)
    except (ParseError, *_REFUSALS) as error:
        return [(where, " ".join(str(error).split()))]
    return [(f"{where}.{path}" if where else path, text) for path, text in check(Pipeline(known, platforms))]
