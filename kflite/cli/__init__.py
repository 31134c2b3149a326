"""The command line: one file per verb or small family, each loaded when its verb is used.

Lives here: arguments, exit statuses, and what is written where. A verb asks the client, `runs` and the engine, never executors or
the store; it holds no logic that is not about showing. Nothing imports this package but the entry point.
"""

from kflite.cli.entry import main

__all__ = ["main"]
