"""Channels: placeholders for values of a run, which pipeline functions pass between tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from kflite.dsl import trace
from kflite.dsl.conditions import AnyOf, ComparisonCondition, Condition, Membership
from kflite.dsl.types import LIST, STRING, STRUCT, ArtifactType, Parameter, Type, common_type

if TYPE_CHECKING:
    from kflite.dsl.groups import Group
    from kflite.dsl.loops import ParallelFor
    from kflite.dsl.task import PipelineTask


class Channel:
    """A value of a future run. type: None if unknown; key: the name under which it is passed into and out of groups."""

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
        """The name for users."""
        return self.key.removeprefix("pipelinechannel--")

    def __bool__(self) -> bool:
        remedy = "use dsl.If for conditions, and &, | and ~ in place of `and`, `or` and `not`"
        raise trace.refused(f"{self.title} has no value before the run, so Python cannot test it: {remedy}")

    def __iter__(self) -> Iterator[Channel]:
        raise trace.refused(f"{self.title} has no value before the run: loop over it with dsl.ParallelFor")

    def __contains__(self, item: object) -> bool:
        raise trace.refused(f"{self.title} has no value before the run, so Python cannot look into it: use .contains() or .in_()")

    def __getitem__(self, field: str) -> Channel:
        remedy = "take it apart in a component, or loop over it with dsl.ParallelFor, whose items have item.a"
        raise trace.refused(f"{self.title} has no value before the run, so Python cannot look into it: {remedy}")

    def _computed(self, _: object) -> NoReturn:
        remedy = "compute in a component; a text may hold it, as f'{x}'"
        raise trace.refused(f"{self.title} has no value before the run, so Python cannot compute with it: {remedy}")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _computed

    def in_(self, values: Sequence[object] | Channel) -> Condition:
        """Whether it is one of these constants, inputs and outputs, or in a list of the run."""
        if isinstance(values, Channel):
            return values.contains(self)
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise trace.refused(f"in_() takes a list with values, or one that the run will have, not {values!r}")
        comparisons = [ComparisonCondition(self, "==", value) for value in values]
        return AnyOf(*comparisons) if len(comparisons) > 1 else comparisons[0]

    def contains(self, value: object) -> Condition:
        """Whether this list contains a constant, input or output."""
        return Membership(value, self)

    def __eq__(self, other: object) -> ComparisonCondition:  # type: ignore[override]
        return ComparisonCondition(self, "==", other)

    def __ne__(self, other: object) -> ComparisonCondition:  # type: ignore[override]
        return ComparisonCondition(self, "!=", other)

    def __lt__(self, other: object) -> ComparisonCondition:
        return ComparisonCondition(self, "<", other)

    def __le__(self, other: object) -> ComparisonCondition:
        return ComparisonCondition(self, "<=", other)

    def __gt__(self, other: object) -> ComparisonCondition:
        return ComparisonCondition(self, ">", other)

    def __ge__(self, other: object) -> ComparisonCondition:
        return ComparisonCondition(self, ">=", other)

    def __hash__(self) -> int:
        return id(self)

    @property
    def pipeline(self) -> trace.Trace:
        """The trace of the channel's pipeline."""
        return self._trace


class PipelineInput(Channel):
    """An input of the pipeline."""

    def __init__(self, name: str, type: Type) -> None:
        self.name = name
        super().__init__(type, f"pipelinechannel--{name}")

    @property
    def title(self) -> str:
        return f"input {self.name!r}"


class OutputChannel(Channel):
    """An output of `producer`, a task or a group of branches. output: its name there."""

    def __init__(self, type: Type | None, key: str, producer: PipelineTask | Group, output: str) -> None:
        super().__init__(type, key)
        self.producer = producer
        self.output = output

    @property
    def title(self) -> str:
        return f"output {self.output!r} of {self.producer.name!r}"

    @property
    def home(self) -> Group:
        """The group that contains the producer."""
        from kflite.dsl.task import PipelineTask

        group = self.producer.group if isinstance(self.producer, PipelineTask) else self.producer.parent
        assert group, "a producer has been added to a group"
        return group


