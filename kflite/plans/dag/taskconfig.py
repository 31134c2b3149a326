"""Task config: settings that a task's code receives, as parts of a Pod's specification, to start other work with.

A component names the fields to pass through. A field applies to the task itself only if the component says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core import podspec
from kflite.core.job import Role
from kflite.core.value import Value
from kflite.plans.dag.placeholders import fill, parameter_lookup, text
from kflite.plans.dag.resolve import Inputs, with_defaults
from kflite.plans.dag.shape import ComponentSpec, ContainerConfig, PlatformSettings

_IN_MORE = {
    "KUBERNETES_AFFINITY": ("nodeAffinity", "podAffinity"),
    "KUBERNETES_TOLERATIONS": ("tolerations",),
    "KUBERNETES_NODE_SELECTOR": ("nodeSelector",),
}


def task_config(config: ContainerConfig, passthroughs: Mapping[str, bool]) -> dict[str, Value]:
    """The value of a TASK_CONFIG input: the fields passed through, by the names of kfp's TaskConfig."""
    settings, cluster_fields = config.settings, config.settings.cluster_fields
    volumes, volume_mounts = podspec.volumes(settings.mounts) if "KUBERNETES_VOLUMES" in passthroughs else ([], [])
    role = Role(secrets=settings.secrets, downward_api=settings.downward_api)
    out: dict[str, Value] = {
        "resources": podspec.resources(config.resources, config.accelerator) if "RESOURCES" in passthroughs else {},
        "env": [*podspec.env(role, config.env)] if "ENV" in passthroughs else [],
        "affinity": {**podspec.affinity(cluster_fields)} if "KUBERNETES_AFFINITY" in passthroughs else {},
        "tolerations": cluster_fields.get("tolerations") if "KUBERNETES_TOLERATIONS" in passthroughs else [],
        "nodeSelector": cluster_fields.get("nodeSelector") if "KUBERNETES_NODE_SELECTOR" in passthroughs else {},
        "volumes": [*volumes],
        "volumeMounts": [*volume_mounts],
    }
    return {key: value for key, value in out.items() if value}


def without_passed_on(config: ContainerConfig, passthroughs: Mapping[str, bool]) -> ContainerConfig:
    """The configuration that applies to the task itself."""
    passed_on = {field for field, applies in passthroughs.items() if not applies}
    settings, dropped_fields = config.settings, {key for field in passed_on for key in _IN_MORE.get(field, ())}
    return ContainerConfig(
        {} if "ENV" in passed_on else config.env,
        {} if "RESOURCES" in passed_on else config.resources,
        "" if "RESOURCES" in passed_on else config.accelerator,
        PlatformSettings(
            () if "ENV" in passed_on else settings.secrets,
            () if "KUBERNETES_VOLUMES" in passed_on else settings.mounts,
            () if "ENV" in passed_on else settings.downward_api,
            {key: value for key, value in settings.cluster_fields.items() if key not in dropped_fields},
        ),
    )


def apply_passthroughs(component: ComponentSpec, config: ContainerConfig, inputs: Inputs) -> tuple[Inputs, ContainerConfig]:
    """The inputs, TASK_CONFIG inputs included, and the configuration that applies to the task itself."""
    names = [name for name, declared in component.inputs.items() if declared.type == "TASK_CONFIG"]
    lookup = parameter_lookup(with_defaults(component, inputs.parameters))
    filled = config._replace(
        env={key: text(fill(value, lookup)) for key, value in config.env.items()},
        resources={key: text(fill(value, lookup)) for key, value in config.resources.items()},
        accelerator=text(fill(config.accelerator, lookup)),
    )
    value = task_config(filled, component.passthroughs)
    parameters = {**inputs.parameters, **{name: dict(value) for name in names}}
    return Inputs(parameters, inputs.artifacts), without_passed_on(config, component.passthroughs)
