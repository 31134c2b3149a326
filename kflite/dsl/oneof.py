"""OneOf: joins outputs of the branches of an If, Elif and Else."""

from __future__ import annotations

from kflite.dsl import trace
from kflite.dsl.channels import Collected, OutputChannel
from kflite.dsl.groups import Branches, Else, Group
from kflite.dsl.types import fits
from kflite.errors import KfliteError


class OneOf(OutputChannel):
    """The output of the branch that ran. channels: one output of each branch, all of one type."""

    def __init__(self, *channels: OutputChannel | Collected) -> None:
        self.branches = _common_branches(channels)
        self.channels = channels
        first = channels[0].type
        for channel in channels[1:]:
            if first is None or not fits(channel.type, first):
                raise _refused(f"{channels[0].title} is {first}, and {channel.title} is {channel.type}: give outputs of one type")
        self.branches.joined += 1
        key = f"pipelinechannel--{self.branches.name}-oneof-{self.branches.joined}"
        super().__init__(first, key, self.branches, key)


def _common_branches(channels: tuple[OutputChannel | Collected, ...]) -> Branches:
    paths = [_path(channel) for channel in channels]
    shared = [groups[0] for groups in zip(*paths, strict=False) if all(g is groups[0] for g in groups)]
    branches = shared[-1] if shared else None
    if not isinstance(branches, Branches):
        raise _refused("give it one output from each branch of the same dsl.If, dsl.Elif and dsl.Else")
    taken = [path[len(shared)] for path in paths if len(path) > len(shared)]
    if {id(branch) for branch in taken} != {id(member) for member in branches.members} or len(taken) != len(branches.members):
        raise _refused(f"it has {len(channels)} outputs for {len(branches.members)} branches: give it one from each")
    if not isinstance(branches.members[-1], Else):
        raise _refused("no branch may run, and then it has no value: add a dsl.Else")
    return branches


def _path(channel: OutputChannel | Collected) -> list[Group]:
    inner = channel.inner if isinstance(channel, Collected) else channel
    if not isinstance(inner, OutputChannel):
        raise _refused(f"{getattr(inner, 'title', repr(inner))} is no output of a task in a branch")
    return inner.home.path


def _refused(why: str) -> KfliteError:
    return trace.refused(f"dsl.OneOf: {why}")
