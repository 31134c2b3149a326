"""The image map of the settings."""

from __future__ import annotations

import pytest

from kflite.executors.images import ImageMap


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("python:3.11", "mirror/python:3.11"),
        ("python:3.12-slim", "mirror/python:3.11"),
        ("python", "mirror/python:3.11"),
        ("docker.io/library/python:3.11", "mirror/python:3.11"),
        ("alpine", "mirror/alpine"),
        ("ghcr.io/someone/python:3.11", "ghcr.io/someone/python:3.11"),
        ("registry:5000/tool", "registry:5000/tool"),
        ("", ""),
    ],
)
def test_a_rule_serves_every_spelling_of_an_image(name: str, image: str) -> None:
    rules = ImageMap((("python:*", "mirror/python:3.11"), ("alpine*", "mirror/alpine")))
    assert rules.image(name) == image


def test_the_first_rule_that_matches_wins() -> None:
    rules = ImageMap((("python:3.11", "first"), ("python:*", "second"), ("*", "third")))
    assert [rules.image(name) for name in ("python:3.11", "python:3.12", "alpine")] == ["first", "second", "third"]


def test_a_digest_is_no_tag() -> None:
    assert ImageMap((("python:latest", "mirror"),)).image("python@sha256:1234") == "python@sha256:1234"
