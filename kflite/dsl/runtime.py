"""Functions for component code at run time; elsewhere they raise an error."""

from __future__ import annotations

import sys

from kflite.errors import InputError


def get_uri(suffix: str = "Output") -> str:
    """A URI in the task's own folder, for an artifact that the component creates and returns."""
    if component_env := getattr(sys.modules["__main__"], "__component_env__", None):  # the code was imported, and not shipped
        return str(component_env.names["get_uri"](suffix))
    raise InputError(f"dsl.get_uri({suffix!r}) is called outside a running component: call it in the component's code")


def run_notebook(**parameters: object) -> None:
    """Run the notebook of a dsl.notebook_component, with JSON values for its cell tagged `parameters`."""
    names = ", ".join(parameters)
    raise InputError(f"dsl.run_notebook({names}) is called outside a running component: call it in a dsl.notebook_component")
