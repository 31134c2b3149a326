"""How long a pipeline inside another may take: what is written, read back, and refused."""

import json

import pytest
from unit.dsl.pieces import text

from kflite import components, dsl
from kflite.errors import CompileError
from kflite.ir import Pipeline
from kflite.ir.check import check, ignored
from kflite.ir.write import dumps_yaml


@dsl.pipeline
def inner():
    text()


@dsl.pipeline
def middle():
    inner().set_timeout(20)


@dsl.pipeline
def outer():
    middle().set_timeout(60)
    with dsl.ParallelFor([1, 2]):
        inner().set_timeout(5)


def timeouts(pipeline: dsl.Component) -> dict:
    return dsl.compile(pipeline).platforms["kflite"]["config"]["timeouts"]


def test_they_stand_by_the_component_around_and_the_task():
    assert timeouts(outer) == {"root": {"middle": 60}, "comp-middle": {"inner": 20}, "comp-for-loop-2": {"inner": 5}}


def test_what_is_written_is_sound_and_heeded_and_reads_back():
    pipeline = dsl.compile(outer)
    assert (check(pipeline), ignored(pipeline)) == ([], [])
    assert Pipeline.loads(pipeline.dumps()) == pipeline


def test_they_stay_where_a_pipeline_is_loaded_into_another():
    loaded = components.load_component_from_text(dumps_yaml(dsl.compile(middle)))

    @dsl.pipeline
    def p():
        inner()
        loaded().set_timeout(9)

    assert timeouts(p) == {"root": {"middle": 9}, "comp-middle": {"inner": 20}}
    assert check(dsl.compile(p)) == []


def test_kfp_reads_them():
    spec = pytest.importorskip("kfp.pipeline_spec.pipeline_spec_pb2", reason="kfp is not installed: pip install '.[test]'")
    from google.protobuf import json_format

    document = json.dumps(dsl.compile(outer).documents[1])
    json_format.Parse(document, spec.PlatformSpec())


def test_no_time_is_refused():
    with pytest.raises(CompileError, match=r"takes a whole number of seconds above 0, not 0.5"):

        @dsl.pipeline
        def p():
            inner().set_timeout(0.5)


def test_an_importer_has_none():
    with pytest.raises(CompileError, match="needs a task that runs code itself, and 'importer' does not"):

        @dsl.pipeline
        def p():
            dsl.importer("s3://b/x", dsl.Dataset).set_timeout(5)


@pytest.mark.parametrize(
    ("held", "path", "words"),
    [
        ({"comp-mid": {"inner": 1}}, ".comp-mid", "there is no component 'comp-mid': did you mean 'comp-middle'"),
        ({"root": 5}, ".root", "it must be a mapping of tasks to seconds"),
        ({"root": {"midle": 1}}, ".root.midle", "there is no task 'midle': did you mean 'middle'?"),
        ({"comp-inner": {"text": 1}}, ".comp-inner.text", "'text' runs code itself"),
        ({"root": {"middle": 0}}, ".root.middle", "it must be seconds, more than 0, and is 0"),
        ({"root": {"middle": True}}, ".root.middle", "it must be seconds, more than 0"),
        ({"root": {"middle": "5s"}}, ".root.middle", "it must be seconds, more than 0"),
    ],
)
def test_what_is_wrong_with_them_is_told_with_its_place(held, path, words):
    ((where, why),) = check(Pipeline(dsl.compile(outer).spec, {"kflite": {"config": {"timeouts": held}}}))
    assert where == f"platforms.kflite.config.timeouts{path}"
    assert words in why


@dsl.pipeline(pipeline_config=dsl.PipelineConfig(active_deadline_seconds=30))
def bounded():
    text()


@pytest.mark.parametrize("load", [lambda it: it, lambda it: components.load_component_from_text(dumps_yaml(dsl.compile(it)))])
def test_a_pipelines_own_longest_time_bounds_it_inside_another_too(load):
    step = load(bounded)

    @dsl.pipeline
    def p():
        step()
        step().set_timeout(5)

    assert timeouts(p) == {"root": {"bounded": 30, "bounded-2": 5}}
    assert check(dsl.compile(p)) == []


def test_how_long_a_run_is_kept_is_not_a_parts_to_say():
    @dsl.pipeline(pipeline_config=dsl.PipelineConfig(ttl_seconds_after_finished=5))
    def kept():
        text()

    @dsl.pipeline
    def p():
        kept()

    with pytest.warns(UserWarning, match="is not said by 'kept', a part of it: give ttl_seconds_after_… to the pipeline") as spec:
        dsl.compile(p)
    assert spec[0].filename == __file__
