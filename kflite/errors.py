"""What can go wrong, in words for the user: what happened, where, and what to do.

Lives here: every exception that kflite raises on purpose. Nothing else may live here, and this module imports nothing of kflite.
"""


class KfliteError(Exception):
    """Base of all; `str()` is one or two lines that name the remedy. `exit_status` is what the command line returns."""

    exit_status = 1


class InputError(KfliteError):
    """Bad input or usage: nothing was started."""

    exit_status = 2


class CompileError(InputError):
    """A pipeline or component that cannot become IR; the text names file, line and remedy."""


class InvalidPipeline(InputError):
    """A document that is not a sound pipeline; `problems` holds (path in the document, what is wrong and what to do)."""

    def __init__(self, source: str, problems: list[tuple[str, str]]) -> None:
        self.source = source
        self.problems = problems
        lines = [f"{path}: {text}" if path else text for path, text in problems]
        super().__init__(f"{source}: " + ("\n  ".join(["", *lines]).lstrip("\n") if len(lines) > 1 else lines[0]))


class NotFound(InputError):
    """A run, task, file or cache entry that does not exist."""


class StoreError(KfliteError):
    """The store cannot be read or written."""


class StoreFull(StoreError):
    """The disk (or quota) under the store is full."""


class StoreLocked(StoreError):
    """Another process held the store's lock for longer than the time allowed."""


class EventError(StoreError):
    """A stored event that this version of kflite cannot read; the text names its run, number and kind."""


class LeaseLost(KfliteError):
    """Another scheduler owns the run now; this one must not act on it."""


class ExecutorError(KfliteError):
    """An executor cannot work here (no daemon, no capacity that would ever fit), or cannot start a job.

    `reason` is the word that the task's state will carry.
    """

    def __init__(self, message: str, reason: str = "StartFailed") -> None:
        self.reason = reason
        super().__init__(message)


class TransitionError(KfliteError):
    """An event that the machine's table lacks: a bug, or a store that somebody edited."""
