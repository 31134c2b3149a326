"""What a user can choose about pods."""

from __future__ import annotations

from dataclasses import dataclass

from kflite.executors.images import ImageMap

STAGING_IMAGE = "python:3.11-slim"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the Kubernetes executor works. Times are in seconds.

    context: of the kubeconfig, "" for its current one, or the pod's own account in a cluster; namespace: "" for the context's.
    staging_image: has python3 (3.7 or newer), and fsspec with s3fs where artifacts are kept in S3.
    storage_secret: the secret with the way to S3, as variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL): pods
    copy artifacts at s3:// themselves; "" lets the scheduler copy them for its pods.
    volume: how the folders of this machine are seen in pods: "" copies files through the API server, "host" mounts the node's own
    folders, NAME mounts the claim of that name, whose root is `volume_root` here.
    queue: Kueue's, which admits the pods of a gang together; workspace_*: of the claim that the tasks of a run share, where a
    pipeline asks for a workspace and does not say.
    pull_s: how long an image, secret or volume may be missing; pending_s: how long a pod may find no node; gang_s: how long the
    first replica waits for the last one; push_s: how long a pod keeps outputs that nobody fetches.
    kept_s: how long a run whose scheduler has not come back is kept in the namespace once nothing of it runs.
    reconnect_s: without an answer from the API server, after which its pods count as lost.
    peer_grace_s: what the other replicas of a gang have to end after one has failed.
    home: where this machine keeps the folders of attempts; those that lie elsewhere are another machine's, "" for none.
    restricted: obey the Pod Security standard "restricted" whole, which images that run as root do not.
    """

    context: str = ""
    namespace: str = ""
    images: ImageMap = ImageMap()
    profile: str = ""
    home: str = ""
    staging_image: str = STAGING_IMAGE
    storage_secret: str = ""
    volume: str = ""
    volume_root: str = ""
    service_account: str = ""
    priority_class: str = ""
    queue: str = ""
    workspace_class: str = ""
    workspace_access: str = "ReadWriteOnce"
    restricted: bool = False
    pull_s: float = 120.0
    pending_s: float = 3600.0
    gang_s: float = 300.0
    push_s: float = 86_400.0
    kept_s: float = 7 * 86_400.0
    reconnect_s: float = 300.0
    peer_grace_s: float = 10.0
