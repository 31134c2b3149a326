"""Jobs as pods: one bare pod per replica, a headless service per gang, all owned by one config map per run.

Only this package imports Kubernetes' client and aiohttp. `manifest` is pure; `program` runs in the pods. It imports the core,
errors, the seam and the executors' shared modules.
"""

from kflite.executors.kubernetes.executor import KubernetesExecutor
from kflite.executors.kubernetes.options import KubernetesOptions

__all__ = ["KubernetesExecutor", "KubernetesOptions"]
