"""Loading of targets: objects, files and modules from here, uploaded pipelines from the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kflite.runs import pipelines

if TYPE_CHECKING:
    from kflite.client.session import Session
    from kflite.target import Target


async def load(session: Session, target: object) -> Target:
    """Load a target. Modules are imported in the caller's thread, as their code may expect.

    Raises NotFound, CompileError, InvalidPipeline, InputError.
    """
    if named := pipelines.uploaded_name(target):
        return await session.pipeline(*named)
    return pipelines.load(target)
