"""The command line in a terminal: the live tree, and Ctrl-C as a terminal sends it."""

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path

import pytest
from integration.cli import Cli

_MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli.at(tmp_path)


class Terminal:
    """kflite with a terminal as its standard streams."""

    def __init__(self, cli: Cli, *arguments: str) -> None:
        environment = {**cli.environment, "LINES": "30", "COLUMNS": "100", "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(cli.folder)
            os.execve(sys.executable, [sys.executable, "-m", "kflite", *arguments], environment)
        self.written = ""

    def read(self) -> bool:
        """Take in what was written; returns whether there may be more."""
        try:
            part = os.read(self._fd, 65_536)
        except OSError:  # the other end is closed
            return False
        self.written += part.decode("utf-8", "replace")
        return bool(part)

    def until(self, text: str) -> None:
        """Read until a text is there."""
        while text not in self.shown:
            assert self.read(), self.shown

    @property
    def shown(self) -> str:
        """What was written, without colours and moves of the cursor."""
        return _MOVES.sub("", self.written)

    def end(self) -> tuple[int, str]:
        """Read to the end; returns the exit status and what was shown."""
        while self.read():
            pass
        os.close(self._fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), self.shown

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._fd, text.encode())


def test_a_run_ends_as_a_tree_with_its_outputs_below(cli: Cli) -> None:
    status, written = Terminal(cli, "run", "p.py:sound").end()
    lines = written.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("✓ sound-") and "3/3 tasks" in line)
    assert [line[:8].strip() for line in lines[start + 1 : start + 4]] == ["├─ ✓ dou", "├─ ✓ wri", "└─ ✓ siz"]
    assert lines[start + 4] == "Output = 6"
    assert status == 0


def test_the_tree_is_drawn_while_tasks_are_at_work(cli: Cli) -> None:
    terminal = Terminal(cli, "run", "p.py:waiting", "-p", f"file={cli.folder / 'flag'}")
    terminal.until("─ ● wait")
    (cli.folder / "flag.go").touch()
    status, written = terminal.end()
    assert status == 0
    assert "1/1 tasks" in written


def test_ctrl_c_in_the_terminal_cancels(cli: Cli) -> None:
    terminal = Terminal(cli, "run", "p.py:waiting", "-p", f"file={cli.folder / 'flag'}")
    terminal.until("─ ● wait")
    terminal.type("\x03")
    status, written = terminal.end()
    assert status == 130
    assert "cancelling run waiting-" in written
    assert "⊘ wait" in written


def test_json_in_a_terminal_is_still_one_object(cli: Cli) -> None:
    status, written = Terminal(cli, "run", "p.py:sound", "--json").end()
    assert status == 0
    assert written.rstrip().endswith("}")
