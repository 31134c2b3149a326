"""What is said at the end of a run: its outputs, and what failed with the end of its log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kflite.core.value import Value
from kflite.format import clean, duration, short, size, value
from kflite.store.base import RunRow
from kflite.terminal.style import Line

_TAIL_LINES = 15
_TAIL_BYTES = 16_384  # read from the end of a log, however long it is


def outputs(run: RunRow) -> Iterator[Line]:
    """A line for each output of the run."""
    parameters, artifacts = run.outputs.get("parameters") or {}, run.outputs.get("artifacts") or {}
    assert isinstance(parameters, dict)
    assert isinstance(artifacts, dict)
    for name, given in parameters.items():
        text = _best(given) if run.kind == "experiment" and name == "best" and isinstance(given, dict) else value(given)
        yield ((clean(name), "bold"), (" = ", "dim"), (text, ""))
    yield from made(artifacts)


def _best(trial: Mapping[str, Value]) -> str:
    """The best trial of an experiment: its value, its name, and what it tried."""
    tried = trial.get("parameters")
    assert isinstance(tried, dict)
    pairs = ", ".join(f"{name} = {short(given)}" for name, given in tried.items())
    return clean(f"{short(trial.get('value'))} in {trial.get('trial')} with {pairs}")


def made(artifacts: Mapping[str, Value]) -> Iterator[Line]:
    """A line for each artifact, by the output's name; takes what `Outputs.as_json` gives."""
    for name, many in artifacts.items():
        assert isinstance(many, list)
        for artifact in many:
            assert isinstance(artifact, dict)
            yield ((clean(name), "bold"), (" = ", "dim"), (clean(str(artifact["uri"])), ""), (_kind(artifact), "dim"))


def _kind(artifact: Mapping[str, Value]) -> str:
    held = artifact.get("size")
    text = size(held) if isinstance(held, int) and held else ""
    return "  " + ", ".join(filter(None, (str(artifact.get("type", "")).removeprefix("system."), text)))


def tail(log: Path, lines: int = _TAIL_LINES) -> list[str]:
    """The last lines of a log; bytes that are no text are replaced. Empty where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, 2) - _TAIL_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]


def failure(task: str, reason: str, message: str, logs: Iterable[Path]) -> Iterator[Line]:
    """Why a task failed, where its logs are, and how they end."""
    yield ((clean(task), "bold"), (f"  {clean(reason)}{': ' if message else ''}{clean(message)}", "red"))
    for log in logs:
        yield ((f"  {log}", "dim"),)
        for line in tail(log):
            yield (("  | ", "dim"), (clean(line), ""))


def verdict(run: RunRow) -> str:
    """The run's end in a sentence."""
    took = f" in {duration(run.ended - run.created)}" if run.ended else ""
    return f"run {run.run} {run.state.value}{took}" + (f": {clean(run.reason)}" if run.reason else "")
