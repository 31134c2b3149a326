"""Artifacts by URI: what their content is, and how they come and go."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from fsspec.registry import _registry

from kflite.errors import InputError, KfliteError
from kflite.store.blobs.artifacts import THREADS_FROM, delete, digest, exists, fetch, push
from kflite.store.blobs.remote import ready


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "a").write_text("1")
    (folder / "sub" / "b").write_text("2")
    return folder


def test_equal_contents_have_one_digest_whatever_their_names(tmp_path: Path) -> None:
    for name, text in (("a", "same"), ("b", "same"), ("c", "other"), ("d", "")):
        (tmp_path / name).write_text(text)
    a, b, c, d = (digest(tmp_path / name) for name in "abcd")
    assert a == b != c
    assert (a[1], d[1]) == (4, 0)


def test_a_large_file_has_the_digest_of_its_content(tmp_path: Path) -> None:
    from blake3 import blake3

    content = b"0123456789abcdef" * (THREADS_FROM // 16 + 1)
    (tmp_path / "large").write_bytes(content)
    assert digest(tmp_path / "large") == (f"b3:{blake3(content).hexdigest()[:40]}", len(content))


def test_a_folder_has_one_digest_whatever_the_order_of_its_making(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "sub").mkdir(parents=True)
    (other / "sub" / "b").write_text("2")
    (other / "a").write_text("1")
    assert digest(folder) == digest(other)
    assert digest(folder)[1] == 2


@pytest.mark.parametrize("change", ["content", "name", "place", "empty folder", "link", "link's target"])
def test_any_change_in_a_folder_changes_its_digest(folder: Path, change: str) -> None:
    if change == "link's target":
        (folder / "link").symlink_to("a")
    before = digest(folder)
    if change == "content":
        (folder / "a").write_text("2")
    elif change == "name":
        (folder / "a").rename(folder / "c")
    elif change == "place":
        (folder / "a").rename(folder / "sub" / "a")
    elif change == "empty folder":
        (folder / "empty").mkdir()
    else:
        (folder / "link").unlink(missing_ok=True)
        (folder / "link").symlink_to("sub/b")
    assert digest(folder) != before


def test_a_link_is_not_followed_out_of_a_folder(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("1")
    (folder / "link").symlink_to(secret)
    (folder / "loop").symlink_to(folder)
    before = digest(folder)
    secret.write_text("22")
    assert digest(folder) == before


def test_files_come_and_go_by_url(folder: Path, tmp_path: Path) -> None:
    for source, url in ((folder / "a", "memory://kflite/a"), (folder, "memory://kflite/folder")):
        assert not exists(url)
        push(source, url)
        assert exists(url)
        fetch(url, tmp_path / "back" / source.name)
        assert digest(tmp_path / "back" / source.name) == digest(source)
        delete(url)
        assert not exists(url)


def test_what_is_there_already_is_not_fetched_over(folder: Path, tmp_path: Path) -> None:
    push(folder / "a", "memory://kflite/b")
    (tmp_path / "b").write_text("mine")
    fetch("memory://kflite/b", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["b", "folder"]
    delete("memory://kflite/b")


def test_a_local_path_is_there_until_it_is_deleted(folder: Path) -> None:
    for uri in (f"{folder}/a", f"file://{folder}/sub"):
        assert exists(uri)
        delete(uri)
        delete(uri)
        assert not exists(uri)


def test_a_link_is_deleted_and_not_what_it_leads_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    delete(f"{tmp_path}/link")
    assert (folder / "a").exists()


@pytest.mark.parametrize("root", ["", "memory://"])
def test_what_is_to_be_kept_stays_with_the_folders_above_it(folder: Path, root: str) -> None:
    uri = str(folder)
    if root:
        uri = f"{root}kept/folder"
        push(folder, uri)
    delete(uri, {f"{uri}/sub/b", "/elsewhere"})
    assert (exists(f"{uri}/sub/b"), exists(f"{uri}/a")) == (True, False)
    delete(uri)


@pytest.mark.parametrize("uri", ["memory://kflite/nothing", "nonsense://x/y", "s3://bucket/key"])
def test_what_cannot_be_fetched_is_named_and_leaves_nothing(tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(KfliteError, match=uri.partition(":")[0]):
        fetch(uri, tmp_path / "x")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("scheme", "module", "package"), [("gs", "gcsfs", "'kflite[gcs]'"), ("abfs", "adlfs", "adlfs")])
def test_a_driver_that_is_missing_is_told_with_what_installs_it(
    tmp_path: Path, scheme: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(_registry, scheme, raising=False)
    told = f"the driver of {scheme}:// is not installed: pip install {package}"
    with pytest.raises(KfliteError, match=re.escape(told)):
        fetch(f"{scheme}://bucket/key", tmp_path / "x")
    with pytest.raises(InputError, match=re.escape(f"artifacts cannot be kept at {scheme}://bucket: {told}")):
        ready(f"{scheme}://bucket")
