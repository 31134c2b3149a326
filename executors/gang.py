"""The verdict on a gang: what the ends of replicas mean for the other replicas and for the job.

Pure, and standard library only, as zygotes load this file by its path. A gang fails with the first replica that fails by itself;
it succeeds once all replicas of its success roles have, or all replicas where it names none. Either way the others are stopped.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class End(NamedTuple):
    """How a replica (its role, its index) ended. code: 0 succeeded, -N killed by signal N; stopped: on request, before that."""

    replica: tuple[str, int]
    code: int
    reason: str = ""
    message: str = ""
    lost: bool = False
    stopped: bool = False

    @property
    def name(self) -> str:
        """The replica's name in messages."""
        return "{}.{}".format(*self.replica)


class Verdict(NamedTuple):
    """ends: as they count, in the order in which they came; whole: the one that the job's end is; settled: the others are to be
    stopped, as the job's end is known.
    """

    whole: End
    ends: tuple[End, ...]
    settled: bool


def verdict(ends: Sequence[End], replicas: Sequence[tuple[str, int]], success_roles: Collection[str] = ()) -> Verdict:
    """The verdict on the ends so far, in order. replicas: role and index of each."""
    needed = {replica for replica in replicas if replica[0] in success_roles}
    missing = set(needed)
    judged: list[End] = []
    culprit: End | None = None
    for end in ends:
        done = bool(needed) and not missing and culprit is None
        counted = _counted(end, culprit, success_roles if done else ())
        judged.append(counted)
        if not counted.code:
            missing.discard(end.replica)
        elif counted is end and not done:
            culprit = culprit or end
    succeeded = bool(needed) and not missing and culprit is None
    whole = _whole(judged, culprit, succeeded)
    if len(replicas) > 1 and whole.code:
        whole = whole._replace(message=f"{whole.name}: {whole.message}")
    return Verdict(whole, tuple(judged), succeeded or culprit is not None)


def _counted(end: End, culprit: End | None, finished: Collection[str]) -> End:
    """The end of a replica as explained by earlier ends. finished: the roles that made the job succeed."""
    if not end.code:
        return end
    if end.stopped:
        return end._replace(reason="Stopped", message="stopped on request", lost=False)
    if culprit:
        return end._replace(reason="PeerFailed", message=f"stopped, because {culprit.name} failed", lost=False)
    if finished:
        return end._replace(reason="PeerSucceeded", message=f"stopped, because {', '.join(finished)} succeeded", lost=False)
    return end


def _whole(judged: Sequence[End], culprit: End | None, succeeded: bool) -> End:
    """The end that decides the job's: a failure, else a stopped replica, else a success."""
    failed = None if succeeded else culprit or next((end for end in judged if end.code), None)
    good = [end for end in judged if not end.code]
    return failed or next((end for end in good if end.message), None) or next(iter(good), End(("", 0), 0))
