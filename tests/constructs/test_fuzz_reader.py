"""A slice of what benchmarks/fuzz_reader.py does for ten minutes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import kflite

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "fuzz_reader.py"


def test_five_seconds_of_spoiled_pipelines_give_no_traceback_and_no_hang() -> None:
    env = os.environ | {"PYTHONPATH": str(Path(kflite.__file__).parents[1])}
    command = [sys.executable, "-W", "ignore", str(PROGRAM), "--seconds", "5"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    assert " 0 findings" in done.stdout
