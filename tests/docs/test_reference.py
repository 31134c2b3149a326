"""The site: it is built without the network, its links lead somewhere, and its reference has all that there is."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from docs.blocks import DOCS, ROOT

import kflite
from kflite import errors
from kflite.cli.entry import kflite as command
from kflite.config import DockerSettings, KubernetesSettings, Settings
from kflite.core.event import Data
from kflite.core.event_kind import Kind
from kflite.runs.options import BlockingRunOptions, BlockingTuneOptions
from kflite.store.search.where import FIELDS

EXIT_STATUSES = ("0", "1", "2", "130")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built by mkdocs, where a warning is an error."""
    pytest.importorskip("mkdocs", reason="needs mkdocs: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-f", str(ROOT / "mkdocs.yml"), "-d", str(folder)]
    done = subprocess.run(
        build, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def words(site: Path, name: str) -> str:
    """What a page of the reference says, without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", (site / "reference" / f"{name}.html").read_text()))


def commands(of: click.Command, ctx: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield ctx.command_path, of
    for name in of.list_commands(ctx) if isinstance(of, click.Group) else ():
        inner = of.get_command(ctx, name)
        assert inner is not None
        yield from commands(inner, click.Context(inner, info_name=name, parent=ctx))


def test_every_verb_and_option_is_in_the_reference(site: Path) -> None:
    said = words(site, "command-line")
    for path, verb in commands(command, click.Context(command, info_name="kflite")):
        assert path in said
        shown = [p for p in verb.params if isinstance(p, click.Option) and not p.hidden]
        assert [name for option in shown for name in option.opts if name not in said] == []


@pytest.mark.parametrize("kind", [Settings, DockerSettings, KubernetesSettings])
def test_every_setting_is_in_the_reference_with_what_it_means(site: Path, kind: Any) -> None:
    page = (site / "reference/settings.html").read_text()
    for name in {field.name for field in fields(kind)} - {"origins", "docker", "kubernetes"}:
        row = re.search(rf"<td><code>{name}</code>.*?</tr>", page, re.DOTALL)
        assert row, name
        assert "<td></td>" not in row[0], name


def test_every_event_is_in_the_reference_with_its_data(site: Path) -> None:
    page = (site / "reference/events.html").read_text()
    sections = {re.sub(r"<[^>]+>", "", part).split("&para;")[0].strip(): part for part in re.split(r"<h2[^>]*>", page)[1:]}
    assert {data.KIND for data in get_args(Data)} == set(Kind)
    for data in get_args(Data):
        cells = re.findall(r"<td><code>(.*?)</code>", sections[data.KIND.value])
        assert [field.name for field in fields(data) if field.name not in cells] == []


def test_every_error_and_exit_status_is_in_the_reference(site: Path) -> None:
    page = (site / "reference/errors.html").read_text()
    classes = [name for name, value in vars(errors).items() if isinstance(value, type)]
    assert [name for name in classes if f"<code>{name}</code>" not in page] == []
    assert [number for number in EXIT_STATUSES if f"<td>{number}</td>" not in page] == []


def test_every_field_of_searches_is_in_the_reference(site: Path) -> None:
    page = (site / "reference/where.html").read_text()
    assert [field for field in FIELDS if f"<td><code>{field}" not in page] == []


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    said = words(site, "python/kflite") + words(site, "python/dsl")
    assert [name for name in [*kflite.__all__, *kflite.dsl.__all__] if name not in said] == []


def test_every_option_of_the_calls_in_python_is_in_the_reference_with_what_it_means(site: Path) -> None:
    page = (site / "reference/python/options.html").read_text()
    for record in (BlockingRunOptions, BlockingTuneOptions):
        for name in record.__annotations__:
            row = re.search(rf"<td><code>{name}</code>.*?</tr>", page, re.DOTALL)
            assert row, name
            assert "<td></td>" not in row[0], name


def test_the_reference_has_nothing_that_only_kflite_itself_calls(site: Path) -> None:
    for page in (site / "reference/python").glob("*.html"):
        headings = re.findall(r"<h[234][^>]*>(.*?)</h[234]>", page.read_text(), re.DOTALL)
        names = [re.sub(r"<[^>]+>", "", heading).strip() for heading in headings]
        assert [name for name in names if name.startswith("_") or name in ("named", "of", "own_container", "words")] == [], page


@pytest.mark.usefixtures("home")
def test_the_json_of_a_run_has_the_keys_of_the_reference(site: Path, tmp_path: Path) -> None:
    page = (site / "reference/json.html").read_text()
    (tmp_path / "one.py").write_text("from kflite import dsl\n\n\n@dsl.component\ndef one() -> int:\n    return 1\n")
    done = subprocess.run(
        [sys.executable, "-m", "kflite", "run", "one.py", "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    run = json.loads(done.stdout)
    said = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert [key for key in [*run, *run["tasks"][0]] if f'"{key}"' not in said] == []


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="(https?:[^"]+)"', page.read_text())
        loaded += re.findall(r'<link[^>]* rel="(?:stylesheet|preconnect|icon)"[^>]* href="(https?:[^"]+)"', page.read_text())
        assert loaded == [], page


def test_links_inside_the_site_lead_to_pages_and_headings(site: Path) -> None:
    texts = {page: page.read_text() for page in site.rglob("*.html")}
    for page, text in texts.items():
        for link in re.findall(r'<a[^>]* href="([^"]*)"', text):
            path, _, anchor = html.unescape(link).partition("#")
            if re.match(r"[a-z]+:", path) or page.name == "404.html":
                continue
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), f"{page}: {link}"
            assert not anchor or target.suffix != ".html" or f'id="{anchor}"' in texts[target], f"{page}: {link}"


def test_no_page_of_the_reference_is_a_file() -> None:
    assert not (DOCS / "reference").exists()
