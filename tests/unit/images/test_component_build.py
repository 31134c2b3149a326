"""Components whose code is to be in an image: how a folder's are found, and what their image is made of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kflite.errors import InputError
from kflite.images.component_files import ImageSpec, dockerfile, write
from kflite.images.component_sources import components

HEAD = "from kflite import dsl\n"
COMPONENT = '@dsl.component(base_image="{base}", target_image="{target}"{more})\ndef {name}() -> int:\n    return 1\n\n'


def component(name: str, target: str = "shop:1", base: str = "python:3.12", more: str = "") -> str:
    return COMPONENT.format(name=name, target=target, base=base, more=more)


@pytest.fixture
def folder(tmp_path: Path):
    """A folder for component files; what was imported from it is forgotten."""
    made = tmp_path / "comps"
    made.mkdir()
    yield made
    for name, module in list(sys.modules.items()):
        if str(tmp_path) in f"{getattr(module, '__file__', '')} {list(getattr(module, '__path__', ()))}":
            del sys.modules[name]


def fill(folder: Path, **files: str) -> None:
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def places(folder: Path, pattern: str = "**/*.py") -> list[str]:
    return [f"{one.name} {one.file.relative_to(folder)}:{one.line}" for one in components(folder, pattern)]


def test_components_of_all_files_are_found_where_they_are_defined(folder):
    fill(
        folder, a=HEAD + component("one"), sub__b=HEAD + "from a import one\nimport sub.c\n" + component("two"), sub__c="X = 1\n"
    )
    assert places(folder) == ["one a.py:2", "two sub/b.py:4"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_components_of_kfp_are_found_beside_ours_and_under_one_name_each(folder):
    pytest.importorskip("kfp")
    fill(folder, a="from kfp import dsl\n" + component("one", more=', packages_to_install=["x==1"]'), b=HEAD + component("two"))
    fill(folder, c="from kfp import dsl\nfrom a import one\n" + component("three"))
    found = {one.name: one for one in components(folder)}
    assert {name: one.packages for name, one in found.items()} == {"one": ("x==1",), "two": (), "three": ()}
    assert {one.base for one in found.values()} == {"python:3.12"}


def test_a_package_is_imported_as_one(folder):
    (folder / "__init__.py").write_text("")
    fill(folder, a=HEAD + "from .b import X\n" + component("one"), b="X = 1\n")
    assert places(folder) == ["one a.py:3"]
    assert components(folder)[0].module == "comps.a"


def test_other_components_and_other_files_do_not_matter(folder):
    fill(folder, a=HEAD + component("one") + "@dsl.component\ndef plain(): ...\n", setup="raise SystemExit('no')\n")
    fill(folder, env__lib__x=HEAD + component("two", "other:1"))
    (folder / "env" / "pyvenv.cfg").write_text("")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.py").write_text("def f(:")
    assert places(folder) == ["one a.py:2"]
    assert places(folder, "a.py") == ["one a.py:2"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", r"comps: no file has a component with a target_image: write @dsl.component"),
        (HEAD + "@dsl.component\ndef f(): ...\n", "no file has a component with a target_image"),
        (component("one") + "def f(:", r"a.py:\d+: SyntaxError"),
        ("\0", "a.py"),
        (
            "import nothing_of_this\n" + component("one"),
            "a.py:1: import nothing_of_this\n  install it here too, import it inside",
        ),
        (HEAD + component("one") + component("two", "b:1"), r"2 values of target_image.*\n  b:1: .*a.py:6\n  shop:1: .*a.py:2"),
        (HEAD + component("one") + component("two", base="b"), r"2 values of base_image.*\n  b: .*a.py:6\n  python:3.12: "),
    ],
)
def test_what_makes_no_image_is_refused_with_its_place(folder, text, told):
    fill(folder, a=text)
    with pytest.raises(InputError, match=told):
        components(folder)


def test_two_components_of_one_name_are_refused(folder):
    fill(folder, a=HEAD + component("one"), b=HEAD + component("one"))
    with pytest.raises(InputError, match=r"two components are called 'one'.*a.py:2 and .*b.py:2: rename one"):
        components(folder)


def test_folders_and_patterns_that_are_none_are_refused(folder):
    with pytest.raises(InputError, match="nowhere: there is no such folder"):
        components(folder / "nowhere")
    with pytest.raises(InputError, match=r"--component-filepattern /a\.py: "):
        components(folder, "/a.py")


def test_the_files_say_all_that_the_image_needs(folder):
    options = ', packages_to_install=["b", "a==1"], pip_index_urls=["https://i", "https://j"], pip_trusted_hosts=["i"]'
    fill(folder, a=HEAD + component("one", more=options), sub__b=HEAD + component("two", more=', packages_to_install=["b"]'))
    (folder / "requirements.txt").write_text("c\n")
    write(ImageSpec(folder, components(folder)), overwrite=False, tell=pytest.fail)
    lines = (folder / "Dockerfile").read_text().splitlines()
    where = "--index-url https://i --extra-index-url https://j --trusted-host i"
    assert lines[-1] == 'ENV KFLITE_INSTALLED="|a==1|b|"'
    assert lines[1:-2] == [
        "ARG BASE_IMAGE=python:3.12",
        "FROM ${BASE_IMAGE}",
        "WORKDIR /usr/local/src/kfp/components/comps",
        "COPY requirements.txt runtime-requirements.txt ./",
        f"RUN python3 -m pip install --no-cache-dir {where} -r requirements.txt -r runtime-requirements.txt",
        "COPY . .",
    ]
    assert (folder / "runtime-requirements.txt").read_text().splitlines()[1:] == ["a==1", "b"]
    assert (folder / "kfp_config.ini").read_text().splitlines()[1:] == ["[Components]", "one = a.py", "two = sub/b.py"]
    assert "image: shop:1" in (folder / "component_metadata" / "two.yaml").read_text()
    assert str(folder) not in (folder / "component_metadata" / "two.yaml").read_text()


def test_without_packages_nothing_is_installed(folder):
    fill(folder, a=HEAD + component("one"))
    assert "pip" not in dockerfile(ImageSpec(folder, components(folder)))


def test_files_of_the_users_own_stay_and_ours_are_written_anew(folder):
    fill(folder, a=HEAD + component("one"))
    recipe, told = ImageSpec(folder, components(folder)), []
    (folder / "Dockerfile").write_text("FROM mine\n")
    (folder / ".dockerignore").write_text("*.csv\n")
    write(recipe, overwrite=False, tell=told.append)
    assert told == [
        f"{folder}/Dockerfile is yours, and is used as it is",
        f"{folder}/.dockerignore is yours, and is used as it is",
    ]
    assert (folder / "Dockerfile").read_text() == "FROM mine\n"
    write(recipe, overwrite=True, tell=told.append)
    assert "WORKDIR" in (folder / "Dockerfile").read_text()
    (folder / "requirements.txt").write_text("c\n")
    write(recipe, overwrite=False, tell=told.append)
    assert "requirements.txt" in (folder / "Dockerfile").read_text()
    assert (folder / ".dockerignore").read_text() == "*.csv\n"


def test_a_containerfile_of_the_users_is_used(folder):
    fill(folder, a=HEAD + component("one"))
    (folder / "Containerfile").write_text("FROM mine\n")
    recipe = ImageSpec(folder, components(folder))
    write(recipe, overwrite=False, tell=lambda line: None)
    assert recipe.dockerfile.name == "Containerfile"
    assert not (folder / "Dockerfile").exists()
