"""The report at the end of a run: its outputs, and failed tasks with the end of their logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kflite.core.value import Value
from kflite.format import clean, duration, short, size, value
from kflite.plans.kinds import has_trials
from kflite.store.base import RunRow
from kflite.terminal.style import Line

_TAIL_LINES = 15
_TAIL_BYTES = 16_384  # read from the end of a log, however long it is


def outputs(run: RunRow) -> Iterator[Line]:
    """A line for each output of the run."""
    parameters, artifacts = run.outputs.get("parameters") or {}, run.outputs.get("artifacts") or {}
    assert isinstance(parameters, dict)
    assert isinstance(artifacts, dict)
    for name, value_given in parameters.items():
        text = (
            _best(value_given)
            if has_trials(run.kind) and name == "best" and isinstance(value_given, dict)
            else value(value_given)
        )
        yield ((clean(name), "bold"), (" = ", "dim"), (text, ""))
    yield from artifact_lines(artifacts)


def _best(trial: Mapping[str, Value]) -> str:
    """The best trial of a search: its value, name and parameters."""
    tried = trial.get("parameters")
    assert isinstance(tried, dict)
    pairs = ", ".join(f"{name} = {short(value_given)}" for name, value_given in tried.items())
    return clean(f"{short(trial.get('value'))} in {trial.get('trial')} with {pairs}")


def artifact_lines(artifacts: Mapping[str, Value]) -> Iterator[Line]:
    """A line for each artifact, by output name. artifacts: as from `Outputs.as_json`."""
    for name, group in artifacts.items():
        assert isinstance(group, list)
        for artifact in group:
            assert isinstance(artifact, dict)
            yield ((clean(name), "bold"), (" = ", "dim"), (clean(str(artifact["uri"])), ""), (_kind(artifact), "dim"))


def _kind(artifact: Mapping[str, Value]) -> str:
    bytes_count = artifact.get("size")
    text = size(bytes_count) if isinstance(bytes_count, int) and bytes_count else ""
    return "  " + ", ".join(filter(None, (str(artifact.get("type", "")).removeprefix("system."), text)))


def tail(log: Path, lines: int = _TAIL_LINES) -> list[str]:
    """The last lines of a log; bytes that are no text are replaced; [] if there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, 2) - _TAIL_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]


def failure(task: str, reason: str, message: str, logs: Iterable[Path]) -> Iterator[Line]:
    """A task's failure, its logs and their last lines."""
    yield ((clean(task), "bold"), (f"  {clean(reason)}{': ' if message else ''}{clean(message)}", "red"))
    for log in logs:
        yield ((f"  {log}", "dim"),)
        for line in tail(log):
            yield (("  | ", "dim"), (clean(line), ""))


def verdict(run: RunRow) -> str:
    """The run's final state in a sentence."""
    took = f" in {duration(run.ended - run.created)}" if run.ended else ""
    return f"run {run.run} {run.state.value}{took}" + (f": {clean(run.reason)}" if run.reason else "")
