"""Runs cases by kfp.local and writes their outputs to FOLDER/outputs.json: python -m constructs.locally FOLDER NAME..."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from constructs.case import Case
from kfp import local


def main(folder: str, names: list[str]) -> None:
    """Run each; what breaks is its error's text."""
    from constructs import conditions, failures, inputs, loops

    tables = (conditions, loops, inputs, failures)
    cases = {case.name: case for table in tables for case in table.CASES}
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=folder, raise_on_error=True)
    found = {name: outputs(cases[name]) for name in names}
    Path(folder, "outputs.json").write_text(json.dumps(found))


def outputs(case: Case) -> object:
    """Its outputs; an artifact as what its file holds."""
    try:
        task = case.pipeline(**case.given)
    except Exception as error:  # noqa: BLE001 - whatever kfp.local raises
        return f"{type(error).__name__}: {error}"[:300]
    return {name: content(value) for name, value in task.outputs.items()}


def content(value: Any) -> Any:
    if isinstance(value, list):
        return [content(one) for one in value]
    return Path(value.path).read_text() if hasattr(value, "path") else value


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
