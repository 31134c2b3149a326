"""Runs: the use cases and view models that every face of kflite stands on, without a screen.

Lives here: submitting, following, finding, labelling, comparing and removing runs, and what a view of them shows as plain data.
Imports the scheduler's submission, the store and all below; no rich, no textual, no HTML. The engine, the client, the terminal,
pages and the command line import it.
"""
