"""Options of all verbs that start runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict, TypeVar

import click

from kflite.cli.common import texts

if TYPE_CHECKING:
    from kflite.config import Settings
    from kflite.runs.options import SubmitOptions

C = TypeVar("C", bound=Callable[..., object])

_SHARED = (
    click.option(
        "--on", default="", metavar="WHERE", help="Run on local, process, docker, inline or kubernetes[:CONTEXT/NAMESPACE]."
    ),
    click.option("--name", default="", help="The run's name; by default the pipeline's."),
    click.option("--experiment", default="", help="The experiment that the run belongs to."),
    click.option("--label", "labels", multiple=True, metavar="K=V", help="A label of the run; more than once for more."),
    click.option("--no-cache", is_flag=True, help="Use no cached results."),
    click.option(
        "--timeout", type=click.FloatRange(min=0, min_open=True), metavar="S", help="The time limit of the run, in seconds."
    ),
    click.option("--detach", is_flag=True, help="Print the run's id and leave it running in the background."),
)


class SharedOptions(TypedDict):
    """Arguments that `shared_options` adds to a verb, except `on` and `detach`."""

    name: str
    experiment: str
    labels: tuple[str, ...]
    no_cache: bool
    timeout: float | None


def shared_options(command: C) -> C:
    """Add the options to a verb."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


def as_options(shared: SharedOptions, settings: Settings, parallel: int = 0, fail_fast: bool = False) -> SubmitOptions:
    """The options of a submission. settings: with --on. Raises InputError for an invalid label."""
    from kflite.runs.options import SubmitOptions

    return SubmitOptions(
        name=shared["name"],
        experiment=shared["experiment"],
        on=settings.on,
        cache=not shared["no_cache"],
        parallel=parallel,
        timeout=shared["timeout"],
        fail_fast=fail_fast,
        labels=texts(shared["labels"], "--label"),
    )
