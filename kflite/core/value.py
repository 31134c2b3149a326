"""Values that flow between tasks: parameters (JSON values, whose integers stay integers), artifacts, and a task's outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from kflite.core.frozen import dataclass

Value: TypeAlias = "None | bool | int | float | str | list[Value] | dict[str, Value]"
NAMES = ("http://", "https://", "bq://")  # KFP never downloads these


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file or folder that a task wrote or imported.

    digest: the hash of its content, "" if nothing was written or it is not known yet. outside: "" for a file that kflite keeps;
    for an imported one "any", or the id of the run that must download it again.
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
        """Whether the URI only names a thing, such as a model on a server, that KFP does not download. Tasks see the URI."""
        return not (self.outside or self.digest) and self.uri.startswith(NAMES)

    def as_json(self) -> dict[str, Value]:
        """The artifact as stored in events."""
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
        """The inverse of `as_json`."""
        return cls(**data)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Outputs:
    """A task's or run's outputs: parameters by name, and lists of artifacts by name."""

    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Value]:
        """The outputs as stored in events; empty parts are left out."""
        out: dict[str, Value] = {}
        if self.parameters:
            out["parameters"] = dict(self.parameters)
        if self.artifacts:
            out["artifacts"] = {k: [a.as_json() for a in v] for k, v in self.artifacts.items()}
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Value]) -> Outputs:
        """The inverse of `as_json`."""
        artifacts = data.get("artifacts") or {}
        assert isinstance(artifacts, dict)
        return cls(
            data.get("parameters") or {},  # type: ignore[arg-type]
            {k: tuple(Artifact.from_json(a) for a in v) for k, v in artifacts.items()},  # type: ignore[union-attr, arg-type]
        )


NOTHING = Outputs()


def with_integers(value: Value) -> Value:
    """The value with whole floats as integers: protobuf stores all numbers as doubles."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [with_integers(item) for item in value]
    return {key: with_integers(item) for key, item in value.items()} if isinstance(value, dict) else value
