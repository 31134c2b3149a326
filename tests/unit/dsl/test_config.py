"""A pipeline's configuration: what it is refused, and where a task uses what the pipeline has not asked for."""

import re

import pytest
from unit.dsl.pieces import text

from kflite import dsl
from kflite.errors import CompileError
from kflite.ir.check import ignored


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: dsl.WorkspaceConfig("big"), "dsl.WorkspaceConfig: 'big' is no size: give one such as '10Gi'"),
        (lambda: dsl.WorkspaceConfig(""), "'' is no size"),
        (lambda: dsl.WorkspaceConfig(10), "10 is no size"),
        (lambda: dsl.PipelineConfig(workspace="10Gi"), r"workspace is '10Gi': give dsl.WorkspaceConfig\(size='10Gi'\)"),
        (lambda: dsl.PipelineConfig(active_deadline_seconds=-1), "active_deadline_seconds is -1: give whole seconds"),
        (lambda: dsl.PipelineConfig(ttl_seconds_after_finished=1.5), "ttl_seconds_after_finished is 1.5: give whole seconds"),
        (lambda: dsl.PipelineConfig(ttl_seconds_after_success=2**31), "at most 2147483647"),
    ],
)
def test_a_configuration_that_kfp_would_refuse_is_refused_with_its_line(make, words):
    with pytest.raises(CompileError, match=rf"^{re.escape(__file__)}:\d+: .*{words}"):
        make()


def in_an_argument():
    text(x=f"{dsl.WORKSPACE_PATH_PLACEHOLDER}/data")


def in_a_variable():
    text().set_env_variable("HERE", dsl.WORKSPACE_PATH_PLACEHOLDER)


def by_its_path():
    with dsl.If(text().output == "a"):
        text(x="/kfp-workspace/data")


def in_a_command():
    @dsl.container_component
    def c():
        return dsl.ContainerSpec("alpine", ["ls", dsl.WORKSPACE_PATH_PLACEHOLDER])

    c()


def in_another_pipeline():
    @dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig("1Gi")))
    def inner():
        in_an_argument()

    inner()


@pytest.mark.parametrize("uses", [in_an_argument, in_a_variable, by_its_path, in_a_command, in_another_pipeline])
def test_the_workspace_is_used_where_the_pipeline_has_one_only(uses):
    told = rf"^{re.escape(__file__)}:\d+: the task uses the workspace, and .* none: give @dsl.pipeline "
    with pytest.raises(CompileError, match=told):
        dsl.compile(dsl.pipeline(uses))
    config = dsl.PipelineConfig(workspace=dsl.WorkspaceConfig("1Gi"))
    dsl.compile(dsl.pipeline(pipeline_config=config)(uses))


@pytest.mark.parametrize("given", [{"after": False}, {"after": False, "before": True, "on_error": True}])
def test_a_pause_that_never_comes_is_refused(given):
    with pytest.raises(CompileError, match=r"set_debug_pause\(\) pauses before, after"):

        @dsl.pipeline
        def p():
            text().set_debug_pause(**given)


def test_a_pause_is_told_to_have_no_effect():
    @dsl.pipeline
    def p():
        text().set_debug_pause()

    ((path, reason),) = ignored(dsl.compile(p))
    assert path == "deploymentSpec.executors.exec-text.container.env[0]"
    assert "pauses pods of KFP's cluster only" in reason
