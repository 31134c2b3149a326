"""The seam between the store and a database: plain SQL with `?` for values, transactions, and our own errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = Sequence[Any]


class Connection(Protocol):
    """A connection of one process, used by one thread at a time. Every call raises StoreError for a database's error.

    name: the URL for messages, without a password.
    """

    url: str
    name: str

    def close(self) -> None: ...

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that excludes other writers, rolled back when the body raises.

        Raises StoreFull, StoreLocked, StoreError, at the latest at its end.
        """

    def execute(self, sql: str, values: Iterable[object] = ()) -> None:
        """Run a statement in a transaction."""

    def rows(self, sql: str, values: Iterable[object] = ()) -> Iterable[Row]:
        """Run a query, in a transaction or alone. It is sent now; read its rows once, before the query after the next one."""

    def notify(self) -> None:
        """Wake all listeners, in this process and others, when this transaction is committed."""

    def listen(self) -> Listener:
        """A new listener."""


class Listener(Protocol):
    """A file descriptor that becomes readable when the store changes."""

    def fileno(self) -> int: ...

    def clear(self) -> bool:
        """Forget the notifications so far; False when the listener is broken and must be replaced."""

    def close(self) -> None: ...
