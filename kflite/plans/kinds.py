"""Plans by their kind: the registry that the scheduler is given, so that it knows none of them."""

from __future__ import annotations

from collections.abc import Mapping

from kflite.core.plan import Origin, Plan
from kflite.core.value import Value
from kflite.errors import InputError


def plan(kind: str, document: str, parameters: Mapping[str, Value], origin: Origin) -> Plan:
    """The plan of a stored document. Raises InputError for a kind that this version does not know."""
    match kind:
        case "pipeline":
            from kflite.plans import dag

            return dag.plan(document, parameters, origin)
        case "experiment":
            from kflite.plans import tuning

            return tuning.plan(document, parameters, origin)
        case _:
            raise InputError(f"run {origin.run}: this version of kflite has no plan of kind {kind!r}: use a newer one")
