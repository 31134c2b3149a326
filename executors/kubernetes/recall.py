"""Finding an attempt again: by its folder, or on another machine by its first pod, which has what the folder would tell."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from kflite.errors import ExecutorError
from kflite.executors import record
from kflite.executors.kubernetes import names
from kflite.executors.kubernetes.api import NOT_FOUND
from kflite.executors.kubernetes.memo import Memo
from kflite.executors.kubernetes.objects import Pod, PodObject
from kflite.executors.kubernetes.shared import Shared
from kflite.executors.ref import Ref


async def recall(shared: Shared, ref: Ref) -> Memo | None:
    """What is known of the attempt; None where there is nothing, or it has ended long ago."""
    if (memo := Memo.read(ref.folder)) or record.read(ref.folder) or not ref.folder.is_relative_to(shared.settings.home):
        return memo
    try:
        found = await shared.api.call("GET", shared.api.path("pods", ref.name(0)), accept=(NOT_FOUND,))
    except ExecutorError:
        return None
    text = Pod.read(cast("PodObject", found)).annotations.get(names.MEMO) if found else None
    return _taken_over(Memo.parse(text), ref.folder) if text else None


def _taken_over(memo: Memo, folder: Path) -> Memo | None:
    """Make room for what the attempt will bring; None where there is none."""
    try:
        for path in (folder, *(output.parent for output in memo.outputs)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        memo.write(folder)
    except OSError:
        return None
    return memo
