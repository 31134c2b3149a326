"""Finding an attempt again: by its folder, or on another machine by its first pod, which has what the folder would tell."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.kubernetes import names
from kflite.executors.kubernetes.api import NOT_FOUND
from kflite.executors.kubernetes.attempt_state import AttemptState
from kflite.executors.kubernetes.objects import Pod, PodObject
from kflite.executors.kubernetes.shared import ClusterShared
from kflite.executors.ref import Ref


async def recover(shared: ClusterShared, ref: Ref) -> AttemptState | None:
    """What is known of the attempt; None where there is nothing, or it has ended long ago."""
    if (state := AttemptState.read(ref.folder)) or record.read(ref.folder) or not ref.folder.is_relative_to(shared.settings.home):
        return state
    try:
        found = await shared.api.call("GET", shared.api.path("pods", ref.name(0)), accept=(NOT_FOUND,))
    except ExecutorError:
        return None
    text = Pod.read(cast("PodObject", found)).annotations.get(names.MEMO) if found else None
    return _taken_over(AttemptState.parse(text), ref.folder) if text else None


def _taken_over(state: AttemptState, folder: Path) -> AttemptState | None:
    """Make room for what the attempt will bring; None where there is none."""
    try:
        for path in (folder, *(output.parent for output in state.outputs)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.write(folder)
    except OSError:
        return None
    return state
