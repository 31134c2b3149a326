"""The seam between the store and a database: plain SQL with `?` for values, transactions, and errors in our own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = Sequence[Any]


class Connection(Protocol):
    """A connection of one process, used by one thread at a time."""

    url: str

    def close(self) -> None: ...

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that no other writer's overlaps; rolled back when the body raises.

        Raises StoreFull, StoreLocked, StoreError.
        """

    def execute(self, sql: str, values: Iterable[object] = ()) -> int:
        """Run a statement; returns how many rows it changed."""

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterator[Row]:
        """Run a query."""

    def ring(self) -> None:
        """Wake the followers, in this process and others."""

    def ear(self) -> Ear:
        """A new follower's end of the bell."""


class Ear(Protocol):
    """What a follower waits on: readable once the bell has rung."""

    def fileno(self) -> int: ...

    def clear(self) -> None:
        """Take note of all rings so far."""

    def close(self) -> None: ...
