"""Columns by the names of fields: those of events' changes and of the seam's rows are the tables' own, but for these."""

from __future__ import annotations

_OTHERS = {"on": "target", "group": "is_group", "key": "cache_key", "artifact": "document", "plan": '"plan"'}


def column(field: str) -> str:
    """The column that holds the field, as SQL names it."""
    return _OTHERS.get(field, field)
