"""The work of a task: what it needs, its job, and what its cache key is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from builder import Document, Pipeline, constant, loop, optional, outer, parameters, task
from drive import Driven, gives, plan_of

from kflite.core.event_kind import State
from kflite.core.job import Exit, Job, Resources
from kflite.core.paths import RunPaths
from kflite.core.plan import Origin, Ready, RetryPolicy, Work
from kflite.core.value import Value
from kflite.plans import dag
from kflite.plans.dag.work import LONGEST_ARGUMENT
from kflite.runtime import bootstrap

GIB = 2**30
CACHED = {"cachingOptions": {"enableCache": True}}


def work(document: str, name: str = "t", run: str = "run-1", **given: Value) -> Work:
    """The work of the first task of this name that is ready as the pipeline begins."""
    steps = dag.plan(document, given, Origin(run, "a run", 0.0)).begin()
    return next(step.work for step in steps if isinstance(step, Ready) and step.task == name)


def leaf(
    inputs: Document | None = None, given: Mapping[str, Document] | None = None, deadline: float = 0, **container: Any
) -> Work:
    """The work of one task alone."""
    pipeline = Pipeline().leaf("c", inputs, deadline=deadline, **container)
    return work(pipeline.document(t=task("c", inputs=given, **CACHED)))


def job(of: Work, tmp_path: Path, attempt: int = 1) -> Job:
    return of.job(RunPaths(tmp_path, str(tmp_path / "artifacts"), "p", "run-1"), "t", attempt)


def key_parts(**changes: Any) -> dict[str, str]:
    return dict(leaf(**changes).key_parts or {})


# What it needs.


@pytest.mark.parametrize(
    ("resources", "request_", "limit"),
    [
        ({}, Resources(), Resources()),
        ({"resourceCpuLimit": "500m", "resourceMemoryLimit": "1Gi"}, Resources(0.5, GIB), Resources(0.5, GIB)),
        ({"resourceCpuRequest": "1", "resourceCpuLimit": "2"}, Resources(1.0), Resources(2.0)),
        ({"cpuLimit": 2.0, "memoryLimit": 1.5}, Resources(2.0, 1_500_000_000), Resources(2.0, 1_500_000_000)),
        ({"cpuLimit": 2.0, "resourceCpuLimit": "4"}, Resources(4.0), Resources(4.0)),
        ({"accelerator": {"count": "2", "type": "nvidia.com/gpu"}}, Resources(gpus=2), Resources(gpus=2)),
    ],
)
def test_quantities_become_a_request_and_a_limit(
    tmp_path: Path, resources: Document, request_: Resources, limit: Resources
) -> None:
    found = leaf(resources=resources)
    (role,) = job(found, tmp_path).roles
    assert (found.request, role.request, role.limit) == (request_, request_, limit)


def test_a_quantity_may_come_from_an_input() -> None:
    asked = leaf(parameters(n=int), {"n": constant(3)}, resources={"resourceCpuLimit": "{{$.inputs.parameters['n']}}"})
    assert asked.request.cpus == 3.0


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"resourceCpuLimit": "{{$.inputs.parameters['n']}}"}, "'two' is not a number of CPUs"),
        ({"resourceMemoryLimit": "{{$.inputs.parameters['n']}}"}, "'two' is not an amount of memory"),
        ({"accelerator": {"resourceCount": "{{$.inputs.parameters['n']}}"}}, "'two' is not a number of GPUs"),
    ],
)
def test_a_quantity_that_is_none_fails_its_task_and_nothing_else(resources: Document, message: str) -> None:
    pipeline = Pipeline().leaf("c", parameters(n=str), resources=resources)
    document = pipeline.document(t=task("c", inputs={"n": constant("two")}), other=task())
    driven = Driven(plan_of(document), lambda task, work: gives())
    assert driven.states == {"t": State.FAILED, "other": State.SUCCEEDED}
    assert driven.messages["t"].startswith(message)


def test_retries_and_the_deadline_are_the_documents() -> None:
    policy = {"maxRetryCount": 3, "backoffDuration": "2s", "backoffFactor": 3.0, "backoffMaxDuration": "10s"}
    found = work(Pipeline().leaf("c", deadline=90).document(t=task("c", retryPolicy=policy)))
    assert (found.policy.retry, found.policy.timeout_s) == (RetryPolicy(3, 2.0, 3.0, 10.0), 90.0)
    assert [found.policy.retry.delay_s(n) for n in (1, 2, 3, 1000)] == [2.0, 6.0, 10.0, 10.0]


# Its job.


def test_each_attempt_has_a_folder_an_id_and_outputs_of_its_own(tmp_path: Path) -> None:
    found = work(Pipeline().document(t=task()))
    first, second = job(found, tmp_path), job(found, tmp_path, 2)
    assert (first.id, first.attempt, second.attempt) == ("run-1/t", 1, 2)
    assert first.folder != second.folder
    assert not set(first.outputs) & set(second.outputs)
    assert first == job(found, tmp_path), "an attempt that is asked for again is the same"


def test_placeholders_are_filled_in_words_environment_and_image(tmp_path: Path) -> None:
    n = "{{$.inputs.parameters['n']}}"
    found = leaf(
        parameters(n=int), {"n": constant(3.0)}, image=f"img:{n}", args=["--n", n], env=[{"name": "N", "value": f"<{n}>"}]
    )
    (role,) = job(found, tmp_path).roles
    assert (role.image, role.args, role.env) == ("img:3", ("--n", "3"), {"N": "<3>"})


def test_a_default_stands_in_where_nothing_is_given_but_is_not_present(tmp_path: Path) -> None:
    present = json.dumps({"IfPresent": {"InputName": "n", "Then": ["given"], "Else": ["not given"]}})
    found = leaf(parameters(n=optional(int, defaultValue=7.0)), args=["{{$.inputs.parameters['n']}}", present])
    assert job(found, tmp_path).roles[0].args == ("7", "not given")


@pytest.mark.parametrize("length", [10, LONGEST_ARGUMENT])
def test_what_is_too_long_for_an_argument_goes_by_a_file(tmp_path: Path, length: int) -> None:
    command, args = bootstrap.compose("def f(s): ...", "f")
    made = job(leaf(parameters(s=str), {"s": constant("x" * length)}, command=command, args=args), tmp_path)
    given = made.roles[0].args[-1]
    file = made.folder / "executor_input.json"
    assert (given == f"@{file}") == (length == LONGEST_ARGUMENT)
    assert list(made.files) == ([file] if given.startswith("@") else [])
    whole = json.loads(made.files.get(file, given))
    assert len(whole["inputs"]["parameterValues"]["s"]) == length
    assert max(len(word) for word in (*made.roles[0].command, *made.roles[0].args)) < 128 * 1024


def staged(paths: RunPaths) -> Job:
    """The job of a task that takes one artifact and gives another."""
    data: Document = {"artifacts": {"data": {"artifactType": {"schemaTitle": "system.Dataset"}}}}
    pipeline = Pipeline().importer("i", {"constant": "s3://other/x"}).leaf("c", data, data)
    source = {"taskOutputArtifact": {"producerTask": "i", "outputArtifactKey": "data"}}
    document = pipeline.document(i=task("i"), t=task("c") | {"inputs": {"artifacts": {"data": source}}})
    return work(document).job(paths, "l[0]/t", 2)


def test_artifacts_of_a_remote_root_are_fetched_and_pushed(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path, "s3://bucket/root", "p", "r")
    made = staged(paths)
    assert made.fetch == (("s3://other/x", tmp_path / "staging/s3/other/x"),)
    ((uri, path),) = made.push
    assert (uri, paths.uri(path)) == ("s3://bucket/root/p/r/l.0/t/2/data",) * 2
    assert path in made.outputs
    assert path.is_relative_to(tmp_path)


def test_artifacts_of_a_local_root_stay_where_they_are(tmp_path: Path) -> None:
    made = staged(RunPaths(tmp_path, str(tmp_path / "artifacts"), "p", "r"))
    assert made.push == ()
    assert tmp_path / "artifacts/p/r/l.0/t/2/data" in made.outputs
    assert made.folder == tmp_path / "runs/r/l.0/t/2"
    assert set(made.roots) >= {made.folder, tmp_path / "artifacts"}


def test_a_job_is_known_by_its_run_its_task_and_its_attempt(tmp_path: Path) -> None:
    labels = staged(RunPaths(tmp_path, "/a", "p", "r")).labels
    assert labels == {"kflite.dev/run": "r", "kflite.dev/task": "l[0]/t", "kflite.dev/attempt": "2"}


def test_an_attempt_that_succeeds_without_its_output_has_failed(tmp_path: Path) -> None:
    found, paths = work(Pipeline().document(t=task())), RunPaths(tmp_path, "/a", "p", "run-1")
    exit, outputs = found.collect(paths, "t", 1, Exit(0))
    assert (exit.code, exit.reason, exit.message, outputs.parameters) == (1, "BadOutput", "output 'x' was not written", {})


def test_what_a_failed_attempt_left_is_not_read(tmp_path: Path) -> None:
    found, paths = work(Pipeline().document(t=task())), RunPaths(tmp_path, "/a", "p", "run-1")
    assert found.collect(paths, "t", 1, Exit(3, "Error"))[0] == Exit(3, "Error")


# What its cache key is made of.

N = parameters(n=int)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"given": {"n": constant(2)}}, {"parameter n"}),
        ({"command": ["walk"]}, {"code"}),
        ({"args": ["--fast"]}, {"code"}),
        ({"image": "another"}, {"image"}),
        ({"env": [{"name": "A", "value": "b"}]}, {"environment"}),
        ({"resources": {"resourceCpuLimit": "4"}}, set()),
        ({"deadline": 60}, set()),
    ],
)
def test_the_key_changes_with_what_decides_the_result_only(change: Document, part: set[str]) -> None:
    before, after = (
        key_parts(inputs=N, given={"n": constant(1)}),
        key_parts(**{"inputs": N, "given": {"n": constant(1)}, **change}),
    )
    assert {name for name in before | after if before.get(name) != after.get(name)} == part


def test_another_default_is_another_key() -> None:
    before, after = (key_parts(inputs=parameters(n=optional(int, defaultValue=value))) for value in (1.0, 2.0))
    assert {name for name in before if before[name] != after[name]} == {"default n"}


def test_the_key_does_not_hold_the_text_of_our_runner(monkeypatch: pytest.MonkeyPatch) -> None:
    def made_with(runner: str, source: str) -> dict[str, str]:
        monkeypatch.setattr(bootstrap, "runner_text", lambda: runner)
        command, args = bootstrap.compose(source, "f")
        return key_parts(command=command, args=args)

    assert made_with("old", "def f(): ...") == made_with("new", "def f(): ...")
    assert made_with("old", "def f(): ...") != made_with("old", "def f(): return 1")


def test_a_task_with_a_key_of_its_own_is_known_by_that_alone() -> None:
    options = {"cachingOptions": {"enableCache": True, "cacheKey": "mine"}}
    name = "{{$.pipeline_job_name}}"
    found = [
        work(Pipeline().leaf("c", image=image, args=[name]).document(t=task("c", **options))).key_parts for image in ("a", "b")
    ]
    assert found[0] == found[1] == {"component": "c", "cache key": "mine"}


def test_a_task_that_is_not_to_be_cached_has_no_key() -> None:
    assert work(Pipeline().document(t=task())).key_parts is None


@pytest.mark.parametrize("name", ["pipeline_job_name", "pipeline_job_uuid", "pipeline_root", "pipeline_task_name"])
@pytest.mark.parametrize("field", ["command", "args", "env"])
def test_a_task_whose_words_name_its_run_is_not_served_from_another(name: str, field: str) -> None:
    word = f"--name={{{{$.{name}}}}}"
    assert leaf(**{field: [{"name": "A", "value": word}] if field == "env" else [word]}).key_parts is None


def test_an_input_that_names_the_run_makes_the_key_the_runs_own() -> None:
    pipeline = Pipeline().leaf("c", parameters(s=str))
    document = pipeline.document(t=task("c", inputs={"s": constant("{{$.pipeline_job_uuid}}")}, **CACHED))
    assert work(document, run="one").key_parts != work(document, run="two").key_parts
    assert work(document, run="one").parameters == {"s": "one"}


def test_neither_the_run_nor_the_place_in_a_loop_changes_the_key() -> None:
    pipeline = Pipeline().leaf("c", parameters(n=int))
    pipeline.group("body", {"t": task("c", inputs={"n": outer("item")}, **CACHED)}, parameters(item=int))
    document = pipeline.document(l=loop("body", [5, 5]))
    assert work(document, "l[0]/t", "one").key_parts == work(document, "l[1]/t", "two").key_parts
