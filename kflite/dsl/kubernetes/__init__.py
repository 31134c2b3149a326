"""A task's Kubernetes settings, with the names of `kfp.kubernetes`, which go into the second document of the IR.

Lives here: calls that take a task, and what they write. Names of secrets, config maps, volumes and image pull secrets, and the
values of the calls named `…_json`, may be known only at run time.
"""

from kflite.dsl.kubernetes.claims import CreatePVC, DeletePVC
from kflite.dsl.kubernetes.environment import use_config_map_as_env, use_field_path_as_env, use_secret_as_env
from kflite.dsl.kubernetes.nodes import (
    add_node_affinity,
    add_node_affinity_json,
    add_node_selector,
    add_node_selector_json,
    add_pod_affinity,
    add_toleration,
    add_toleration_json,
)
from kflite.dsl.kubernetes.pod import (
    add_pod_annotation,
    add_pod_label,
    set_image_pull_policy,
    set_image_pull_secrets,
    set_security_context,
    set_timeout,
)
from kflite.dsl.kubernetes.volumes import (
    add_ephemeral_volume,
    empty_dir_mount,
    enable_shared_memory,
    mount_pvc,
    use_config_map_as_volume,
    use_secret_as_volume,
)

__all__ = [
    "CreatePVC",
    "DeletePVC",
    "add_ephemeral_volume",
    "add_node_affinity",
    "add_node_affinity_json",
    "add_node_selector",
    "add_node_selector_json",
    "add_pod_affinity",
    "add_pod_annotation",
    "add_pod_label",
    "add_toleration",
    "add_toleration_json",
    "empty_dir_mount",
    "enable_shared_memory",
    "mount_pvc",
    "set_image_pull_policy",
    "set_image_pull_secrets",
    "set_security_context",
    "set_timeout",
    "use_config_map_as_env",
    "use_config_map_as_volume",
    "use_field_path_as_env",
    "use_secret_as_env",
    "use_secret_as_volume",
]
