"""The part of a task's work that all tasks of its component share, computed once for each component."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from kflite.plans.dag.shape import ComponentSpec, Container
from kflite.runtime import bootstrap

_sorted = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True)
class Recipe:
    """A container component, with its part of cache keys."""

    component: ComponentSpec
    container: Container

    @cached_property
    def names_run(self) -> bool:
        """Whether the command contains the run's or task's name, so that another run's result would be wrong."""
        words = (*self._command_words, *self.container.args, *self.container.env.values())
        return any("{{$.pipeline_" in word or "{{$.workspace_" in word for word in words)

    @cached_property
    def key_parts(self) -> Mapping[str, str]:
        """The component's parts of its tasks' cache keys."""
        container, component = self.container, self.component
        kinds = {k: v.type for k, v in component.outputs.items()} | {k: v.type for k, v in component.output_artifacts.items()}
        return {
            "code": digest([*self._command_words, *container.args, *container.sources.key]),
            "environment": digest([dict(container.env)]),
            "outputs": digest(kinds),
        }

    @cached_property
    def _command_words(self) -> list[str]:
        """The command without kflite's runner, so that a new release of kflite does not invalidate the cache."""
        python = bootstrap.as_python(self.container.command, self.container.args)
        return [word for word in self.container.command if not python or word != python.code]


def canonical_json(value: object) -> str:
    """A value as JSON; equal values give equal texts."""
    return _sorted(value)


def digest(value: object) -> str:
    """A value's hash in a cache key."""
    return sha256(_sorted(value).encode()).hexdigest()[:32]
