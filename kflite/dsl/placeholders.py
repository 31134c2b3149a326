"""Placeholders, which are replaced when a task starts, in commands, arguments and constants. Source: KFP v2 IR."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeAlias

PIPELINE_JOB_NAME_PLACEHOLDER = "{{$.pipeline_job_name}}"
PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER = "{{$.pipeline_job_resource_name}}"
PIPELINE_JOB_ID_PLACEHOLDER = "{{$.pipeline_job_uuid}}"
PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER = "{{$.pipeline_job_create_time_utc}}"
PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER = "{{$.pipeline_job_schedule_time_utc}}"
PIPELINE_TASK_NAME_PLACEHOLDER = "{{$.pipeline_task_name}}"
PIPELINE_TASK_ID_PLACEHOLDER = "{{$.pipeline_task_uuid}}"
PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER = "{{$}}"
PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER = "{{$.outputs.output_file}}"
PIPELINE_ROOT_PLACEHOLDER = "{{$.pipeline_root}}"
WORKSPACE_PATH_PLACEHOLDER = "{{$.workspace_path}}"


class InputValue:
    """The value of an input parameter, as a word of a command (also inside an f-string)."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return f"{{{{$.inputs.parameters['{self.name}']}}}}"


class OutputFile:
    """The path of the file that a command writes an output parameter to."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return f"{{{{$.outputs.parameters['{self.name}'].output_file}}}}"


class ArtifactText:
    """An artifact of a container component: `path`, `uri` and `metadata` are words of its command."""

    def __init__(self, name: str, side: str) -> None:
        self.name = name
        self._text = f"{{{{$.{side}.artifacts['{name}']"

    @property
    def path(self) -> str:
        return self._text + ".path}}"

    @property
    def uri(self) -> str:
        return self._text + ".uri}}"

    @property
    def metadata(self) -> MetadataText:
        return MetadataText(self._text + ".metadata")

    def __str__(self) -> str:
        return self._text + "}}"


class MetadataText:
    """An artifact's metadata, or one entry: `artifact.metadata['key']`."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __getitem__(self, key: str) -> str:
        return f"{self._text}['{key}']}}}}"

    def __str__(self) -> str:
        return self._text + "}}"


class ConcatPlaceholder:
    """Joins its items to one word of a command; absent items are left out."""

    def __init__(self, items: Sequence[Word]) -> None:
        self.items = list(items)

    def as_json(self) -> object:
        return {"Concat": [structure(item) for item in self.items]}

    def __str__(self) -> str:
        return json.dumps(self.as_json())


class IfPresentPlaceholder:
    """`then` where the optional input was given, `else_` where not; lists become several words.

    input_name: a default does not count as given.
    """

    def __init__(self, input_name: str, then: Word | Sequence[Word], else_: Word | Sequence[Word] | None = None) -> None:
        self.input_name = input_name
        self.then = then
        self.else_ = else_

    def as_json(self) -> object:
        parts: dict[str, object] = {"InputName": self.input_name, "Then": structure(self.then)}
        if self.else_:
            parts["Else"] = structure(self.else_)
        return {"IfPresent": parts}

    def __str__(self) -> str:
        return json.dumps(self.as_json())


Word: TypeAlias = str | InputValue | OutputFile | ArtifactText | MetadataText | ConcatPlaceholder | IfPresentPlaceholder


def structure(word: Word | Sequence[Word]) -> object:
    """A word (or a list of them) as it stands inside another placeholder's JSON."""
    if isinstance(word, ConcatPlaceholder | IfPresentPlaceholder):
        return word.as_json()
    return [structure(w) for w in word] if isinstance(word, list | tuple) else str(word)
