"""Settings of a task that its code gets, for components which start other jobs with them. Source: KFP v2 IR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from kflite.dsl import trace
from kflite.dsl.interface import Interface
from kflite.dsl.types import CONFIG, Parameter


class TaskConfigField(IntEnum):
    """What of a task's settings is passed; the numbers are those of IR."""

    RESOURCES = 1
    ENV = 2
    KUBERNETES_AFFINITY = 3
    KUBERNETES_TOLERATIONS = 4
    KUBERNETES_NODE_SELECTOR = 5
    KUBERNETES_VOLUMES = 6


@dataclass(frozen=True, slots=True)
class TaskConfigPassthrough:
    """Passes a part of the settings to the component's dsl.TaskConfig. apply_to_task: they hold for the task itself too."""

    field: TaskConfigField
    apply_to_task: bool = False


Passthroughs = Sequence[TaskConfigPassthrough | TaskConfigField]


def passthroughs(given: Passthroughs | None) -> tuple[TaskConfigPassthrough, ...]:
    """The decorator's option in one form. Raises CompileError for what is no field, and for one that is named twice."""
    found = [TaskConfigPassthrough(one) if isinstance(one, TaskConfigField) else one for one in given or ()]
    for one in found:
        if not isinstance(one, TaskConfigPassthrough):
            raise trace.refused(
                f"task_config_passthroughs holds {one!r}: give dsl.TaskConfigField.… or dsl.TaskConfigPassthrough"
            )
    fields = [one.field for one in found]
    double = next((field for field in fields if fields.count(field) > 1), None)
    if double:
        raise trace.refused(f"task_config_passthroughs names {double.name} twice: keep one of them")
    return tuple(found)


def has_config(interface: Interface) -> bool:
    """Whether a component has an input of type dsl.TaskConfig."""
    return any(spec.type == Parameter(CONFIG) for spec in interface.inputs.values())
