"""Reading: every form in which a pipeline is handed around, and every bound that keeps a bad document from doing harm."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
import yaml
from unit.ir.documents import SOUND, sound, spoiled

from kflite.errors import InvalidPipeline, NotFound
from kflite.ir import archive, text, yamldata
from kflite.ir.read import documents, pipeline, read

PLATFORM = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-fit": {"imagePullPolicy": "Always"}}}}}}
API = "pipelines.kubeflow.org/v2beta1"


def as_yaml(*found: object) -> bytes:
    return yaml.safe_dump_all(found, sort_keys=False).encode()


def problems(data: bytes, source: str = "x.yaml") -> list[tuple[str, str]]:
    with pytest.raises(InvalidPipeline) as error:
        pipeline(documents(data, source), source)
    return error.value.problems


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(as_yaml(SOUND), id="yaml"),
        pytest.param(b"\xef\xbb\xbf# a comment\n---\n" + as_yaml(SOUND), id="yaml with a byte order mark"),
        pytest.param(json.dumps(SOUND).encode(), id="json"),
        pytest.param(json.dumps({"displayName": "job", "pipelineSpec": SOUND}).encode(), id="a Vertex job"),
        pytest.param(json.dumps({"pipeline_id": "1", "pipeline_spec": SOUND}).encode(), id="a version, as the API tells it"),
        pytest.param(
            as_yaml({"pipeline_spec": {"pipeline_spec": SOUND, "platform_spec": {"platforms": {}}}}), id="one with its platforms"
        ),
        pytest.param(as_yaml({"apiVersion": API, "kind": "Pipeline", "spec": {"pipelineSpec": SOUND}}), id="kind Pipeline"),
        pytest.param(
            as_yaml(
                {"apiVersion": API, "kind": "Pipeline", "metadata": {"name": "sound"}},
                {"apiVersion": API, "kind": "PipelineVersion", "spec": {"pipelineName": "sound", "pipelineSpec": SOUND}},
            ),
            id="kinds Pipeline and PipelineVersion",
        ),
        pytest.param(zipped({"README.md": b"-", "a/pipeline.yaml": as_yaml(SOUND)}), id="zip"),
        pytest.param(tarred({"pipeline.yaml": as_yaml(SOUND)}), id="tar.gz"),
        pytest.param(
            zipped({"component.yaml": b"-", "pipeline.yaml": as_yaml(SOUND)}), id="zip with a file called pipeline.yaml"
        ),
    ],
)
def test_each_form_gives_the_same_pipeline(data: bytes) -> None:
    assert pipeline(documents(data, "x"), "x") == sound()


@pytest.mark.parametrize(
    "data",
    [
        as_yaml(SOUND, PLATFORM),
        as_yaml(PLATFORM, None, SOUND),
        as_yaml({"apiVersion": API, "kind": "PipelineVersion", "spec": {"pipelineSpec": SOUND, "platformSpec": PLATFORM}}),
    ],
)
def test_the_platform_document_is_kept_beside_the_pipeline(data: bytes) -> None:
    read_back = pipeline(documents(data, "x"), "x")
    assert (read_back.spec, read_back.platforms) == (sound().spec, PLATFORM["platforms"])


@pytest.mark.parametrize(
    "config",
    [{"parameterValues": {"rate": 0.25}}, {"parameters": {"rate": {"doubleValue": 0.25}}}, {"parameters": {"rate": 0.25}}],
)
def test_a_jobs_parameters_become_defaults(config: dict[str, object]) -> None:
    job = {"pipelineSpec": SOUND, "runtimeConfig": config}
    inputs = pipeline([job], "job.json").documents[0]["root"]["inputDefinitions"]["parameters"]  # type: ignore[index, call-overload, list-item]
    assert inputs["rate"] == {"parameterType": "NUMBER_DOUBLE", "defaultValue": 0.25, "isOptional": True}  # type: ignore[index, call-overload]


def test_a_vertex_jobs_parameter_that_the_pipeline_lacks_is_refused() -> None:
    job = {"pipelineSpec": SOUND, "runtimeConfig": {"parameterValues": {"rat": 1}}}
    assert problems(as_yaml(job)) == [("runtimeConfig.parameterValues.rat", "the pipeline has no such parameter")]


def test_scalars_mean_what_the_kfp_compiler_meant() -> None:
    texts = "[yes, 010, 1_000, 0x1F, 1e3, 1.5, .inf, null, ~, 2026-11-24, '5', !!str 5, !!int '7', \"a\\n\"]"
    read_back = text.parse(f"a: {texts}".encode(), "x")
    expected = [True, 8, 1000, 31, "1e3", 1.5, float("inf"), None, None, "2026-11-24", "5", "5", 7, "a\n"]
    assert read_back == [{"a": expected}]


def test_a_defaults_lines_in_the_comment_above_the_document_are_passed_over() -> None:
    head = "# PIPELINE DEFINITION\n# Name: p\n# Inputs:\n#    x: str [Default: 'select *\n\tfrom t: u\n']\n"
    data = yaml.safe_dump(SOUND).encode()
    assert data.startswith(b"components:\n")
    assert pipeline(documents(head.encode() + data, "x"), "x") == sound()
    with pytest.raises(InvalidPipeline, match="line 8"):
        documents(head.encode() + b"components:\n  a: b: c\n", "x")


def test_merge_keys_and_aliases_are_understood() -> None:
    data = b"base: &b {x: 1, y: 2}\nmore: {<<: *b, y: 3}\nsame: *b\n"
    assert text.parse(data, "x") == [{"base": {"x": 1, "y": 2}, "more": {"y": 3, "x": 1}, "same": {"x": 1, "y": 2}}]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "the file is empty"),
        (b"---\n---\n", "the file is empty"),
        (b"just text", "the document is 'just text'"),
        (b"- 1", "the document is a list"),
        (b"a: 1", "document 1 is neither a pipeline nor its platform document"),
        (b'{"a": "\\ud800"}', "half of a surrogate pair"),
        (b"\xff\xfe\x00", "byte 0 is not UTF-8 text"),
        (b"a: [", "this is not YAML: line 2"),
        (b"a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b"a: !!python/object:os.system {}", "line 1: the tag 'tag:yaml.org,2002:python/object:os.system' is not allowed"),
        (b"a: !mine 1", "the tag '!mine' is not allowed"),
        (b"[1]: 2", "a list or mapping cannot be a key"),
        (b"a: &a [*a]", "the alias *a stands inside itself"),
        (b"a: *b", "the alias *b has no anchor before it"),
        (b"a: " + b"[" * 200 + b"]" * 200, "nests deeper than 90 levels"),
        (b"a: " + b"[" * 100_000, "nests deeper than 90 levels"),
        (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "nests deeper than 90 levels"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nests deeper than 90 levels"),
        (b"a: " + b"9" * 5000, "is not int"),
        (b"a: \x01", "this is not YAML"),
        (b"PK\x03\x04nonsense", "the zip file cannot be read"),
        (b"\x1f\x8bnonsense", "the gzip file cannot be read"),
        (gzip.compress(b"nonsense"), "the tar file cannot be read"),
        (zipped({"a.txt": b"x"}), "the archive holds no document"),
        (zipped({"a.yaml": b"x", "b.yaml": b"y"}), "several documents ('a.yaml', 'b.yaml')"),
        (tarred({"a.txt": b"x"}), "the archive holds no document"),
        (as_yaml(SOUND, SOUND), "several pipelines"),
        (as_yaml(SOUND, PLATFORM, PLATFORM), "several platform documents"),
        (as_yaml(PLATFORM), "there is no pipeline in it"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",  # archives have the time in them
)
def test_what_is_no_pipeline_is_refused_in_a_sentence(data: bytes, problem: str) -> None:
    assert any(problem in told for _, told in problems(data))


def test_a_document_over_the_limit_is_refused_unread() -> None:
    told = "the file is larger than the limit of 33,554,432 bytes; is it a pipeline?"
    assert problems(b"a" * (text.LARGEST + 1)) == [("", told)]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_an_archive_that_unpacks_beyond_the_limit_is_refused(pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pack({"a.yaml": b" " * (8 * 1024 * 1024)})  # type: ignore[operator]
    monkeypatch.setattr(archive, "LARGEST", 1024 * 1024)
    assert "unpacked it is larger than the limit" in problems(bomb)[0][1]


def test_aliases_that_expand_are_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    began = time.perf_counter()
    assert "aliases expand to more than" in problems("\n".join(lines).encode())[0][1]
    assert time.perf_counter() - began < 5.0


def test_more_values_than_any_pipeline_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamldata, "MOST_VALUES", 1000)
    assert "it holds more than 1,000 values" in problems(b"a: [" + b"1," * 2000 + b"]")[0][1]


def test_every_unknown_or_mistyped_key_is_told_with_its_path() -> None:
    changes: dict[str, object] = {
        "sdkVersion": 2.1,
        "rot": {},
        "root/dag/tasks/fit/componentRef/nam": "x",
        "root/dag/tasks/fit/dependentTasks": "load",
        "root/dag/tasks/fit/retryPolicy/backoffDuration": 5,
        "root/dag/tasks/fit/cachingOptions": {"enableCache": "yes"},
        "root/dag/tasks/fit/inputs/parameters/rows/componentInputParameter": "rounds",
        "components/comp-fit/inputDefinitions/parameters/rate/parameterType": "FLOAT",
    }
    told = dict(problems(as_yaml(spoiled(changes))))
    fit = "root.dag.tasks.fit"
    assert told.keys() == {
        "sdkVersion",
        "rot",
        f"{fit}.componentRef.nam",
        f"{fit}.dependentTasks",
        f"{fit}.retryPolicy.backoffDuration",
        f"{fit}.cachingOptions.enableCache",
        f"{fit}.inputs.parameters.rows.componentInputParameter",
        "components.comp-fit.inputDefinitions.parameters.rate.parameterType",
    }
    assert told["sdkVersion"] == "it must be text, and is 2.1 (quote it)"
    assert told["rot"] == "unknown key: remove it, or correct it (did you mean 'root'?)"


def test_unknown_keys_are_told_together_with_what_a_check_finds() -> None:
    changes: dict[str, object] = {"extra": 1, "root/dag/tasks/fit/dependentTasks": ["lod"]}
    manifest = {"apiVersion": API, "kind": "PipelineVersion", "spec": {"pipelineSpec": spoiled(changes)}}
    paths = [path for path, _ in problems(as_yaml(manifest))]
    assert paths == ["spec.pipelineSpec.extra", "spec.pipelineSpec.root.dag.tasks.fit.dependentTasks[0]"]


def test_a_file_is_read_by_its_path_and_named_in_errors(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_bytes(as_yaml(SOUND))
    assert read(file) == sound()
    with pytest.raises(NotFound, match="there is no such file"):
        read(tmp_path / "none.yaml")
    file.write_text("a: 1")
    with pytest.raises(InvalidPipeline, match=r"p\.yaml"):
        read(file)
