"""Runs a program's text in this process as `python -c` would, and restores everything that it may change."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import lru_cache
from io import RawIOBase, TextIOBase
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, BinaryIO, TextIO

from kflite.core.job import Exit, Python
from kflite.core.paths import private
from kflite.runtime.bootstrap import decompressed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_OUT_OF_MEMORY = 137  # the status with which kflite's runner ends when a component's memory ran out


def interpret(program: Python, env: Mapping[str, str], work: Path, log: Path) -> Exit:
    """Run the program with these environment entries in the folder `work`; its output is shown and appended to `log`."""
    code = _compiled(program.code)
    with ExitStack() as undo:
        kept = undo.enter_context(open(log, "ab", buffering=0, opener=private))
        undo.enter_context(redirect_stdout(_Tee(sys.stdout, kept)))
        undo.enter_context(redirect_stderr(_Tee(sys.stderr, kept)))
        undo.enter_context(_place(env, work))
        undo.enter_context(_names(["-c", *program.argv]))
        interrupted = undo.enter_context(_interruptible())
        exit = _ended(code)
    if interrupted:
        exit = Exit(-signal.SIGINT, "Interrupted", "interrupted from the keyboard")
        os.kill(os.getpid(), signal.SIGINT)  # whoever handles Ctrl-C here hears of it too
    return exit


class _Bytes(RawIOBase):
    """Writes to a stream of bytes and a file."""

    def __init__(self, stream: BinaryIO, file: RawIOBase) -> None:
        self._stream, self._file = stream, file

    def write(self, data: Buffer) -> int:
        self._file.write(data)
        return self._stream.write(data)

    def writable(self) -> bool:
        return True


class _Tee(TextIOBase):
    """Writes to a stream and a file; to a debugger it looks like the stream."""

    def __init__(self, stream: TextIO, file: RawIOBase) -> None:
        self._stream, self._file = stream, file

    def write(self, text: str) -> int:
        self._file.write(text.encode("utf-8", "surrogatepass"))
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    @property
    def buffer(self) -> _Bytes:
        return _Bytes(self._stream.buffer, self._file)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors


@lru_cache(maxsize=8)
def _compiled(text: str) -> CodeType:
    return compile(decompressed(text), "<string>", "exec", dont_inherit=True)


def _ended(code: CodeType) -> Exit:
    try:
        exec(code, sys.modules["__main__"].__dict__)
    except SystemExit as error:
        return _exit(error.code)
    except BaseException as error:  # noqa: BLE001 - whatever ends the user's code
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        traceback.print_exception(type(error), error.with_traceback(trace), trace)
        if isinstance(error, MemoryError):
            return _exit(_OUT_OF_MEMORY)
        return Exit(1, "Error", f"{type(error).__name__}: {error}")
    return Exit(0)


def _exit(code: object) -> Exit:
    if code is None or code == 0:
        return Exit(0)
    if code == _OUT_OF_MEMORY:
        return Exit(_OUT_OF_MEMORY, "OutOfMemory", "memory ran out")
    if isinstance(code, int):
        return Exit(code & 0xFF, "Error", f"exit status {code & 0xFF}") if code & 0xFF else Exit(0)
    sys.stderr.write(f"{code}\n")
    return Exit(1, "Error", str(code))


@contextmanager
def _place(env: Mapping[str, str], work: Path) -> Iterator[None]:
    before, folder, mask = dict(os.environ), Path.cwd(), os.umask(0o077)
    os.environ.update(env)
    os.chdir(work)
    try:
        yield
    finally:
        os.umask(mask)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _names(argv: list[str]) -> Iterator[None]:
    """A fresh `__main__`, and the program's arguments and path."""
    main, arguments, path = sys.modules["__main__"], sys.argv, sys.path
    sys.modules["__main__"], sys.argv, sys.path = ModuleType("__main__"), argv, ["", *path]
    try:
        yield
    finally:
        sys.modules["__main__"], sys.argv, sys.path = main, arguments, path


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Let Ctrl-C interrupt the program, as the event loop's handler would run only afterwards; lists the interrupts."""
    interrupts: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        interrupts.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
