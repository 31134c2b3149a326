"""Jobs for the contract, by what they do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kflite.core.job import Job, Port, Python, Role

_SLEEP = """
import signal, sys, time
if {stubborn}: signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({ready!r}, "w").close()
time.sleep(600)
"""


_SERVE = """
import os, socket
ports = dict(entry.split("=") for entry in os.environ["KFLITE_PORTS"].split(","))
with socket.create_server(("", int(ports["http"]))) as server:
    while True:
        server.accept()[0].close()
"""


@dataclass(frozen=True)
class Jobs:
    """root: a folder that every replica sees; image: what containers are made of."""

    root: Path
    image: str = ""

    def out(self, name: str) -> Path:
        """A path below the artifacts."""
        return self.root / "artifacts" / name

    def quoted(self, name: str) -> str:
        """The same path as a shell's word."""
        return shlex.quote(str(self.out(name)))

    def job(self, *roles: Role, task: str = "task", attempt: int = 1, fake: Mapping[str, object] | None = None) -> Job:
        """A job of these roles; `fake` tells a fake executor what they would do."""
        return Job(
            f"run/{task}",
            attempt,
            roles,
            self.root / "runs" / "run" / task / str(attempt),
            roots=(self.root,),
            outputs=(self.out("made"),),
            labels={"fake": json.dumps(fake or {})},
        )

    def code(self, text: str, *argv: str) -> Role:
        """A role that runs Python."""
        return Role(self.image, ("python3", "-u", "-c", text), argv, python=Python(text, argv))

    def python(self, text: str, *argv: str, task: str = "task") -> Job:
        """A job that runs Python."""
        return self.job(self.code(text, *argv), task=task)

    def shell(self, script: str) -> Job:
        """A job that runs a shell's command line."""
        return self.job(Role(self.image, ("sh", "-c"), (script,)))

    def ending(self, code: int, task: str = "task", attempt: int = 1) -> Job:
        """A job that ends at once with an exit status."""
        role = self.code(f"import sys; sys.exit({code})")
        return self.job(role, task=task, attempt=attempt, fake={"code": code})

    def appending(self, attempt: int = 1) -> Job:
        """A job that adds a line to `out("made")`."""
        made = str(self.out("made"))
        role = self.code(f'with open({made!r}, "a") as file: file.write("ran\\n")')
        return self.job(role, attempt=attempt, fake={"appends": made})

    def sleeping(self, stubborn: bool = False) -> Job:
        """A job that makes `out("ready")`, and then sleeps; a stubborn one ignores SIGTERM."""
        role = self.code(_SLEEP.format(stubborn=stubborn, ready=str(self.out("ready"))))
        return self.job(role, fake={"sleeps": True, "stubborn": stubborn})

    def serving(self) -> Job:
        """A job that accepts connections at its port `http` until it is stopped."""
        role = replace(self.code(_SERVE), ports=(Port("http", ready="tcp"), Port("own")))
        return self.job(role, fake={"sleeps": True})

    def gang(self, chief: int, worker: str) -> Job:
        """A chief that ends at once with an exit status, and two workers that run this code; a fake's sleep."""
        roles = (replace(self.code(f"import sys; sys.exit({chief})"), name="chief"),)
        workers = replace(self.code(worker), name="worker", replicas=2)
        return self.job(*roles, workers, fake={"sleeps": True, "ends": {"chief.0": (0.0, chief)}})

    def limited(self, job: Job, memory: int) -> Job:
        """The job with a bound on its memory, in bytes."""
        limit = replace(job.roles[0].limit, memory=memory)
        return replace(job, roles=(replace(job.roles[0], limit=limit),))
