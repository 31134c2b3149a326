"""What else decides a task's result, where it runs: its image, volumes and config maps, of which names do not tell all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kflite.core.job import Mount, Source
from kflite.plans.dag.shape import Settings as Held
from kflite.plans.dag.work import ContainerWork
from kflite.runtime import bootstrap

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.core.plan import Work
    from kflite.executors.docker.pull import Images


class Identity:
    """Tells which images (by digest), volumes and config maps these are, as parts of cache keys.

    An image that is not here yet has no part.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._images: Images | None = None
        self._known: dict[str, str] = {}

    def __call__(self, on: str, work: Work) -> Mapping[str, str]:
        """The parts for one task: none where it runs in no container, mounts no volume and reads no config map."""
        if not isinstance(work, ContainerWork) or on.partition(":")[0] == "kubernetes":
            return {}
        held = work.own.settings
        return {**self._image(on, work), **self._volumes(held.mounts), **_config_maps(held)}

    def _volumes(self, mounts: Sequence[Mount]) -> dict[str, str]:
        """A volume that was deleted and made again is another: what a task wrote into the first is gone."""
        names = {mount.name for mount in mounts if mount.source is Source.VOLUME}
        if not names:
            return {}
        from kflite.executors.volumes import Volumes

        volumes = Volumes(self._settings.home / "volumes")
        return {f"volume {name}": volumes.identity(name) for name in names}

    def _image(self, on: str, work: ContainerWork) -> dict[str, str]:
        if not self._contained(on, work):
            return {}
        if work.image not in self._known:
            self._known[work.image] = self._found().digest(work.image)
        digest = self._known[work.image]
        return {"image digest": digest} if digest else {}

    def _contained(self, on: str, work: ContainerWork) -> bool:
        python = bootstrap.recognise(work.container.command, work.container.args)
        return on == "docker" or (on == "local" and not python)

    def _found(self) -> Images:
        if self._images is None:
            from kflite.executors.docker.daemon import Daemon
            from kflite.executors.docker.pull import Images
            from kflite.executors.images import ImageMap

            daemon = Daemon(self._settings.docker.address, self._settings.docker.reconnect_s)
            self._images = Images(daemon, ImageMap(self._settings.images))
        return self._images


def _config_maps(held: Held) -> dict[str, str]:
    if not held.secrets and not held.mounts:
        return {}
    from kflite.executors.secrets import contents

    return {f"config map {name}": digest for name, digest in contents(held.secrets, held.mounts).items()}
