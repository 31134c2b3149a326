"""Use cases and view models of runs, without any user interface: submit, follow, find, label, compare and delete runs.

This package imports the scheduler's submission, the store and the layers below, never rich, textual or HTML. The engine, the
client, the terminal, pages and the command line import it.
"""
