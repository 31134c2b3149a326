"""The annotations of a component's signature: Input, Output, EmbeddedInput, InputPath, OutputPath."""

from __future__ import annotations

from typing import Annotated, TypeAlias, TypeVar

T = TypeVar("T")
INPUT, OUTPUT, EMBEDDED = "kflite input", "kflite output", "kflite embedded input"

Input: TypeAlias = Annotated[T, INPUT]
Output: TypeAlias = Annotated[T, OUTPUT]
EmbeddedInput: TypeAlias = Annotated[T, EMBEDDED]


class InputPath:
    """An input passed to the function as the path of a file: an artifact, or a parameter's value as text.

    type: int, str, float, bool, list or dict for a parameter; an artifact class or its name; None for any artifact.
    """

    def __init__(self, type: object = None) -> None:
        self.type = type


class OutputPath:
    """An output that the function writes to a given path. type: as for InputPath."""

    def __init__(self, type: object = None) -> None:
        self.type = type
