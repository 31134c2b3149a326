"""The seam between the store and a database: plain SQL with `?` for values, transactions, and errors in our own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = Sequence[Any]


class Connection(Protocol):
    """A connection of one process, used by one thread at a time. Every call raises StoreError when the database does.

    name: the address as messages show it, without a password.
    """

    url: str
    name: str

    def close(self) -> None: ...

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that no other writer's overlaps; rolled back when the body raises.

        Raises StoreFull, StoreLocked, StoreError, at the latest at its end.
        """

    def execute(self, sql: str, values: Iterable[object] = ()) -> None:
        """Run a statement of a transaction."""

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterable[Row]:
        """Run a query, in a transaction or by itself. It is sent now, and read once, before the next but one is."""

    def ring(self) -> None:
        """Wake the followers, in this process and others, once this transaction is committed."""

    def ear(self) -> Listener:
        """A new follower's end of the bell."""


class Listener(Protocol):
    """What a follower waits on: readable once the bell has rung."""

    def fileno(self) -> int: ...

    def clear(self) -> bool:
        """Take note of all rings so far; False when this end hears no more, and another is to be asked for."""

    def close(self) -> None: ...
