"""What a user can choose about containers."""

from __future__ import annotations

from dataclasses import dataclass

from kflite.executors.images import ImageMap


@dataclass(frozen=True, slots=True)
class Settings:
    """How the Docker executor works.

    address: the daemon's, such as unix:///var/run/docker.sock; "" takes DOCKER_HOST, else the docker command's current context.
    image_user: run as the image's own user instead of the caller; what it writes may then belong to somebody else.
    pass_ca: give containers the certificate authorities, proxies and package indexes that this machine's environment names.
    reconnect_s: seconds without an answer from the daemon after which its containers count as lost.
    peer_grace_s: seconds that the other replicas of a gang have to end after one has failed.
    """

    images: ImageMap = ImageMap()
    address: str = ""
    image_user: bool = False
    pass_ca: bool = True
    reconnect_s: float = 60.0
    peer_grace_s: float = 10.0
