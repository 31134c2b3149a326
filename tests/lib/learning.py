"""Prints the files of this environment's scikit-learn and of what it needs, or with `tag` a word that changes with them."""

from __future__ import annotations

import hashlib
import re
import sys
from importlib.metadata import Distribution, distribution


def packages(name: str, found: dict[str, Distribution]) -> dict[str, Distribution]:
    """The package and all that it needs, without extras."""
    if name not in found:
        found[name] = distribution(name)
        for need in found[name].requires or ():
            if "extra ==" not in need:
                packages(re.split(r"[^\w.-]", need)[0], found)
    return found


def main() -> None:
    found = packages("scikit-learn", {})
    if sys.argv[1:] == ["tag"]:
        versions = sorted(f"{name} {each.version}" for name, each in found.items())
        print(f"{found['scikit-learn'].version}-{hashlib.sha256(repr(versions).encode()).hexdigest()[:12]}")
        return
    files = (str(file) for each in found.values() for file in each.files or ())
    print("\n".join(file for file in files if not re.search(r"^\.\.|/tests/|__pycache__", file)))


if __name__ == "__main__":
    main()
