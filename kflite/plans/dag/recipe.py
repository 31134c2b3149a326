"""What all tasks of a component have in common: worked out once, so that a task of thousands costs no more than its own part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from kflite.plans.dag.shape import Component, Container
from kflite.runtime import bootstrap

_sorted = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True)
class Recipe:
    """A component that runs a container."""

    component: Component
    container: Container

    @cached_property
    def python(self) -> bool:
        """Whether it is a Python component."""
        box = self.container
        return bool(bootstrap.recognise(box.command, box.args) or (box.sources.file and bootstrap.called(box.command, box.args)))

    @cached_property
    def names_run(self) -> bool:
        """Whether its words hold the run's or the task's own name: another's result would be a wrong one."""
        words = (*self._own_words, *self.container.args, *self.container.env.values())
        return any("{{$.pipeline_" in word or "{{$.workspace_" in word for word in words)

    @cached_property
    def key_parts(self) -> Mapping[str, str]:
        """Its part of the cache key of each of its tasks."""
        box, component = self.container, self.component
        kinds = {k: v.type for k, v in component.outputs.items()} | {k: v.type for k, v in component.output_artifacts.items()}
        return {
            "code": digest([*self._own_words, *box.args, *box.sources.key]),
            "environment": digest([dict(box.env)]),
            "outputs": digest(kinds),
        }

    @cached_property
    def _own_words(self) -> list[str]:
        """The command without our runner's text, so that a new release of kflite leaves the cache whole."""
        python = bootstrap.recognise(self.container.command, self.container.args)
        return [word for word in self.container.command if not python or word != python.code]


def as_text(value: object) -> str:
    """A value as JSON, the same for equal values."""
    return _sorted(value)


def digest(value: object) -> str:
    """What stands for a value in a cache key."""
    return sha256(_sorted(value).encode()).hexdigest()[:32]
