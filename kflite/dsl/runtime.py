"""What component code calls when it runs; elsewhere these say so."""

from __future__ import annotations

import sys

from kflite.errors import InputError


def get_uri(suffix: str = "Output") -> str:
    """A URI below the task's own folder, for an artifact that the component makes and returns."""
    if around := getattr(sys.modules["__main__"], "__around__", None):  # the code was imported, and not shipped
        return str(around.names["get_uri"](suffix))
    raise InputError(f"dsl.get_uri({suffix!r}) is called outside a running component: call it in the component's code")


def run_notebook(**parameters: object) -> None:
    """Runs the notebook of a dsl.notebook_component, with values of JSON for its cell tagged `parameters`."""
    names = ", ".join(parameters)
    raise InputError(f"dsl.run_notebook({names}) is called outside a running component: call it in a dsl.notebook_component")
