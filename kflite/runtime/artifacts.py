"""Artifacts in component code: their paths, URIs and metadata.

The text of this file travels inside every component's command (see `bootstrap`): standard library only, and little of that.
Source of the names and of the metadata's shapes: KFP v2's artifact types, schema version 0.0.1.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Json: TypeAlias = dict[str, Any]

_MOUNTS = {"gs://": "/gcs/", "s3://": "/s3/", "minio://": "/minio/", "oci://": "/oci/"}


class Artifact:
    """A file or folder: `path` is its local path, `uri` its permanent location, `metadata` describes it."""

    schema_title = "system.Artifact"
    schema_version = "0.0.1"
    _below = ""

    def __init__(self, name: str = "", uri: str = "", metadata: Json | None = None) -> None:
        self.name = name
        self.uri = uri
        self.metadata: Json = {} if metadata is None else metadata
        self.custom_path = ""

    @property
    def path(self) -> str:
        scheme = next((s for s in _MOUNTS if self.uri.startswith(s)), "")
        rest = self.uri[len(scheme) :]
        if scheme == "oci://":
            rest = rest.replace("/", "_") + self._below
        return self.custom_path or _MOUNTS.get(scheme, "") + rest

    @path.setter
    def path(self, path: str) -> None:
        scheme, mount = next((pair for pair in _MOUNTS.items() if path.startswith(pair[1])), ("", ""))
        rest = path[len(mount) :]
        if scheme == "oci://":
            rest = rest.removesuffix(self._below).replace("_", "/")
        self.uri = scheme + rest

    def set_path(self, path: str) -> None:
        """Set the real path; `uri` does not change."""
        self.custom_path = path

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r}, metadata={self.metadata!r})"


class Dataset(Artifact):
    schema_title = "system.Dataset"


class Model(Artifact):
    schema_title = "system.Model"
    _below = "/models"

    @property
    def framework(self) -> str:
        return str(self.metadata.get("framework", ""))

    @framework.setter
    def framework(self, name: str) -> None:
        self.metadata["framework"] = name


class HTML(Artifact):
    schema_title = "system.HTML"


class Markdown(Artifact):
    schema_title = "system.Markdown"


class Metrics(Artifact):
    schema_title = "system.Metrics"

    def log_metric(self, metric: str, value: float) -> None:
        self.metadata[metric] = value


class ClassificationMetrics(Artifact):
    schema_title = "system.ClassificationMetrics"

    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None:
        point = {"confidenceThreshold": threshold, "recall": tpr, "falsePositiveRate": fpr}
        self.metadata.setdefault("confidenceMetrics", []).append(point)

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None:
        if not len(fpr) == len(tpr) == len(threshold):
            raise ValueError(f"fpr, tpr and threshold must be of one length, not {len(fpr)}, {len(tpr)} and {len(threshold)}")
        for point in zip(fpr, tpr, threshold):  # noqa: B905 - images may have Python 3.9
            self.log_roc_data_point(*point)

    def set_confusion_matrix_categories(self, categories: list[str]) -> None:
        rows = [{"row": [0] * len(categories)} for _ in categories]
        self.metadata["confusionMatrix"] = {"annotationSpecs": [{"displayName": c} for c in categories], "rows": rows}

    def log_confusion_matrix_row(self, row_category: str, row: list[float]) -> None:
        cells = self._row(row_category)["row"]
        if len(row) != len(cells):
            raise ValueError(f"the row {row_category!r} has {len(row)} values, and there are {len(cells)} categories")
        cells[:] = row

    def log_confusion_matrix_cell(self, row_category: str, col_category: str, value: float) -> None:
        self._row(row_category)["row"][self._categories().index(col_category)] = value

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[float]]) -> None:
        if len(matrix) != len(categories):
            raise ValueError(f"the matrix has {len(matrix)} rows, and there are {len(categories)} categories")
        self.set_confusion_matrix_categories(categories)
        for name, row in zip(categories, matrix):  # noqa: B905
            self.log_confusion_matrix_row(name, row)

    def _categories(self) -> list[str]:
        return [spec["displayName"] for spec in self.metadata["confusionMatrix"]["annotationSpecs"]]

    def _row(self, category: str) -> Json:
        if "confusionMatrix" not in self.metadata or category not in self._categories():
            raise ValueError(f"{category!r} is not one of the categories: call set_confusion_matrix_categories first")
        row: Json = self.metadata["confusionMatrix"]["rows"][self._categories().index(category)]
        return row


class SlicedClassificationMetrics(Artifact):
    schema_title = "system.SlicedClassificationMetrics"

    def log_roc_reading(self, slice: str, threshold: float, tpr: float, fpr: float) -> None:
        self._slice(slice).log_roc_data_point(fpr, tpr, threshold)

    def load_roc_readings(self, slice: str, readings: list[list[float]]) -> None:
        for threshold, tpr, fpr in readings:
            self.log_roc_reading(slice, threshold, tpr, fpr)

    def set_confusion_matrix_categories(self, slice: str, categories: list[str]) -> None:
        self._slice(slice).set_confusion_matrix_categories(categories)

    def log_confusion_matrix_row(self, slice: str, row_category: str, row: list[float]) -> None:
        self._slice(slice).log_confusion_matrix_row(row_category, row)

    def log_confusion_matrix_cell(self, slice: str, row_category: str, col_category: str, value: float) -> None:
        self._slice(slice).log_confusion_matrix_cell(row_category, col_category, value)

    def load_confusion_matrix(self, slice: str, categories: list[str], matrix: list[list[float]]) -> None:
        self._slice(slice).log_confusion_matrix(categories, matrix)

    def _slice(self, name: str) -> ClassificationMetrics:
        slices: list[Json] = self.metadata.setdefault("evaluationSlices", [])
        if not any(s["slice"] == name for s in slices):
            slices.append({"slice": name, "sliceClassificationMetrics": {}})
        return ClassificationMetrics(metadata=next(s["sliceClassificationMetrics"] for s in slices if s["slice"] == name))


class PipelineTaskFinalStatus:
    """The final status of the tasks that an exit task waits for."""

    def __init__(self, value: Json) -> None:
        error = value.get("error") or {}
        self.state: str = value.get("state", "")
        self.pipeline_job_resource_name: str = value.get("pipelineJobResourceName", "")
        self.pipeline_task_name: str = value.get("pipelineTaskName", "")
        self.error_code: int | None = error.get("code")
        self.error_message: str | None = error.get("message")


_FRAGMENTS = ("affinity", "tolerations", "node_selector", "env", "volumes", "volume_mounts", "resources")
_CAMEL = {"node_selector": "nodeSelector", "volume_mounts": "volumeMounts"}


class TaskConfig:
    """The task's settings, for code that starts other jobs: fragments of a Pod's specification, None if missing."""

    def __init__(self, *fragments: object, **named: object) -> None:
        self.__dict__.update(dict.fromkeys(_FRAGMENTS), **dict(zip(_FRAGMENTS, fragments)), **named)  # noqa: B905

    @classmethod
    def of(cls, value: Json) -> TaskConfig:
        """The settings in an executor_input's value."""
        return cls(**{name: value.get(_CAMEL.get(name, name)) for name in _FRAGMENTS})

    def __repr__(self) -> str:
        return f"TaskConfig({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


ARTIFACTS = (Artifact, Dataset, Model, Metrics, ClassificationMetrics, SlicedClassificationMetrics, HTML, Markdown)
