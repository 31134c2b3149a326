"""`compiler.Compiler().compile(pipeline, "pipeline.yaml")`, for scripts that have it from kfp."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kflite import dsl
from kflite.core.frozen import dataclass
from kflite.core.value import Value
from kflite.errors import CompileError, InputError
from kflite.ir import Pipeline

__all__ = ["Compiler", "KubernetesManifestOptions"]


@dataclass(frozen=True, slots=True)
class KubernetesManifestOptions:
    """What manifests say beside the pipeline; None for the pipeline's own names.

    include_pipeline_manifest: with one of kind Pipeline before that of kind PipelineVersion.
    """

    pipeline_name: str | None = None
    pipeline_display_name: str | None = None
    pipeline_version_name: str | None = None
    pipeline_version_display_name: str | None = None
    namespace: str | None = None
    include_pipeline_manifest: bool = False


class Compiler:
    """Writes pipelines and components to files."""

    def compile(
        self,
        pipeline_func: dsl.Component,
        package_path: str,
        pipeline_name: str | None = None,
        pipeline_display_name: str | None = None,
        pipeline_parameters: Mapping[str, Value] | None = None,
        type_check: bool = True,
        kubernetes_manifest_options: KubernetesManifestOptions | None = None,
        kubernetes_manifest_format: bool = False,
    ) -> None:
        """Writes IR as YAML, JSON, zip or tar.gz, by the suffix of `package_path`, or Kubernetes manifests.

        pipeline_parameters: defaults in place of the pipeline's own; type_check: always True, as types are checked at definition.
        Raises CompileError, InvalidPipeline, and InputError for a file that cannot be written.
        """
        from kflite.ir import edit
        from kflite.ir.check import ensure

        if not type_check:
            raise CompileError("type_check=False: types are checked when a pipeline is defined: correct them, and leave it out")
        pipeline = edit.with_defaults(dsl.compile(pipeline_func), pipeline_parameters or {})
        pipeline = edit.renamed(pipeline, pipeline_name) if pipeline_name else pipeline
        pipeline = edit.with_display_name(pipeline, pipeline_display_name) if pipeline_display_name else pipeline
        ensure(pipeline, pipeline.name)
        options = kubernetes_manifest_options or KubernetesManifestOptions()
        _write(_manifests(pipeline, options) if kubernetes_manifest_format else pipeline.documents, Path(package_path))


def _manifests(pipeline: Pipeline, options: KubernetesManifestOptions) -> list[dict[str, Value]]:
    from kflite.ir.write import manifests

    name = options.pipeline_name or pipeline.name
    version = options.pipeline_version_name or name
    shown = options.pipeline_display_name or pipeline.spec.pipeline_info.display_name or name
    head, body = manifests(pipeline, version, options.namespace or "")
    _dict(head["metadata"])["name"] = _dict(body["spec"])["pipelineName"] = name
    _dict(head["spec"])["displayName"] = shown
    _dict(body["spec"])["displayName"] = options.pipeline_version_display_name or options.pipeline_version_name or shown
    return [head, body] if options.include_pipeline_manifest else [body]


def _dict(value: Value) -> dict[str, Value]:
    assert isinstance(value, dict)
    return value


def _write(documents: list[dict[str, Value]], path: Path) -> None:
    from kflite.ir.pack import pack
    from kflite.ir.write import dumps

    try:
        path.write_bytes(pack(documents, dumps(documents), path.name))
    except OSError as error:
        raise InputError(f"package_path {path}: {error.strerror}") from error
