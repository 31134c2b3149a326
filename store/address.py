"""A store's URL without its secrets, and checks of it, as a driver's own messages may show a part of the password."""

from __future__ import annotations

import re

from kflite.errors import StoreError

# The schemes of PostgreSQL's URLs, which go to the driver unchanged (with `options=-csearch_path=team` and the like).
SCHEMES = ("postgresql://", "postgres://")

# Characters that a login must escape as `%` and two digits.
UNESCAPED = re.compile(r"[@/]|%(?![0-9A-Fa-f]{2})")


def redacted(url: str) -> str:
    """The URL without its password and query."""
    scheme, separator, rest = url.partition("://")
    before, separator_at, host = rest.partition("?")[0].rpartition("@")
    return f"{scheme}{separator}{before.partition(':')[0]}{separator_at}{host}"


def check(url: str) -> None:
    """Raises StoreError for a PostgreSQL URL whose password has unescaped characters."""
    rest = url.partition("://")[2].partition("?")[0]
    login = rest.rpartition("@")[0]
    if UNESCAPED.search(login) or "#" in url:
        raise StoreError(f"store {redacted(url)}: in its password @ is to be written %40, / %2F, ? %3F, # %23, : %3A and % %25")
