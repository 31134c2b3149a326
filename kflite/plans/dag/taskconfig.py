"""Task config: settings of a task that its code is handed, as parts of a Pod's specification, to start other work with.

A component names the fields that it passes through; of those, a task has itself only the ones that are said to apply to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core import podspec
from kflite.core.job import Role
from kflite.core.value import Value
from kflite.plans.dag.placeholders import fill, of_parameters, text
from kflite.plans.dag.resolve import Inputs, given
from kflite.plans.dag.shape import Component, Configured, Settings

_IN_MORE = {
    "KUBERNETES_AFFINITY": ("nodeAffinity", "podAffinity"),
    "KUBERNETES_TOLERATIONS": ("tolerations",),
    "KUBERNETES_NODE_SELECTOR": ("nodeSelector",),
}


def passed(config: Configured, passthroughs: Mapping[str, bool]) -> dict[str, Value]:
    """The value of a TASK_CONFIG input: what passes through, under the names that kfp's TaskConfig reads."""
    held, more = config.settings, config.settings.more
    volumes, places = podspec.volumes(held.mounts) if "KUBERNETES_VOLUMES" in passthroughs else ([], [])
    role = Role(secrets=held.secrets, facts=held.facts)
    out: dict[str, Value] = {
        "resources": podspec.resources(config.resources, config.accelerator) if "RESOURCES" in passthroughs else {},
        "env": [*podspec.env(role, config.env)] if "ENV" in passthroughs else [],
        "affinity": {**podspec.affinity(more)} if "KUBERNETES_AFFINITY" in passthroughs else {},
        "tolerations": more.get("tolerations") if "KUBERNETES_TOLERATIONS" in passthroughs else [],
        "nodeSelector": more.get("nodeSelector") if "KUBERNETES_NODE_SELECTOR" in passthroughs else {},
        "volumes": [*volumes],
        "volumeMounts": [*places],
    }
    return {key: value for key, value in out.items() if value}


def kept(config: Configured, passthroughs: Mapping[str, bool]) -> Configured:
    """What of it the task has itself."""
    away = {field for field, applies in passthroughs.items() if not applies}
    held, dropped = config.settings, {key for field in away for key in _IN_MORE.get(field, ())}
    return Configured(
        {} if "ENV" in away else config.env,
        {} if "RESOURCES" in away else config.resources,
        "" if "RESOURCES" in away else config.accelerator,
        Settings(
            () if "ENV" in away else held.secrets,
            () if "KUBERNETES_VOLUMES" in away else held.mounts,
            () if "ENV" in away else held.facts,
            {key: value for key, value in held.more.items() if key not in dropped},
        ),
    )


def applied(component: Component, config: Configured, inputs: Inputs) -> tuple[Inputs, Configured]:
    """The inputs with what the component's TASK_CONFIG inputs hold, and what the task has itself."""
    names = [name for name, declared in component.inputs.items() if declared.type == "TASK_CONFIG"]
    lookup = of_parameters(given(component, inputs.parameters))
    filled = config._replace(
        env={key: text(fill(value, lookup)) for key, value in config.env.items()},
        resources={key: text(fill(value, lookup)) for key, value in config.resources.items()},
        accelerator=text(fill(config.accelerator, lookup)),
    )
    held = passed(filled, component.passthroughs)
    parameters = {**inputs.parameters, **{name: dict(held) for name in names}}
    return Inputs(parameters, inputs.artifacts), kept(config, component.passthroughs)
