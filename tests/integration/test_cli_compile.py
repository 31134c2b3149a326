"""`kflite compile`: every form that a pipeline is handed around in, each read back equal."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from integration.cli import Cli

from kflite.ir.read import documents, pipeline, read


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


@pytest.mark.parametrize("name", ["p.yaml", "p.yml", "p.json", "p.zip", "p.tar.gz", "p.tgz"])
def test_each_kind_of_file_holds_the_same_pipeline_and_runs(cli: Cli, name: str) -> None:
    written = cli("compile", "p.py:sound")
    assert cli("compile", "p.py:sound", "-o", name) == f"{name}\n"
    assert read(cli.folder / name) == pipeline(documents(written.encode(), "output"), "output")
    assert cli.json("run", name, "--on", "inline")["outputs"] == {"Output": 6}


def test_an_archive_of_the_same_pipeline_is_the_same_file(cli: Cli) -> None:
    for name in ("a.zip", "b.zip", "a.tar.gz", "b.tar.gz"):
        cli("compile", "p.py:sound", "-o", name)
    for suffix in ("zip", "tar.gz"):
        assert (cli.folder / f"a.{suffix}").read_bytes() == (cli.folder / f"b.{suffix}").read_bytes()


def test_parameters_become_defaults_and_the_name_another(cli: Cli) -> None:
    cli("compile", "p.py:waiting", "--param", "file=/nowhere/x", "--name", "late", "-o", "p.yaml")
    written = read(cli.folder / "p.yaml").documents[0]
    assert written["pipelineInfo"] == {"name": "late"}
    assert written["root"]["inputDefinitions"]["parameters"]["file"] == {  # type: ignore[index, call-overload]
        "parameterType": "STRING",
        "defaultValue": "/nowhere/x",
        "isOptional": True,
    }


def test_a_manifest_has_the_version_and_the_namespace_that_are_asked_for(cli: Cli) -> None:
    head, version = yaml.safe_load_all(cli("compile", "p.py:sound", "--manifest", "--version", "v2", "--namespace", "team"))
    assert (head["kind"], head["metadata"]) == ("Pipeline", {"name": "sound", "namespace": "team"})
    assert (version["kind"], version["metadata"]) == ("PipelineVersion", {"name": "v2", "namespace": "team"})


def test_tasks_are_cached_by_default_unless_the_environment_says_no(cli: Cli) -> None:
    cached = read_from(cli("compile", "p.py:sound"))
    cli.environment["KFP_DISABLE_EXECUTION_CACHING_BY_DEFAULT"] = "true"
    assert read_from(cli("compile", "p.py:sound")) == {name: {} for name in cached}
    assert cached == {"double": {"enableCache": True}, "size": {"enableCache": True}, "write": {"enableCache": True}}


def read_from(text: str) -> dict[str, object]:
    """The caching of each task of a document."""
    (document,) = yaml.safe_load_all(text)
    return {name: task["cachingOptions"] for name, task in document["root"]["dag"]["tasks"].items()}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["p.py:sound", "--param", "m=1"], "the pipeline has no such parameter: there is 'n'"),
        (["p.py:sound", "--param", "n=x"], "'x' is not a whole number"),
        (["p.py:sound", "--name", "Not So"], "'Not So' cannot name a pipeline: use lower-case letters"),
        (["p.py:sound", "--version", "v2"], "are of manifests: give --manifest too"),
        (["p.py:sound", "--manifest", "-o", "p.json"], "JSON holds one document, and this pipeline is 2: name it .yaml"),
        (["p.py:sound", "-o", "nowhere/p.yaml"], "--output nowhere/p.yaml: No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_told_with_a_remedy(cli: Cli, arguments: list[str], words: str) -> None:
    assert words in cli.full("compile", *arguments, status=2).stderr


def test_what_a_backend_would_not_do_is_told_beside_what_is_written(cli: Cli) -> None:
    text = "from kflite import dsl\nfrom p import sound\n\n\n@dsl.pipeline\ndef bounded():\n    sound().set_timeout(60)\n"
    (cli.folder / "b.py").write_text(text)
    done = cli.full("compile", "b.py:bounded")
    assert done.stderr.startswith("on a KFP backend timeouts of pipelines are not kept: ")
    assert done.stderr.endswith("(of sound)\n")
    assert list(yaml.safe_load_all(done.stdout))[1]["platforms"]["kflite"]["config"]["timeouts"] == {"root": {"sound": 60}}
    assert cli.full("compile", "p.py:sound").stderr == ""
