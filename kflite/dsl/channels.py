"""Channels: values that a run will have, as the pipeline function passes them around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kflite.dsl import trace
from kflite.dsl.conditions import Comparison
from kflite.dsl.types import LIST, ArtifactType, Parameter, Type

if TYPE_CHECKING:
    from kflite.dsl.groups import Group
    from kflite.dsl.loops import ParallelFor
    from kflite.dsl.task import Task


class Channel:
    """A value that a run will have. type: None where it is not known; key: its name where it crosses the border of a group."""

    def __init__(self, type: Type | None, key: str) -> None:
        self.type = type
        self.key = key
        self._trace = trace.current(f"{key} is used")

    def __str__(self) -> str:
        if isinstance(self.type, ArtifactType):
            raise trace.refused(f"the artifact {self.title} cannot stand in a text: pass it as an input of its own")
        self._trace.mentioned[self.key] = self
        return f"{{{{$.inputs.parameters['{self.key}']}}}}"

    def __repr__(self) -> str:
        return f"<{self.title}: {self.type}>"

    @property
    def title(self) -> str:
        """How the user knows it."""
        return self.key.removeprefix("pipelinechannel--")

    def __bool__(self) -> bool:
        remedy = "use dsl.If for conditions, and &, | and ~ in place of `and`, `or` and `not`"
        raise trace.refused(f"{self.title} has no value before the run, so Python cannot test it: {remedy}")

    def __iter__(self) -> Iterator[Channel]:
        raise trace.refused(f"{self.title} has no value before the run: loop over it with dsl.ParallelFor")

    def __eq__(self, other: object) -> Comparison:  # type: ignore[override]
        return Comparison(self, "==", other)

    def __ne__(self, other: object) -> Comparison:  # type: ignore[override]
        return Comparison(self, "!=", other)

    def __lt__(self, other: object) -> Comparison:
        return Comparison(self, "<", other)

    def __le__(self, other: object) -> Comparison:
        return Comparison(self, "<=", other)

    def __gt__(self, other: object) -> Comparison:
        return Comparison(self, ">", other)

    def __ge__(self, other: object) -> Comparison:
        return Comparison(self, ">=", other)

    def __hash__(self) -> int:
        return id(self)

    @property
    def pipeline(self) -> trace.Trace:
        """The trace that the channel belongs to."""
        return self._trace


class PipelineInput(Channel):
    """An input of the pipeline."""

    def __init__(self, name: str, type: Type) -> None:
        self.name = name
        super().__init__(type, f"pipelinechannel--{name}")

    @property
    def title(self) -> str:
        return f"input {self.name!r}"


class Produced(Channel):
    """An output of something that runs: `producer` is a task, or a group of branches; `output` the name that it has there."""

    def __init__(self, type: Type | None, key: str, producer: Task | Group, output: str) -> None:
        super().__init__(type, key)
        self.producer = producer
        self.output = output

    @property
    def title(self) -> str:
        return f"output {self.output!r} of {self.producer.name!r}"

    @property
    def home(self) -> Group:
        """The group in which the producer is a member."""
        from kflite.dsl.task import Task

        group = self.producer.group if isinstance(self.producer, Task) else self.producer.parent
        assert group, "a producer has been added to a group"
        return group


class TaskOutput(Produced):
    """An output of a task."""

    def __init__(self, task: Task, output: str, type: Type) -> None:
        super().__init__(type, f"pipelinechannel--{task.name}-{output}", task, output)


class LoopItem(Channel):
    """The item of one iteration; `item.key` or `item['key']` is an entry of an item that is a dict."""

    def __init__(self, loop: ParallelFor, type: Type | None, key: str, fields: dict[str, Parameter | None] | None = None) -> None:
        super().__init__(type, key)
        self.loop = loop
        self._fields = fields

    @property
    def title(self) -> str:
        return "item of the loop"

    def __getattr__(self, field: str) -> ItemField:
        if field.startswith("_"):
            raise AttributeError(field)
        return self[field]

    def __getitem__(self, field: str) -> ItemField:
        if not isinstance(self.type, Parameter | None) or (self.type and self.type.ir not in ("STRUCT", "STRING")):
            raise trace.refused(f"the items of the loop are {self.type}, which has no entry {field!r}")
        if self._fields is not None and field not in self._fields:
            raise trace.refused(f"not every item of the loop has the entry {field!r}")
        return ItemField(self, field, self._fields[field] if self._fields else None)


class ItemField(Channel):
    """An entry of a loop's item."""

    def __init__(self, item: LoopItem, field: str, type: Parameter | None) -> None:
        super().__init__(type, f"{item.key}-subvar-{field}")
        self.item = item
        self.field = field
        self.selector = f'parseJson(string_value)["{field}"]'

    @property
    def title(self) -> str:
        return f"entry {self.field!r} of the loop's item"


class Collected(Channel):
    """All iterations' values of an output of a task in a dsl.ParallelFor, as a list in the order of the items."""

    def __init__(self, output: Produced) -> None:
        if not isinstance(output, Produced):
            raise trace.refused("dsl.Collected takes the output of a task inside a dsl.ParallelFor")
        self.inner = output
        super().__init__(_listed(output.type), output.key)

    @property
    def title(self) -> str:
        return f"dsl.Collected({self.inner.title})"

    def __str__(self) -> str:
        raise trace.refused("dsl.Collected cannot stand in a text: pass it as an input of its own")


def _listed(type: Type | None) -> Type:
    if isinstance(type, ArtifactType):
        return ArtifactType(type.title, type.version, is_list=True)
    return Parameter(LIST, type)
