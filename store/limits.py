"""How long one waits for others at a database, and under which name it is locked."""

from __future__ import annotations

# How long one waits for another process that writes.
BUSY_S = 30.0
# One number for all stores of a database server's databases: advisory locks are a database's own.
LOCK = 0x6B666C697465
