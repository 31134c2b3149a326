"""The registry of kinds of runs. Only this module compares the names of kinds.

A kind is a module of this package that follows `RunKind`; a new one is one more line in `_MODULES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.core.plan import Origin, Plan
    from kflite.core.value import Value
    from kflite.ir import Pipeline

PIPELINE, TUNING = "pipeline", "tuning"
_MODULES = {PIPELINE: "kflite.plans.pipeline_kind", TUNING: "kflite.plans.tuning_kind"}

Problems = Sequence[tuple[str, str]]
"""Pairs of a name and what is wrong with it."""


class RunKind(Protocol):
    """The meaning of a kind's documents. Everything is pure.

    NOUN: what messages call a run of this kind. HAS_TRIALS: whether its groups are trials, and its output `best` is one.
    SINGLE_TASKS: whether a retry can name tasks, change the pipeline, and be previewed.
    """

    NOUN: str
    HAS_TRIALS: bool
    SINGLE_TASKS: bool

    def plan(self, document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
        """The plan of a document."""

    def inner_pipeline(self, document: str) -> str:
        """The document of the pipeline whose tasks run."""

    def bind(
        self, document: str, pipeline: Pipeline, source: str, inputs: Mapping[str, Value], problems: Problems
    ) -> dict[str, Value] | None:
        """Check a document and the inputs of a run; returns all parameters with defaults, or None to keep the given ones.

        Raises InvalidPipeline with all problems, including `problems`, and InputError.
        """

    def timeout_s(self, pipeline: Pipeline) -> float | None:
        """The time limit of a run that the document sets, in seconds."""


def is_known(name: str) -> bool:
    """Whether this version knows runs of this kind."""
    return name in _MODULES


def kind_of(name: str) -> RunKind:
    """The kind of this name. Raises InputError for an unknown one."""
    if name not in _MODULES:
        raise InputError(f"this version of kflite knows no runs of kind {name!r}: use a newer one")
    return cast(RunKind, import_module(_MODULES[name]))


def has_trials(kind: str) -> bool:
    """Whether the groups of such a run are trials; False for an unknown kind."""
    return kind in _MODULES and kind_of(kind).HAS_TRIALS


def plan(kind: str, document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
    """The plan of a stored document. Raises InputError for an unknown kind."""
    if kind not in _MODULES:
        raise InputError(f"run {origin.run}: this version of kflite has no plan of kind {kind!r}: use a newer one")
    return kind_of(kind).plan(document, parameters, origin)


def inner_pipeline(kind: str, document: str) -> Pipeline:
    """The pipeline whose tasks a document runs."""
    from kflite.ir import Pipeline

    return Pipeline.loads(kind_of(kind).inner_pipeline(document))
