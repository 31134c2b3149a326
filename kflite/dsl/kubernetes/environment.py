"""Environment variables from secrets, config maps, and fields of the pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kflite.dsl.kubernetes.platform import add, name_fields, non_empty, texts

if TYPE_CHECKING:
    from kflite.dsl.channels import Channel
    from kflite.dsl.task import PipelineTask


def use_secret_as_env(
    task: PipelineTask, secret_name: str | Channel, secret_key_to_env: Mapping[str, str], optional: bool = False
) -> PipelineTask:
    """Sets variables to entries of a secret, which no event, log or view holds: {key of the secret: variable}.

    optional: the task runs without them where the secret does not exist.
    """
    call = "use_secret_as_env"
    keys = texts(secret_key_to_env, call, "secret_key_to_env")
    entry = name_fields("secretName", secret_name, call)
    entry["keyToEnv"] = [{"secretKey": key, "envVar": variable} for key, variable in keys.items()]
    return add(task, call, "secretAsEnv", entry | {"optional": optional})


def use_config_map_as_env(
    task: PipelineTask, config_map_name: str | Channel, config_map_key_to_env: Mapping[str, str], optional: bool = False
) -> PipelineTask:
    """Sets variables to entries of a config map: {key of the config map: variable}.

    optional: the task runs without them where the config map does not exist.
    """
    call = "use_config_map_as_env"
    keys = texts(config_map_key_to_env, call, "config_map_key_to_env")
    entry = name_fields("configMapName", config_map_name, call)
    entry["keyToEnv"] = [{"configMapKey": key, "envVar": variable} for key, variable in keys.items()]
    return add(task, call, "configMapAsEnv", entry | {"optional": optional})


def use_field_path_as_env(task: PipelineTask, env_name: str, field_path: str) -> PipelineTask:
    """Sets a variable to a field of the task's pod, such as "metadata.name"."""
    call = "use_field_path_as_env"
    entry = {"name": non_empty(env_name, call, "env_name"), "fieldPath": non_empty(field_path, call, "field_path")}
    return add(task, call, "fieldPathAsEnv", entry)
