"""Components that are passed their task's settings, to start other jobs with them."""

import pytest

from kflite import dsl

FIELD = dsl.TaskConfigField


@dsl.component(
    task_config_passthroughs=[FIELD.RESOURCES, dsl.TaskConfigPassthrough(FIELD.ENV, apply_to_task=True), FIELD.KUBERNETES_VOLUMES]
)
def launch(n: int, config: dsl.TaskConfig) -> dict:
    import os

    resources, env = config.resources, config.env
    return {"resources": resources, "env": env, "here": os.environ.get("WORD"), "nodes": config.node_selector, "n": n}


@dsl.component
def plain(config: dsl.TaskConfig) -> str:
    return repr(config)


@dsl.pipeline
def settings(n: int = 1) -> dict:
    return launch(n=n).set_cpu_limit("1").set_memory_limit("1G").set_env_variable("WORD", f"w{n}").outputs["Output"]


def test_settings_that_pass_through_are_the_components_to_use(run_each):
    found = run_each(settings, n=2).outputs["Output"]
    assert found["resources"] == {"limits": {"cpu": "1", "memory": "1G"}}
    assert (found["env"], found["here"], found["n"]) == ([{"name": "WORD", "value": "w2"}], "w2", 2)


def test_a_component_that_names_no_settings_is_passed_an_empty_one(run_each):
    names = ("affinity", "tolerations", "node_selector", "env", "volumes", "volume_mounts", "resources")
    told = run_each(plain).outputs["Output"]
    assert [name for name in names if f"{name}=" not in told] == []
    assert "WORD" not in told


@pytest.mark.parametrize("component", [launch, plain])
def test_a_component_with_settings_is_sound_alone(component):
    from kflite.ir.check import check

    assert check(dsl.compile(component)) == []
