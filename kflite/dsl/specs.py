"""Writes a component's inputs and outputs, and constants, to IR's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kflite.dsl.interface import Interface
from kflite.dsl.types import STRING, ArtifactType, Parameter, Type
from kflite.errors import CompileError

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Value as ValueMessage

    from kflite.ir.proto import ComponentSpec, PipelineTaskSpec

# Of the enum ParameterTypeEnum in pipeline_spec.proto.
_NUMBERS = {"NUMBER_DOUBLE": 1, "NUMBER_INTEGER": 2, "STRING": 3, "BOOLEAN": 4, "LIST": 5, "STRUCT": 6, "TASK_FINAL_STATUS": 7}
_NUMBERS["TASK_CONFIG"] = 8


def declare(spec: ComponentSpec, interface: Interface) -> None:
    """Add a component's inputs and outputs."""
    for name, input in interface.inputs.items():
        declare_input(spec, name, input.type)
        artifact = isinstance(input.type, ArtifactType)
        entry = (spec.input_definitions.artifacts if artifact else spec.input_definitions.parameters)[name]
        entry.is_optional, entry.description = input.optional, input.description
        if input.default is not None:
            fill(entry.default_value, input.default)
        for literal in input.type.literals if isinstance(input.type, Parameter) else ():
            fill(entry.literals.add(), literal)
    for name, output in interface.outputs.items():
        declare_output(spec, name, output.type)
        artifact = isinstance(output.type, ArtifactType)
        declaration = (spec.output_definitions.artifacts if artifact else spec.output_definitions.parameters)[name]
        declaration.description = output.description


def declare_input(spec: ComponentSpec, name: str, type: Type | None) -> None:
    """Add an input; one of unknown type as text."""
    _declare(spec.input_definitions, name, type)


def declare_output(spec: ComponentSpec, name: str, type: Type | None) -> None:
    """Add an output; one of unknown type as text."""
    _declare(spec.output_definitions, name, type)


def add_output(spec: ComponentSpec, name: str, type: Type | None, selected: tuple[str, str], one_of: bool = False) -> None:
    """Set a DAG's output to output `selected[1]` of task `selected[0]`; one_of: add another possible producer."""
    producer, output = selected
    if isinstance(type, ArtifactType):
        spec.dag.outputs.artifacts[name].artifact_selectors.add(producer_subtask=producer, output_artifact_key=output)
        return
    entry = spec.dag.outputs.parameters[name]
    if one_of:
        entry.value_from_oneof.parameter_selectors.add(producer_subtask=producer, output_parameter_key=output)
    else:
        entry.value_from_parameter.producer_subtask, entry.value_from_parameter.output_parameter_key = producer, output


def set_constant(task: PipelineTaskSpec, name: str, value: object) -> None:
    """Set an input of a task to a constant."""
    fill(task.inputs.parameters[name].runtime_value.constant, value)


def fill(message: ValueMessage, value: object) -> None:
    """Write a JSON value. Raises CompileError for other values."""
    if value is None:
        message.null_value = 0  # type: ignore[assignment]
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif isinstance(value, str):
        message.string_value = value
    elif isinstance(value, list | tuple):
        message.list_value.SetInParent()
        for item in value:
            fill(message.list_value.values.add(), item)
    elif isinstance(value, Mapping):
        message.struct_value.SetInParent()
        for key, item in value.items():
            fill(message.struct_value.fields[str(key)], item)
    else:
        raise CompileError(f"{value!r} is not JSON: use str, int, float, bool, list, dict, inputs and outputs")


def _declare(definitions: object, name: str, type: Type | None) -> None:
    if isinstance(type, ArtifactType):
        entry = definitions.artifacts[name]  # type: ignore[attr-defined]
        entry.artifact_type.schema_title, entry.artifact_type.schema_version = type.title, type.version
        entry.is_artifact_list = type.is_list
    else:
        definitions.parameters[name].parameter_type = _NUMBERS[type.ir if type else STRING]  # type: ignore[attr-defined]
