"""The pages in docs/: each does what it says, every command exists, and no file is named that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from docs.blocks import DOCS, ROOT, blocks, kflite_commands, pages, play, unprinted

from kflite.cli.entry import kflite

EVERY = pytest.mark.parametrize("page", [ROOT / "README.md", *pages()], ids=lambda page: page.stem)
RUNNABLE = [
    page for page in pages() if any(b.language in ("python", "console") and not b.title and not b.needs for b in blocks(page))
]
IN_DOCKER = [page for page in pages() if any(block.needs == "docker" for block in blocks(page))]
MOST_README_LINES = 110


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    play(page, tmp_path)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("page", IN_DOCKER, ids=lambda page: page.stem)
def test_what_a_page_does_in_docker(page: Path, tmp_path: Path, docker_image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KFLITE_IMAGES", f"python:*={docker_image}")
    play(page, tmp_path, having="docker")


@EVERY
def test_every_command_of_a_page_is_one_that_kflite_has(page: Path) -> None:
    for arguments in kflite_commands(page):
        _parsed(kflite, "kflite", arguments, None)


def _parsed(command: click.Command, name: str, arguments: list[str], parent: click.Context | None) -> None:
    with command.make_context(name, list(arguments), parent=parent) as ctx:
        if isinstance(command, click.Group):
            found, inner, rest = command.resolve_command(ctx, [*ctx._protected_args, *ctx.args])
            assert inner is not None
            _parsed(inner, found or "", rest, ctx)


@EVERY
def test_the_source_files_that_a_page_names_are_there(page: Path) -> None:
    named = re.findall(r"`((?:examples|benchmarks|kflite|scheduler|executors|store|tests|docs)/[\w/.-]*)`", page.read_text())
    table = re.findall(r"\| ((?:kflite/|scheduler|executors|store|benchmarks)[\w/]*)[ ,]", page.read_text())
    missing = [name for name in [*named, *table] if not (ROOT / name).exists()]
    assert missing == []


@EVERY
def test_every_block_says_what_it_is(page: Path) -> None:
    assert len(blocks(page)) == page.read_text().count("```") // 2
    assert all(block.language for block in blocks(page))


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_README_LINES


def test_the_readmes_links_lead_to_files() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", (ROOT / "README.md").read_text())
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_lines_are_looked_for_in_their_order() -> None:
    assert unprinted(["run a-... ended", "Output = 1"], "run a-17 ended\n\nOutput  =  1\n") == ""
    assert unprinted(["Output = 1", "run ..."], "run a-17\nOutput = 1\n") == "run ..."


def test_all_pages_are_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert [page for page in pages() if str(page.relative_to(DOCS)) not in navigation] == []
