"""The registry of kinds of runs: what each kind's document means is told here, and nothing else compares the names of kinds.

A kind is a module of this package that keeps to `RunKind`; a new one is one more line in `_MODULES`.
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
"""(what, what is wrong with it)."""


class RunKind(Protocol):
    """What a kind's documents mean. All of it is pure.

    NOUN: what a run of this kind is called in a sentence. HAS_TRIALS: whether its groups are trials, and its output `best` one.
    SINGLE_TASKS: whether tasks can be named for a retry, the pipeline be changed, and a retry be previewed.
    """

    NOUN: str
    HAS_TRIALS: bool
    SINGLE_TASKS: bool

    def plan(self, document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
        """The plan of a document."""

    def inner_pipeline(self, document: str) -> str:
        """The document of the pipeline that the tasks are of."""

    def bind(
        self, document: str, pipeline: Pipeline, source: str, inputs: Mapping[str, Value], problems: Problems
    ) -> dict[str, Value] | None:
        """Check a document and what its run is given; returns all parameters, defaults too, or None to keep those given.

        Raises InvalidPipeline with every problem, `problems` among them, and InputError.
        """

    def timeout_s(self, pipeline: Pipeline) -> float | None:
        """The longest time of a run that the document asks for, in seconds."""


def is_known(name: str) -> bool:
    """Whether this version knows runs of this kind."""
    return name in _MODULES


def kind_of(name: str) -> RunKind:
    """The kind of this name. Raises InputError for one that this version does not know."""
    if name not in _MODULES:
        raise InputError(f"this version of kflite knows no runs of kind {name!r}: use a newer one")
    return cast(RunKind, import_module(_MODULES[name]))


def has_trials(kind: str) -> bool:
    """Whether the groups of such a run are trials; a kind that this version does not know has none that it could tell of."""
    return kind in _MODULES and kind_of(kind).HAS_TRIALS


def plan(kind: str, document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
    """The plan of a stored document. Raises InputError for a kind that this version does not know."""
    if kind not in _MODULES:
        raise InputError(f"run {origin.run}: this version of kflite has no plan of kind {kind!r}: use a newer one")
    return kind_of(kind).plan(document, parameters, origin)


def inner_pipeline(kind: str, document: str) -> Pipeline:
    """The pipeline that the tasks of a document are of."""
    from kflite.ir import Pipeline

    return Pipeline.loads(kind_of(kind).inner_pipeline(document))
