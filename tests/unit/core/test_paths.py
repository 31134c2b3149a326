"""From URIs to paths and back, by one rule."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kflite.core.paths import RunPaths

PLACE = RunPaths(Path("/home/me"), "/artifacts", "p", "run-1")
URIS = st.text("ab./%?=é ", min_size=1, max_size=40).map(lambda rest: f"s3://b{rest}".rstrip("/"))


@given(URIS)
def test_a_copy_lies_below_the_staging_folder_and_leads_back_to_its_uri(uri: str) -> None:
    path = PLACE.path(uri)
    assert path.is_relative_to(PLACE.staging / "s3")
    assert ".." not in path.parts
    assert PLACE.uri(path) == uri


@given(URIS, URIS)
def test_no_two_uris_have_one_path(one: str, other: str) -> None:
    assert (PLACE.path(one) == PLACE.path(other)) == (one == other)


def test_a_name_longer_than_a_file_may_have_still_has_a_path_of_its_own() -> None:
    one, other = (PLACE.path(f"https://host/x?{'k' * 300}{end}") for end in "ab")
    assert one != other
    assert len(one.name) < 255


def test_a_local_path_is_itself() -> None:
    assert PLACE.path("/data/x") == PLACE.path("file:///data/x") == Path("/data/x")


def test_downloads_lie_in_the_workspace_by_scheme_as_on_a_cluster() -> None:
    assert PLACE.in_workspace("gs://b/x") == PLACE.workspace / ".artifacts" / "gcs" / "b" / "x"
    assert PLACE.in_workspace("/data/x") == PLACE.workspace / ".artifacts" / "data" / "x"
