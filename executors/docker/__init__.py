"""Jobs as containers: one container per replica, a network per gang, found again by their labels.

Lives here: all that knows Docker, and the only imports of its SDK. May import job, errors, the seam, and what
all executors share.
"""

from kflite.executors.docker.executor import DockerExecutor
from kflite.executors.docker.options import DockerOptions

__all__ = ["DockerExecutor", "DockerOptions"]
