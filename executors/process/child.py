"""The process of one replica, from the fork to its end.

Standard library only, and no imports that every fork would pay for: the zygote loads this file by its path, once.
"""

from __future__ import annotations

import atexit
import errno
import gc
import json
import os
import resource
import signal
import sys

from kflite.executors import attempt_folder
from kflite.executors.process import mounts

# What signal.signal is without its enumerations, whose code and names a fork would have to copy for this one call.
set_handler = signal._signal.signal  # type: ignore[attr-defined]  # noqa: SLF001

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType

    from kflite.executors.process.message import ReplicaOrder, StartMessage


OUT_OF_MEMORY = 137  # the status with which kflite's runner ends when a component's memory ran out
_REMEDY = "run with --on docker, or let users have user namespaces (sysctl user.max_user_namespaces)"
_MESSAGE = 500  # characters of an error that are passed on: a note is at most 4 KiB, so that the pipe takes it whole


def prepare(start: StartMessage, owner: str) -> None:
    """Create the attempt's folders and files, and claim it. FileExistsError: it was started before."""
    attempt = start["start"]
    for path in (attempt.rpartition("/")[0], attempt, *start["folders"]):  # the task's own is new, mostly
        _make(path)
    attempt_folder.claim(attempt, owner, start["gpus"])
    for path, text in start["files"].items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def _make(path: str) -> None:
    try:
        os.mkdir(path)  # most parents exist, and each thing that is not looked at is a page of the zygote's that is not copied
    except FileExistsError:
        return
    except FileNotFoundError:
        os.makedirs(path, exist_ok=True)


class Program:
    """A program's code, and its module, whose definitions were executed before the fork."""

    __slots__ = ("code", "module")

    def __init__(self, definitions: str, text: str) -> None:
        self.module: ModuleType = type(sys)("__main__")
        exec(compile(definitions, "<string>", "exec", dont_inherit=True), self.module.__dict__)
        self.code: CodeType = compile(text, "<string>", "exec", dont_inherit=True)


def become(start: StartMessage, rank: int, program: Program | None, owner: str, notes: int, others: list[int]) -> None:
    """Turn a fresh fork into a replica and run it; never returns.

    owner: the claim still to be made, "" when it has been. notes: a pipe to tell the zygote what an exit status cannot.
    others: the zygote's other descriptors, which must not live on in a task.
    """
    status = 1
    try:
        os.setsid()
        for descriptor in others:
            os.close(descriptor)
        signal.set_wakeup_fd(-1)
        set_handler(signal.SIGCHLD, 0)
        if owner:
            prepare(start, owner)
        replica = start["replicas"][rank]
        _enter(start["start"], rank, replica)
        status = _run_code(replica, program, notes) if program else _run_command(replica, notes)
    except mounts.Forbidden:
        _note(notes, "NoMounts", f"this machine lets no process have mounts of its own: {_REMEDY}")
    except FileExistsError as error:
        _note(notes, "Claimed" if owner and str(error.filename2).endswith("/claim") else "StartFailed", str(error))
    except OSError as error:
        reason = "DiskFull" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "StartFailed"
        _note(notes, reason, f"{error.strerror}: {error.filename2 or error.filename}")
    except BaseException as error:  # noqa: BLE001 - nothing may unwind into the zygote's own frames
        _note(notes, "StartFailed", repr(error))
    finally:
        os._exit(status)


def _enter(attempt: str, rank: int, replica: ReplicaOrder) -> None:
    attempt_folder.add_process(attempt, rank)
    _make(replica["work"])
    if replica["mounts"]:
        mounts.enter(replica["mounts"], f"{attempt}/{attempt_folder.GIVEN}/roots.{rank}")
    os.chdir(replica["work"])
    log = os.open(replica["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    for name, value in replica["env"].items():  # update() would ask what a mapping is, at the price of more copied pages
        os.environ[name] = value
    if replica["memory"]:
        resource.setrlimit(resource.RLIMIT_DATA, (replica["memory"], resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _run_command(replica: ReplicaOrder, notes: int) -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the two that the interpreter ignores, which would be passed on
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    program = replica["argv"][0]
    try:
        os.execvp(program, replica["argv"])
    except FileNotFoundError:
        _note(notes, "CommandNotFound", f"no command {program!r} on this machine")
        return 127
    except OSError as error:
        _note(notes, "NotExecutable", f"cannot execute {program!r}: {error.strerror}")
        return 126


def _run_code(replica: ReplicaOrder, program: Program, notes: int) -> int:
    """Run as `python -u -c CODE *argv` does, and end as the interpreter does; returns the exit status."""
    sys.modules["__main__"] = program.module
    sys.argv = ["-c", *replica["argv"]]
    sys.path.insert(0, "")
    gc.freeze()  # nothing of the zygote's is looked at, and so copied, by the task's collections
    gc.enable()
    status = _status(lambda: exec(program.code, program.module.__dict__), notes)
    if "threading" in sys.modules:
        status = _status(sys.modules["threading"]._shutdown, notes) or status  # noqa: SLF001 - as the interpreter does
    atexit._run_exitfuncs()  # noqa: SLF001
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream and not stream.closed:
                stream.flush()
    except (OSError, ValueError) as error:
        _note(notes, "Error", f"output was lost: {error}")
        return status or 120
    if status == OUT_OF_MEMORY:
        _note(notes, "OutOfMemory", _bound(replica))
    return status


def _status(run: object, notes: int) -> int:
    try:
        run()  # type: ignore[operator]
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return (error.code or 0) & 0xFF
        sys.stderr.write(f"{error.code}\n")
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever ends the user's code
        _lift_limit()
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == _status.__code__.co_filename:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        if isinstance(error, MemoryError):
            return OUT_OF_MEMORY
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
        _note(notes, "Error", f"{type(error).__name__}: {error}")
        return 1
    return 0


def _lift_limit() -> None:
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _bound(replica: ReplicaOrder) -> str:
    return f"memory ran out; the limit is {replica['memory'] / 2**20:.0f} MiB" if replica["memory"] else "memory ran out"


def _note(notes: int, reason: str, message: str) -> None:
    line = json.dumps([os.getpid(), reason, message[:_MESSAGE]], ensure_ascii=False)
    os.write(notes, line.encode(errors="replace") + b"\n")