class TaskOutput(OutputChannel):
    """An output of a task."""

    def __init__(self, task: PipelineTask, output: str, type: Type) -> None:
        super().__init__(type, f"pipelinechannel--{task.name}-{output}", task, output)


class StructChannel(Channel):
    """A channel that may be a dict, whose entries are channels: `item.name` or `item['name']`. values: None if unknown.

    In a pipeline's code every attribute is an entry, also `item.key`, except for the methods that create conditions.
    """

    def __init__(self, type: Type | None, key: str, values: Sequence[object] | None) -> None:
        super().__init__(type, key)
        self._values = values

    @property
    def _item_path(self) -> tuple[LoopItem, tuple[str, ...]]:
        raise NotImplementedError

    def __getattribute__(self, name: str) -> ItemField:
        if name[0] != "_" and name not in ("contains", "in_") and not trace.is_internal_call() and self._may_be_dict():
            return self[name]
        value: ItemField = super().__getattribute__(name)
        return value

    def __getattr__(self, name: str) -> ItemField:
        if name[0] == "_":
            raise AttributeError(name)
        return self[name]

    def _may_be_dict(self) -> bool:
        return isinstance(self.type, Parameter | None) and (self.type is None or self.type.ir in (STRUCT, STRING))

    def __getitem__(self, field: str) -> ItemField:
        if not isinstance(field, str):
            raise trace.refused(f"an entry of {self.title} is named by a text, not {field!r}")
        if not self._may_be_dict():
            raise trace.refused(f"{self.title} is {self.type}, which has no entry {field!r}")
        values = None
        if self._values is not None:
            if not all(isinstance(value, dict) and field in value for value in self._values):
                raise trace.refused(f"not every {self.title} has the entry {field!r}")
            values = [value[field] for value in self._values if isinstance(value, dict)]
        item, fields = self._item_path
        return ItemField(item, (*fields, field), values)


class LoopItem(StructChannel):
    """A loop's item in one iteration."""

    def __init__(self, loop: ParallelFor, type: Type | None, key: str, values: Sequence[object] | None = None) -> None:
        super().__init__(type, key, values)
        self.loop = loop

    @property
    def _item_path(self) -> tuple[LoopItem, tuple[str, ...]]:
        return self, ()

    @property
    def title(self) -> str:
        return "item of the loop"


class ItemField(StructChannel):
    """An entry of a loop's item, or a nested entry."""

    def __init__(self, item: LoopItem, fields: tuple[str, ...], values: Sequence[object] | None) -> None:
        super().__init__(common_type(values) if values else None, "-subvar-".join((item.key, *fields)), values)
        self.item = item
        self.fields = fields
        self.selector = "parseJson(string_value)" + "".join(f"[{json.dumps(field)}]" for field in fields)

    @property
    def _item_path(self) -> tuple[LoopItem, tuple[str, ...]]:
        return self.item, self.fields

    @property
    def title(self) -> str:
        return f"entry {'.'.join(self.fields)!r} of the loop's item"


class Collected(Channel):
    """The values of a task's output from all iterations of a dsl.ParallelFor, in the order of the items."""

    def __init__(self, output: OutputChannel) -> None:
        if not isinstance(output, OutputChannel):
            raise trace.refused("dsl.Collected takes the output of a task inside a dsl.ParallelFor")
        self.inner = output
        super().__init__(_list_of(output.type), output.key)

    @property
    def title(self) -> str:
        return f"dsl.Collected({self.inner.title})"

    def __str__(self) -> str:
        raise trace.refused("dsl.Collected cannot stand in a text: pass it as an input of its own")


def _list_of(type: Type | None) -> Type:
    if isinstance(type, ArtifactType):
        return ArtifactType(type.title, type.version, is_list=True)
    return Parameter(LIST, type)
