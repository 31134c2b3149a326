"""Executors by the value of `--on`, each created once per client."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.executors.base import Executor
    from kflite.executors.docker import DockerExecutor
    from kflite.executors.process import ProcessExecutor

TARGETS = ("local", "process", "docker", "kubernetes", "inline")


class Executors:
    """Returns the executor for a value of `--on`. Daemons and clusters are contacted only when a job needs them."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._volumes = settings, settings.home / "volumes"
        self._executors: dict[str, Executor] = {}
        self._warm: dict[str, ProcessExecutor] = {}
        self._factories: dict[str, Callable[[], Executor]] = {
            "local": self._local,
            "process": self._process,
            "docker": self._docker,
            "inline": self._inline,
        }

    def __call__(self, on: str) -> Executor:
        """The executor. Raises InputError for an unknown target."""
        if on not in self._executors:
            self._executors[on] = self._factory(on)()
        return self._executors[on]

    def _factory(self, on: str) -> Callable[[], Executor]:
        if on in self._factories:
            return self._factories[on]
        if on.partition(":")[0] == "kubernetes":
            return partial(self._kubernetes, on.partition(":")[2])
        raise InputError(f"--on {on}: there is no such target; use one of {', '.join(TARGETS)}")

    def warm(self, on: str) -> None:
        """Start early what takes time: the interpreter that tasks are forked from."""
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
        from kflite.executors.docker import DockerExecutor, DockerOptions
        from kflite.executors.images import ImageMap

        options = DockerOptions.of(self._settings.docker, ImageMap(self._settings.images))
        return DockerExecutor(options, volumes=self._volumes)

    def _kubernetes(self, where: str) -> Executor:
        from kflite.engine.dry_run import cluster_options
        from kflite.executors.kubernetes import KubernetesExecutor

        return KubernetesExecutor(cluster_options(self._settings, where))

    def _inline(self) -> Executor:
        from kflite.executors.inline import InlineExecutor

        return InlineExecutor(self._volumes)

    def _local(self) -> Executor:
        from kflite.executors.local import LocalExecutor

        return LocalExecutor(self._processes("local"), self._docker)
