"""Messages between the executor and a zygote: one JSON object per line. Types only; the zygote does not load this file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypeAlias, TypedDict, final

if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending


class ProcessMount(TypedDict):
    """What is seen at `path`: the folder or file `source`, or a new folder in memory, of `size` bytes at most (0: no bound).

    files: what that folder holds, by name, in base 64; nothing can be written to it then.
    """

    path: str
    source: NotRequired[str]
    size: NotRequired[int]
    files: NotRequired[dict[str, str]]


class ReplicaOrder(TypedDict):
    """What a process runs: the program `argv`, or the named `code` with arguments `argv`. memory: bytes, 0 for no limit."""

    name: str
    log: str
    work: str
    env: dict[str, str]
    memory: int
    argv: list[str]
    mounts: list[ProcessMount]
    code: NotRequired[str]


@final
class StartMessage(TypedDict):
    """Start an attempt in the folder `start`.

    gpus: numbers, by comma; success_roles: those whose success is the attempt's, where it names some.
    """

    start: str
    gpus: str
    folders: list[str]
    files: dict[str, str]
    replicas: list[ReplicaOrder]
    success_roles: NotRequired[list[str]]


@final
class Code(TypedDict):
    """A program's text, and the name that it has from here on.

    definitions: what stands before it, and may be executed once for all.
    """

    code: str
    definitions: str
    text: str


@final
class StopMessage(TypedDict):
    """Stop the attempt with this folder."""

    stop: str
    grace_s: float


@final
class Follow(TypedDict):
    """Report the end of the attempt with this folder, which another scheduler started."""

    follow: str


@final
class EndedMessage(TypedDict):
    """The attempt with this folder ended."""

    ended: str
    ending: Ending


@final
class Elsewhere(TypedDict):
    """The attempt with this folder is not, or no longer, this zygote's: read its folder."""

    elsewhere: str


Order: TypeAlias = StartMessage | Code | StopMessage | Follow
News: TypeAlias = EndedMessage | Elsewhere
