"""A pipeline: the official message, and its platform document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kflite.core.value import Value

if TYPE_CHECKING:
    from kflite.ir.proto import PipelineSpec


@dataclass(frozen=True)
class Pipeline:
    """KFP v2 IR. spec: the first document; platforms: the second one's `platforms` (proto JSON names); {} if there is none."""

    spec: PipelineSpec
    platforms: Mapping[str, Value] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The pipeline's name in IR (lower case, digits, `-`)."""
        return str(self.spec.pipeline_info.name)

    @property
    def deadline_s(self) -> int:
        """The longest time of a run in seconds, from the platform document; 0 for no limit."""
        platform = self.platforms.get("kubernetes")
        config = platform.get("pipelineConfig") if isinstance(platform, dict) else None
        seconds = config.get("activeDeadlineSeconds") if isinstance(config, dict) else None
        return int(seconds) if isinstance(seconds, int | float | str) else 0

    @cached_property
    def documents(self) -> list[dict[str, Value]]:
        """Both documents as proto JSON."""
        from google.protobuf import json_format

        first = json_format.MessageToDict(self.spec)
        return [first, {"platforms": dict(self.platforms)}] if self.platforms else [first]

    def dumps(self) -> str:
        """The pipeline as one line of sorted JSON for each document, which is stored and hashed."""
        return "\n".join(json.dumps(d, sort_keys=True, separators=(",", ":")) for d in self.documents)

    @classmethod
    def loads(cls, text: str) -> Pipeline:
        """The inverse of `dumps`."""
        from google.protobuf import json_format

        from kflite.ir.proto import PipelineSpec

        first, *rest = (json.loads(line) for line in text.splitlines())
        return cls(json_format.ParseDict(first, PipelineSpec()), rest[0]["platforms"] if rest else {})
