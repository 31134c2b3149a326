"""Executors by the text of `--on`, each made once for a client."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.plan import Work
    from kflite.executors.base import Executor
    from kflite.executors.docker import DockerExecutor
    from kflite.executors.process import ProcessExecutor

PLACES = ("local", "process", "docker", "kubernetes", "inline")


class Executors:
    """Gives the executor for a text of `--on`. Nothing is contacted before a job needs it.

    noted: gets a job's id, and what it waits for on a cluster or in Docker, "" once it waits no longer.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._volumes = settings, settings.home / "volumes"
        self.noted: Callable[[str, str], None] = lambda job, text: None
        self._made: dict[str, Executor] = {}
        self._digests: dict[str, str] = {}
        self._host: DockerExecutor | None = None
        self._warm: dict[str, ProcessExecutor] = {}
        self._makers: dict[str, Callable[[], Executor]] = {
            "local": self._local,
            "process": self._process,
            "docker": self._docker,
            "inline": self._inline,
        }

    def __call__(self, on: str) -> Executor:
        """The executor. Raises InputError for a text that names none."""
        if on not in self._made:
            self._made[on] = self._maker(on)()
        return self._made[on]

    def _maker(self, on: str) -> Callable[[], Executor]:
        if on in self._makers:
            return self._makers[on]
        if on.partition(":")[0] == "kubernetes":
            return partial(self._kubernetes, on.partition(":")[2])
        raise InputError(f"--on {on}: there is no such place to run; use one of {', '.join(PLACES)}")

    def identity(self, on: str, work: Work) -> Mapping[str, str]:
        """What decides a task's result there beside the task itself, as part of its cache key. Blocks, once an image."""
        if on == "docker" or (on == "local" and not work.python):
            digest = self._digest(work.image)
            return {"image digest": digest} if digest else {}
        if on.partition(":")[0] == "kubernetes":
            return {}  # the task names its image; what lies behind the name, its nodes know
        if work.python:
            return {"interpreter": f"python {sys.version_info.major}.{sys.version_info.minor}"}
        return {"image digest": "none: a process of this machine"}

    def _digest(self, image: str) -> str:
        if image not in self._digests:
            self._digests[image] = self._container_host().digest(image)
        return self._digests[image]

    def _container_host(self) -> DockerExecutor:
        if self._host is None:
            self._host = self._docker()
        return self._host

    def warm(self, on: str) -> None:
        """Begin what takes time and needs no job yet: the interpreter that tasks are forked from."""
        self(on)
        if on in self._warm:
            self._warm[on].warm()

    def _process(self) -> Executor:
        return self._processes("process")

    def _processes(self, on: str) -> ProcessExecutor:
        from kflite.executors.process import ProcessExecutor

        self._warm[on] = ProcessExecutor(self._settings.home / "environments", volumes=self._volumes)
        return self._warm[on]

    def _docker(self) -> DockerExecutor:
        from dataclasses import asdict

        from kflite.executors.docker import DockerExecutor
        from kflite.executors.docker import Settings as Chosen
        from kflite.executors.images import ImageMap

        chosen = Chosen(images=ImageMap(self._settings.images), **asdict(self._settings.docker))
        return DockerExecutor(chosen, volumes=self._volumes, noted=self._note)

    def _kubernetes(self, where: str) -> Executor:
        from kflite.engine.dry_run import chosen
        from kflite.executors.kubernetes import KubernetesExecutor

        return KubernetesExecutor(chosen(self._settings, where), self._note)

    def _note(self, job: str, text: str) -> None:
        self.noted(job, text)

    def _inline(self) -> Executor:
        from kflite.executors.inline import InlineExecutor

        return InlineExecutor(self._volumes)

    def _local(self) -> Executor:
        from kflite.executors.local import LocalExecutor

        return LocalExecutor(self._processes("local"), self._docker)
