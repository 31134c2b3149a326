"""Faults at the terminal: a debugger in an inline task, Ctrl-C while packages are installed, environments that cannot be made."""

from __future__ import annotations

import socket
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.cli import Cli, interrupt
from integration.hostile import newest, nothing_is_left
from integration.test_cli_terminal import Terminal

WHEEL = {
    "greeting.py": "WORD = 'hello'\n",
    "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
    "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "greeting-1.0.dist-info/RECORD": "",
}

PIPELINES = """
from kflite import dsl


@dsl.component
def stopped(n: int) -> int:
    m = n + 1
    breakpoint()
    return m


@dsl.component(packages_to_install=["nowhere==1.0"], pip_index_urls=["http://127.0.0.1:PORT/simple"])
def waiting():
    import nowhere


@dsl.component(packages_to_install=["WHEEL"])
def greet() -> str:
    import greeting

    return greeting.WORD


@dsl.component(packages_to_install=["WHEEL-is-no-file.whl"])
def never():
    pass
"""


@pytest.fixture
def silent_index() -> Iterator[socket.socket]:
    """A package index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30.0)
        yield server


@pytest.fixture
def cli(tmp_path: Path, silent_index: socket.socket) -> Cli:
    wheel = tmp_path / "greeting-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    (tmp_path / "t.py").write_text(PIPELINES.replace("PORT", str(silent_index.getsockname()[1])).replace("WHEEL", str(wheel)))
    return Cli.at(tmp_path)


def test_a_debugger_in_an_inline_task_has_the_terminal(cli: Cli) -> None:
    terminal = Terminal(cli, "run", "t.py:stopped", "-p", "n=4", "--on", "inline")
    terminal.until("(Pdb)")
    terminal.type("p m * 100\n")
    terminal.until("500")
    terminal.type("c\n")
    status, written = terminal.end()
    assert status == 0
    assert "Output" in written


def test_a_debugger_elsewhere_ends_the_task_and_waits_for_nobody(cli: Cli) -> None:
    assert "bdb.BdbQuit" in cli("run", "t.py:stopped", "-p", "n=4", "--on", "process", status=1)


@pytest.mark.parametrize("end", ["ctrl-c", "cancel", "kill"])
def test_a_run_ends_while_packages_are_installed(cli: Cli, silent_index: socket.socket, end: str) -> None:
    process = cli.start("run", "t.py:waiting")
    connection, _ = silent_index.accept()
    if end == "ctrl-c":
        interrupt(process)
    elif end == "cancel":
        assert "CANCELLED" in cli("cancel", newest(cli))
    else:
        process.kill()
    process.communicate(timeout=25)
    assert process.returncode == {"ctrl-c": 130, "cancel": 1, "kill": -9}[end]
    nothing_is_left(cli)
    connection.close()


def test_an_environment_is_made_once(cli: Cli) -> None:
    assert cli.json("run", "t.py:greet", "--no-cache")["outputs"] == {"Output": "hello"}
    made = {path: path.stat().st_ino for path in (cli.folder / "home" / "environments").glob("*/bin/python")}
    assert len(made) == 1
    assert cli.json("run", "t.py:greet", "--no-cache")["outputs"] == {"Output": "hello"}
    assert {path: path.stat().st_ino for path in (cli.folder / "home" / "environments").glob("*/bin/python")} == made


def test_packages_that_cannot_be_installed_are_named(cli: Cli) -> None:
    done = cli.full("run", "t.py:never", status=1)
    assert "EnvironmentFailed: cannot install" in done.stdout
    assert "is-no-file.whl" in done.stderr
    assert "correct packages_to_install" in done.stderr
