"""What programs read of what is printed."""

from __future__ import annotations

import io
import json
import math
from typing import NoReturn

from kflite.client.view.out import Out


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is not JSON")


def test_json_has_numbers_that_are_none_as_texts() -> None:
    stream = io.StringIO()
    Out(stream).document({"loss": math.nan, "bounds": [-math.inf, {"upper": math.inf}], "accuracy": 0.5, "n": 1, "no": None})
    assert json.loads(stream.getvalue(), parse_constant=_refuse) == {
        "loss": "NaN",
        "bounds": ["-Infinity", {"upper": "Infinity"}],
        "accuracy": 0.5,
        "n": 1,
        "no": None,
    }
