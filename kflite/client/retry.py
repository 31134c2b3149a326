"""Asking for a retry: what did not succeed is to be done again, what succeeded stays."""

from __future__ import annotations

import time

from kflite.errors import InputError
from kflite.event import Event, Kind, State
from kflite.store import Database
from kflite.store.base import RunRow


def ask(store: Database, run: RunRow) -> None:
    """Store the request; whoever takes the run over acts on it. Raises InputError for a run that goes on or has succeeded."""
    if not run.state.ended:
        raise InputError(f"run {run.run} is {run.state}: only a run that has ended can be retried")
    if run.state is State.SUCCEEDED:
        raise InputError(f"run {run.run} has succeeded, there is nothing to retry: kflite clone {run.run} runs it again")
    store.append([Event(run.run, Kind.RUN_RETRIED, time.time())])
