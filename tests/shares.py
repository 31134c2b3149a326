"""How the tests are shared by two processes (pytest-xdist): file by file, but all that waits for a cluster's pods goes to one."""

import re

from xdist.scheduler import LoadScopeScheduling

_WAITS = re.compile("kubernetes|cluster")


class Shares(LoadScopeScheduling):
    """The other process computes meanwhile."""

    def _split_scope(self, nodeid: str) -> str:
        return "cluster" if _WAITS.search(nodeid) else nodeid.partition("::")[0]
