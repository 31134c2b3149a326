"""How runs and tunings go, as callers say it: typed keywords for Python, and the records that they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Required, TypedDict, cast

from kflite.core.frozen import dataclass

if TYPE_CHECKING:
    from kflite.runs.inputs import RunInput
    from kflite.space import Space


class RunOptions(TypedDict, total=False):
    """The keywords of `Client.submit` and `kflite.run`.

    name: the run's; the target's if not given. experiment: the group that the run belongs to. on: `local`, `process`, `docker`,
    `inline`, `kubernetes[:CONTEXT/NAMESPACE]`; what the settings say if not given. cache: use results of earlier runs, which is
    the default. parallel: tasks at once, 0 for as many as there is room for. timeout: longest time of the run, in seconds.
    fail_fast: stop at the first failure. labels: of the run.
    """

    name: str
    experiment: str
    on: str
    cache: bool
    parallel: int
    timeout: float | None
    fail_fast: bool
    labels: Mapping[str, str] | None


class TuneOptions(TypedDict, total=False):
    """The keywords of `Client.tune` and `kflite.tune`.

    metric: the output of the target that is to be best. goal: `maximize` (the default) or `minimize`. algorithm: `random`.
    trials: how many, 10 if not given; parallel: how many at once. seed: of the algorithm's chance. parameters: those that stay as
    they are in all trials. name, experiment, on, cache, timeout, labels: as for a run, see `RunOptions`.
    """

    metric: Required[str]
    goal: str
    algorithm: str
    trials: int
    parallel: int
    seed: int
    parameters: Mapping[str, RunInput] | None
    name: str
    experiment: str
    on: str
    cache: bool
    timeout: float | None
    labels: Mapping[str, str] | None


class BlockingOptions(TypedDict, total=False):
    """The further keywords of the calls that block: where all is kept, as the settings say if not given, and what is shown.

    store: `sqlite:///path` or `postgresql://…`; artifacts: a folder or an fsspec URL; home: the folder of private data.
    progress: show the run while it goes on, which is the default.
    """

    store: str
    artifacts: str
    home: str
    progress: bool


class BlockingRunOptions(RunOptions, BlockingOptions, total=False):
    """The keywords of `kflite.run`."""


class BlockingTuneOptions(TuneOptions, BlockingOptions, total=False):
    """The keywords of `kflite.tune`."""


@dataclass(frozen=True, slots=True)
class SubmitOptions:
    """How to run. parallel: tasks at once, 0: no bound; timeout: in seconds; name and on: "" for the target's, the settings'."""

    name: str = ""
    experiment: str = ""
    on: str = ""
    cache: bool = True
    parallel: int = 0
    timeout: float | None = None
    fail_fast: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Search:
    """What a tuning looks for. space: by parameter, as `kflite.space` makes it. The fields are in the order of `TuningSpec`'s."""

    space: Space
    metric: str
    goal: str = "maximize"
    algorithm: str = "random"
    trials: int = 10
    parallel: int = 1
    seed: int = 0


def run_options(keywords: Mapping[str, object], call: str) -> SubmitOptions:
    """The record of a run's keywords. call: what got them. Raises TypeError for one that there is not."""
    refuse_unknown(keywords, RunOptions, call)
    return _options(keywords)


def tune_options(space: Space, keywords: Mapping[str, object], call: str) -> tuple[Search, SubmitOptions]:
    """The records of a tuning's keywords. Raises TypeError for one that there is not, or without a metric."""
    refuse_unknown(keywords, TuneOptions, call)
    if "metric" not in keywords:
        raise TypeError(f"{call}() needs metric=..., the output of the target that is to be best")
    searched = {name: keywords[name] for name in Search.__slots__ if name in keywords}
    return Search(space, **searched), _options({**keywords, "parallel": 0})  # type: ignore[arg-type]


def split_options(keywords: Mapping[str, object], known: type, call: str) -> tuple[BlockingOptions, dict[str, object]]:
    """Those of `BlockingOptions`, and the others. known: all keywords of the call. Raises TypeError for one that there is not."""
    refuse_unknown(keywords, known, call)
    blocking = {name: value for name, value in keywords.items() if name in BlockingOptions.__annotations__}
    return cast(BlockingOptions, blocking), {name: value for name, value in keywords.items() if name not in blocking}


def refuse_unknown(keywords: Mapping[str, object], known: type, call: str) -> None:
    """Raises TypeError for the first keyword that `known`, a TypedDict, has not, with what may have been meant."""
    for name in keywords:
        if name not in known.__annotations__:
            from difflib import get_close_matches

            near = get_close_matches(name, known.__annotations__, 1)
            hint = f": did you mean {near[0]!r}?" if near else f"; it has {', '.join(known.__annotations__)}"
            raise TypeError(f"{call}() has no option {name!r}{hint}")


def _options(keywords: Mapping[str, object]) -> SubmitOptions:
    fields = {name: keywords[name] for name in SubmitOptions.__slots__ if name in keywords}
    return SubmitOptions(**{**fields, "labels": fields.get("labels") or {}})  # type: ignore[arg-type]
