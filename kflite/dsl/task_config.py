"""Settings that a task passes to its code, for components that start other jobs with them. Source: KFP v2 IR."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from kflite.core.frozen import dataclass
from kflite.dsl import trace
from kflite.dsl.interface import Interface
from kflite.dsl.types import CONFIG, Parameter


class TaskConfigField(IntEnum):
    """A part of a task's settings; the numbers are those of IR."""

    RESOURCES = 1
    ENV = 2
    KUBERNETES_AFFINITY = 3
    KUBERNETES_TOLERATIONS = 4
    KUBERNETES_NODE_SELECTOR = 5
    KUBERNETES_VOLUMES = 6


@dataclass(frozen=True, slots=True)
class TaskConfigPassthrough:
    """Passes a part of the settings to the component's dsl.TaskConfig. apply_to_task: also apply it to the task itself."""

    field: TaskConfigField
    apply_to_task: bool = False


Passthroughs = Sequence[TaskConfigPassthrough | TaskConfigField]


def passthroughs(listed: Passthroughs | None) -> tuple[TaskConfigPassthrough, ...]:
    """The decorator's option as passthroughs. Raises CompileError for an unknown or repeated field."""
    options = [TaskConfigPassthrough(option) if isinstance(option, TaskConfigField) else option for option in listed or ()]
    for option in options:
        if not isinstance(option, TaskConfigPassthrough):
            raise trace.refused(
                f"task_config_passthroughs holds {option!r}: give dsl.TaskConfigField.… or dsl.TaskConfigPassthrough"
            )
    fields = [option.field for option in options]
    duplicate = next((field for field in fields if fields.count(field) > 1), None)
    if duplicate:
        raise trace.refused(f"task_config_passthroughs names {duplicate.name} twice: keep one of them")
    return tuple(options)


def has_config(interface: Interface) -> bool:
    """Whether a component has an input of type dsl.TaskConfig."""
    return any(spec.type == Parameter(CONFIG) for spec in interface.inputs.values())
