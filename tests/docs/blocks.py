"""The fenced blocks of a page, and what running them prints.

```python title="NAME"      a file of the page; so with every language
```python                   a program of its own
```console                  commands after `$ `, and lines that they print, in order; `...` stands for anything
<!-- needs: WHAT -->        before a block: it runs only where that is, or never
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- needs: (?P<needs>.*?) -->\n *)?"
    r'```(?P<language>\w*)(?: title="(?P<title>.*?)")?\n(?P<text>.*?)^ *```$',
    re.DOTALL | re.MULTILINE,
)
_LIMIT_S = 100


@dataclass(frozen=True)
class Block:
    """A fenced block. title: the file that it is, "" for none; needs: what has to be there to run it, "" for nothing."""

    language: str
    text: str
    title: str = ""
    needs: str = ""

    @property
    def steps(self) -> list[tuple[str, list[str]]]:
        """Commands, each with the lines that are to come of it."""
        steps: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                steps.append((line.removeprefix("$ "), []))
            elif steps and line.strip():
                steps[-1][1].append(line)
        return steps


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in their order."""
    return [
        Block(found["language"], _without(found["indent"], found["text"]), found["title"] or "", found["needs"] or "")
        for found in _BLOCK.finditer(page.read_text())
    ]


def _without(indent: str, text: str) -> str:
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


def pages() -> list[Path]:
    """The pages that are written by hand."""
    return sorted(DOCS.rglob("*.md"))


def play(page: Path, where: Path, having: str = "") -> None:
    """Do what a page says, from its first block to its last. having: what is there that blocks may need."""
    (where / "examples").symlink_to(ROOT / "examples")
    environment = os.environ | {"PATH": f"{_commands(where)}{os.pathsep}{os.environ['PATH']}"}
    for block in blocks(page):
        if block.title:
            (where / block.title).parent.mkdir(exist_ok=True)
            (where / block.title).write_text(block.text)
        elif block.needs in ("", having):
            _run(block, where, environment)


def _run(block: Block, where: Path, environment: dict[str, str]) -> None:
    if block.language == "python":
        (where / "program.py").write_text(block.text)
        _shell("python program.py", where, environment)
    elif block.language == "console":
        for command, wanted in block.steps:
            missing = unprinted(wanted, _shell(command, where, environment))
            assert not missing, f"$ {command}\ndid not print {missing!r} but\n{_shell(command, where, environment)}"


def _shell(command: str, where: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-ec", command],
        cwd=where,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
    return done.stdout


def unprinted(wanted: list[str], printed: str) -> str:
    """The first of the lines that is not among those printed, after the ones before it; "" where all are."""
    lines = iter(_words(line) for line in printed.splitlines())
    for line in wanted:
        pattern = re.compile(re.escape(_words(line)).replace(r"\.\.\.", ".*"))
        if not any(pattern.match(candidate) for candidate in lines):
            return line
    return ""


def _words(line: str) -> str:
    return " ".join(line.split())


def _commands(where: Path) -> Path:
    """A folder with `python` and `kflite`, as this interpreter has them."""
    folder = where / "bin"
    folder.mkdir()
    for name, words in (("python", ""), ("kflite", "-m kflite")):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def kflite_commands(page: Path) -> Iterator[list[str]]:
    """The arguments of each call of kflite in the page's console blocks, whether they run or not."""
    for block in blocks(page):
        for command, _ in block.steps if block.language == "console" else ():
            for part in re.split(r"[|;]|\$\(", command):
                words = shlex.split(part.replace("'", '"').rstrip(")"), comments=True) if "kflite " in part else []
                if "kflite" in words:
                    yield words[words.index("kflite") + 1 :]
