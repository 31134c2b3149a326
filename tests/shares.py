"""How the tests are shared by three processes (pytest-xdist): file by file, but what waits for a cluster goes to two of them."""

import re

from xdist.scheduler import LoadScopeScheduling

_WAITS = re.compile("kubernetes|cluster")
_CONTRACT = re.compile("test_executors|test_mounts")  # as long as all others together


class Shares(LoadScopeScheduling):
    """The third process computes meanwhile."""

    def _split_scope(self, nodeid: str) -> str:
        if not _WAITS.search(nodeid):
            return nodeid.partition("::")[0]
        return "the contract on a cluster" if _CONTRACT.search(nodeid) else "a cluster"
