"""Column names of fields: the field's own name, except for these."""

from __future__ import annotations

_OTHERS = {"on": "target", "group": "is_group", "key": "cache_key", "artifact": "document", "plan": '"plan"'}


def column(field: str) -> str:
    """The column of a field, quoted where SQL needs it."""
    return _OTHERS.get(field, field)
