"""Exits of attempts, from the ends of their replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kflite.core.job import Exit, Job, ReplicaExit
from kflite.executors.gang import End, Verdict

if TYPE_CHECKING:
    from kflite.executors.attempt_folder import Ending


def from_ending(ending: Ending) -> Exit:
    """The exit that an attempt's folder or a zygote reports."""
    replicas = tuple(ReplicaExit(str(role), int(index), int(code), str(why)) for role, index, code, why in ending["replicas"])
    return Exit(ending["code"], ending["reason"], ending["message"], ending["lost"], replicas)


def from_verdict(verdict: Verdict, replicas: Sequence[tuple[str, int]]) -> Exit:
    """The exit of an attempt with these ends of its replicas, by rank."""
    ends = {end.replica: end for end in verdict.ends}
    ranked = (ends[replica] for replica in replicas if replica in ends)
    whole = verdict.whole
    each = tuple(ReplicaExit(*end.replica, end.code, end.reason) for end in ranked)
    return Exit(whole.code, whole.reason, whole.message, whole.lost, each)


def from_partial(exit: Exit, ends: Sequence[End], replicas: Sequence[tuple[str, int]]) -> Exit:
    """The exit of an attempt that is gone: replicas without an end of their own ended as the whole did."""
    known = {end.replica: ReplicaExit(*end.replica, end.code, end.reason) for end in ends}
    each = tuple(known.get(replica, ReplicaExit(*replica, exit.code, exit.reason)) for replica in replicas)
    return replace(exit, replicas=each)


def end_of(replica: tuple[str, int], exit: Exit, stopped: bool) -> End:
    """A replica's end, for the verdict. stopped: it was stopped on request."""
    return End(replica, exit.code, exit.reason, exit.message, exit.lost, stopped)


def of_each(job: Job, exit: Exit) -> Exit:
    """The exit of an attempt whose replicas all ended as the whole did."""
    return from_partial(exit, (), [(replica.role.name, replica.index) for replica in job.replicas])
