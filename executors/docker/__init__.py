"""Jobs as containers: one container per replica, a network per gang, found again by their labels.

Only this package imports Docker's SDK. It imports the core, errors, the seam and the executors' shared modules.
"""

from kflite.executors.docker.executor import DockerExecutor
from kflite.executors.docker.options import DockerOptions

__all__ = ["DockerExecutor", "DockerOptions"]
