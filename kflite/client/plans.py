"""Plans by their kind: the registry that the scheduler is given, so that it knows none of them."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.errors import InputError
from kflite.plan import Origin, Plan
from kflite.value import Value


def plan(kind: str, document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
    """The plan of a stored document. Raises InputError for a kind that this version does not know."""
    match kind:
        case "pipeline":
            from kflite import dag

            return dag.plan(document, parameters, origin)
        case "experiment":
            from kflite import experiment

            return experiment.plan(document, parameters, origin)
        case _:
            raise InputError(f"run {origin.run}: this version of kflite has no plan of kind {kind!r}: use a newer one")
