"""What travels with components is there in a container too, which has neither kflite nor the project."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import kflite
from kflite.core.event_kind import State

MODULE = """
from dataclasses import dataclass

from kflite import dsl
from helpers_in_docker import shout


@dataclass
class Word:
    text: str
    times: int = 1


@dsl.component(base_image="IMAGE", embedded_artifact_path="words.txt")
def say(word: Word, data: dsl.EmbeddedInput[dsl.Dataset]) -> Word:
    return Word(shout(word.text) + open(data.path).read(), word.times + 1)


@dsl.pipeline
def talk() -> dict:
    return say(word=say(word=Word("a")).output).output
"""


@pytest.mark.usefixtures("home")
def test_modules_files_and_objects_are_there_in_a_container(docker_image: str, tmp_path: Path) -> None:
    (tmp_path / "talk_in_docker.py").write_text(MODULE.replace("IMAGE", docker_image))
    (tmp_path / "words.txt").write_text("!")
    helpers = "from kflite import dsl\n@dsl.component\ndef other(): ...\ndef shout(text):\n    return text.upper()\n"
    (tmp_path / "helpers_in_docker.py").write_text(helpers)
    try:
        ended = kflite.run(f"{tmp_path}/talk_in_docker.py", on="docker", progress=False)
    finally:
        for name in ("talk_in_docker", "helpers_in_docker"):
            sys.modules.pop(name, None)
    assert ended.state is State.SUCCEEDED, ended.tasks["say"].logs()
    assert ended.outputs["Output"] == {"text": "A!!", "times": 3}
