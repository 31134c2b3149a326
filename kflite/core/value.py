"""What flows between tasks: parameter values, artifacts, and a task's outputs.

A parameter value is what JSON holds; integers stay integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "None | bool | int | float | str | list[Value] | dict[str, Value]"
NAMES = ("http://", "https://", "bq://")  # what begins so is no file to KFP


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or folder that a task made or imported.

    digest: the hash of its content, "" where nothing was written or it is not known yet. outside: "" for what kflite keeps; for
    what lies elsewhere and may change there "any", or the run that is to fetch it anew, whatever was fetched before.
    """

    name: str
    uri: str
    type: str = "system.Artifact"
    schema_version: str = "0.0.1"
    metadata: Mapping[str, Value] = field(default_factory=dict)
    digest: str = ""
    size: int = 0
    custom_path: str = ""
    outside: str = ""

    @property
    def is_name(self) -> bool:
        """Whether a task only named a thing, such as a model on a server: KFP fetches none, and a task sees the URI itself."""
        return not (self.outside or self.digest) and self.uri.startswith(NAMES)

    def as_json(self) -> dict[str, Value]:
        """The artifact as events hold it."""
        out: dict[str, Value] = {"name": self.name, "uri": self.uri, "type": self.type}
        if self.schema_version != "0.0.1":
            out["schema_version"] = self.schema_version
        if self.metadata:
            out["metadata"] = dict(self.metadata)
        if self.digest:
            out |= {"digest": self.digest, "size": self.size}
        if self.custom_path:
            out["custom_path"] = self.custom_path
        if self.outside:
            out["outside"] = self.outside
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Value]) -> Artifact:
        """The artifact that `as_json` wrote."""
        return cls(**data)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a task or a run gave: parameters by name, and artifacts by name (a list each; most hold one)."""

    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Value]:
        """The outputs as events hold them; empty parts are left out."""
        out: dict[str, Value] = {}
        if self.parameters:
            out["parameters"] = dict(self.parameters)
        if self.artifacts:
            out["artifacts"] = {k: [a.as_json() for a in v] for k, v in self.artifacts.items()}
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Value]) -> Outputs:
        """The outputs that `as_json` wrote."""
        artifacts = data.get("artifacts") or {}
        assert isinstance(artifacts, dict)
        return cls(
            data.get("parameters") or {},  # type: ignore[arg-type]
            {k: tuple(Artifact.from_json(a) for a in v) for k, v in artifacts.items()},  # type: ignore[union-attr, arg-type]
        )


NOTHING = Outputs()
