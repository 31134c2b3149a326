"""A store's URL, as it may be shown, and the mistakes that a database's driver would answer with a piece of the password."""

from __future__ import annotations

import re

from kflite.errors import StoreError

# In PostgreSQL's URLs; `options=-csearch_path=team` and the rest go to the driver as they are.
SCHEMES = ("postgresql://", "postgres://")

# In a login, what is not written as `%` and two digits.
MISTAKES = re.compile(r"[@/]|%(?![0-9A-Fa-f]{2})")


def shown(url: str) -> str:
    """The URL without a password and what follows a `?`."""
    scheme, separator, rest = url.partition("://")
    before, at, place = rest.partition("?")[0].rpartition("@")
    return f"{scheme}{separator}{before.partition(':')[0]}{at}{place}"


def check(url: str) -> None:
    """Raises StoreError for a URL of PostgreSQL's whose password holds a letter that ends it."""
    rest = url.partition("://")[2].partition("?")[0]
    login = rest.rpartition("@")[0]
    if MISTAKES.search(login) or "#" in url:
        raise StoreError(f"store {shown(url)}: in its password @ is to be written %40, / %2F, ? %3F, # %23, : %3A and % %25")
