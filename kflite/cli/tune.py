"""`kflite tune`: search for the best parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Unpack

import click

from kflite.cli.common import CliContext, as_json, out, texts
from kflite.cli.options import SharedOptions, as_options, shared_options
from kflite.errors import InputError

if TYPE_CHECKING:
    from kflite.client.run_handle import Run
    from kflite.core.value import Value
    from kflite.space import Dimension

_FORM = "write NAME=double:LOW..HIGH[:log][:step=S], NAME=integer:LOW..HIGH[:log][:step=N] or NAME=choice:A,B,C"


@click.command()
@click.argument("target")
@click.option(
    "--space",
    "-s",
    "spaces",
    multiple=True,
    required=True,
    metavar="NAME=SPACE",
    help="The search space of a parameter; more than once for more.",
)
@click.option("--metric", required=True, help="The output of the target to optimize.")
@click.option("--goal", type=click.Choice(["maximize", "minimize"]), default="maximize", show_default=True)
@click.option("--algorithm", default="random", show_default=True)
@click.option("--trials", type=click.IntRange(min=1), default=10, show_default=True, help="The number of trials.")
@click.option("--parallel", type=click.IntRange(min=1), default=1, show_default=True, help="The number of trials at once.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--param", "-p", "pairs", multiple=True, metavar="K=V", help="A fixed parameter; more than once for more.")
@click.option("--params", "file", default="", metavar="FILE", help="Fixed parameters from a YAML or JSON file.")
@shared_options
@as_json
@click.pass_obj
def tune(
    context: CliContext,
    target: str,
    spaces: tuple[str, ...],
    metric: str,
    goal: str,
    algorithm: str,
    trials: int,
    parallel: int,
    seed: int,
    pairs: tuple[str, ...],
    file: str,
    on: str,
    detach: bool,
    json_: bool,
    **shared: Unpack[SharedOptions],
) -> int:
    """Search for the parameters of TARGET with the best METRIC.

    SPACE is double:0.001..10:log, integer:1..9:step=2, or choice:adam,sgd.
    """
    from kflite.cli import background
    from kflite.cli.common import parameters
    from kflite.cli.foreground import foreground
    from kflite.runs.ignored_settings import of_document
    from kflite.runs.options import Search
    from kflite.runs.submit import runnable, tuning_submission
    from kflite.terminal.ignored_settings import report

    settings = context.with_flags({"on": on})
    searched = {key: dimension(key, text) for key, text in texts(spaces, "--space").items()}
    loaded = context.target(target)
    values = parameters(runnable(loaded), pairs, file)
    search = Search(searched, metric, goal, algorithm, trials, parallel, seed)
    submission = tuning_submission(loaded, search, values, as_options(shared, settings), context.submit_context(settings))
    report(of_document(submission.kind, submission.document, submission.on))
    if detach:
        return background.detach(settings, submission, json_)

    def show_trials(run: Run) -> None:
        if not json_:
            _show(run, submission.document)

    return foreground(settings, None, lambda client: client.start(submission), json_, show_trials)


def _show(run: Run, document: str) -> None:
    from kflite.client.tuning import Tuning
    from kflite.format import short
    from kflite.plans.tuning import loads
    from kflite.terminal.style import STYLES

    tuning = Tuning(run, loads(document))
    names = list(tuning.spec.space)
    trials = sorted(tuning.trials, key=lambda trial: (trial.value is None, trial.value or 0.0))
    trials = trials[::-1] if tuning.spec.goal == "maximize" else trials
    rows = [
        (
            (trial.trial, "bold"),
            (trial.state.value, STYLES[trial.state]),
            ("" if trial.value is None else short(trial.value), ""),
            *((short(trial.parameters.get(name)), "") for name in names),
        )
        for trial in sorted(trials, key=lambda trial: trial.value is None)
    ]
    out().table(("TRIAL", "STATE", tuning.spec.metric.upper(), *names), rows)


def dimension(name: str, text: str) -> Dimension:
    """What `--space NAME=TEXT` says a parameter may be. Raises InputError."""
    from kflite import space

    kind, _, rest = text.partition(":")
    read = {"choice": _choice, "double": _double, "integer": _integer, "int": _integer}.get(kind)
    try:
        if read is None:
            raise ValueError(kind)
        return space.load({name: read(rest)})[name]
    except (ValueError, InputError) as error:
        why = f"{error}; " if isinstance(error, InputError) else ""
        raise InputError(f"--space {name}={text}: {why}{_FORM}") from None


def _choice(text: str) -> dict[str, Value]:
    return {"kind": "choice", "values": [_value(part.strip()) for part in text.split(",") if part.strip()]}


def _double(text: str) -> dict[str, Value]:
    return {"kind": "double"} | _range(text, float)


def _integer(text: str) -> dict[str, Value]:
    return {"kind": "integer"} | _range(text, int)


def _range(text: str, number: Callable[[str], int | float]) -> dict[str, Value]:
    """The fields in `LOW..HIGH[:log][:step=S]`. Raises ValueError."""
    between, *words = text.split(":")
    low, _, high = between.partition("..")
    fields: dict[str, Value] = {"low": number(low), "high": number(high)}
    for word in words:
        key, _, step = word.partition("=")
        if key not in ("log", "step"):
            raise ValueError(word)
        fields[key] = number(step) if key == "step" else True
    return fields


def _value(text: str) -> Value:
    """A number or boolean where it reads as one, else the text."""
    try:
        value: Value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) else text
