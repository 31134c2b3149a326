"""The command line: one file per verb or small family of verbs, each loaded when its verb is used.

A verb parses arguments, calls the client, `runs` and the engine, shows the result, and sets the exit status. It never imports
executors or the store. Only the entry point `kflite.__main__` and the console script import this package.
"""

from kflite.cli.entry import main

__all__ = ["main"]
