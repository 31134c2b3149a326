"""Jobs as pods: one bare pod per replica, a headless service per gang, all owned by one config map per run.

Lives here: all that knows Kubernetes, and the only imports of its client and of aiohttp. `manifest` is pure; `program` travels
into the pods. May import job, errors, the seam, and what all executors share.
"""

from kflite.executors.kubernetes.executor import KubernetesExecutor
from kflite.executors.kubernetes.options import KubernetesOptions

__all__ = ["KubernetesExecutor", "KubernetesOptions"]
