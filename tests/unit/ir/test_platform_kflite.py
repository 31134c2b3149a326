"""What only kflite has stands in the platform document, and is read as strictly as the rest."""

import pytest

from kflite import dsl
from kflite.ir import Pipeline
from kflite.ir.check import check, ignored


@dsl.component
def one() -> int:
    return 1


def problems(platform: object) -> list[tuple[str, str]]:
    return check(Pipeline(dsl.compile(one).spec, {"kflite": platform}))


def of(config: object) -> dict:
    return {"deploymentSpec": {"executors": {"exec-one": config}}}


def test_a_project_is_sound_and_heeded():
    assert problems(of({"project": "/somewhere"})) == []
    assert problems(of({"project": "/x", "file": "/x/y.py", "revision": "1", "packages": ["a"], "index_urls": []})) == []
    assert ignored(Pipeline(dsl.compile(one).spec, {"kflite": of({"project": "/somewhere"})})) == []


@pytest.mark.parametrize(
    ("platform", "path", "words"),
    [
        ({"config": {}}, "platforms.kflite", "it must hold deploymentSpec.executors"),
        ({"deploymentSpec": {"executors": []}}, "platforms.kflite", "it must hold deploymentSpec.executors"),
        (of({"project": 1}), "platforms.kflite.deploymentSpec.executors.exec-one", "it must hold a text 'project'"),
        (of({"project": "x", "packages": "a"}), "platforms.kflite.deploymentSpec.executors.exec-one", "update kflite"),
        (of({"project": "x", "packages": [1]}), "platforms.kflite.deploymentSpec.executors.exec-one", "update kflite"),
        (of({"project": "x", "revision": 1}), "platforms.kflite.deploymentSpec.executors.exec-one", "update kflite"),
        (of({"gang": 1}), "platforms.kflite.deploymentSpec.executors.exec-one", "update kflite"),
        (
            {"deploymentSpec": {"executors": {"exec-two": {"project": "x"}}}},
            "platforms.kflite.deploymentSpec.executors.exec-two",
            "deploymentSpec.executors has no 'exec-two'",
        ),
    ],
)
def test_what_kflite_does_not_know_is_told(platform, path, words):
    ((where, why),) = problems(platform)
    assert where == path
    assert words in why
