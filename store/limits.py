"""How long to wait for other writers of a database, and the key of its lock."""

from __future__ import annotations

# How long to wait for another process that writes, in seconds.
BUSY_S = 30.0
# The key of PostgreSQL's advisory lock, which each database has for itself.
LOCK = 0x6B666C697465
