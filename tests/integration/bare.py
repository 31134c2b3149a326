"""An interpreter with kflite and what it depends on, and nothing else: no kfp, no pip."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import kflite

ROOT = Path(__file__).parents[2]


def make(folder: Path, *more: str) -> Path:
    """A virtual environment's interpreter. Its packages are links to those that the tests run with: nothing is fetched.

    more: distributions beside those that kflite needs.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    owners = Counter(top for found in importlib.metadata.distributions() for top in _tops(found))
    for distribution in _needed(more):
        for top in _tops(distribution):
            if owners[top] == 1:
                _link(site / top, Path(str(distribution.locate_file(top))))
        for file in distribution.files or ():
            if owners[file.parts[0]] > 1:  # a folder of several distributions, as kfp's is
                _link(site / file, Path(str(distribution.locate_file(file))))
    _link(site / "kflite", Path(kflite.__file__).parent)
    return folder / "bin" / "python"


def _link(place: Path, target: Path) -> None:
    if target.exists() and not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)


def _tops(distribution: importlib.metadata.Distribution) -> set[str]:
    """Names in site-packages of which a distribution has a part."""
    return {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}


def _needed(more: tuple[str, ...]) -> list[importlib.metadata.Distribution]:
    """The distributions that kflite depends on, and these, by their own account."""
    open_names = [*more] + tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found: dict[str, importlib.metadata.Distribution] = {}
    while open_names:
        name = re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", open_names.pop())[0]).lower()
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # for another platform or Python
            continue
        open_names += [need for need in found[name].requires or () if "extra ==" not in need]
    return list(found.values())
