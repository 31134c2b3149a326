"""What older compilers of kfp wrote runs here, with no kfp in sight.

The documents were written by kfp 1.8.22, 2.0.1 and 2.9.0 from one pipeline: parameters of every type, artifacts, metrics, loops
in loops, conditions in a loop, texts made of several values, and an exit task with the final status, all of which assert.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import kflite

COMPILED = sorted(p for p in (Path(__file__).parent / "compiled").iterdir() if p.suffix in (".json", ".yaml"))


@pytest.mark.parametrize("file", COMPILED, ids=[p.name for p in COMPILED])
def test_a_pipeline_with_a_bit_of_everything_runs_as_its_author_meant_it(file, home):
    run = kflite.run(str(file), on="process", progress=False)
    assert run.state == "SUCCEEDED", {path: task.message for path, task in run.tasks.items() if task.message}
    skipped = {path.rpartition("/")[2] for path, task in run.tasks.items() if task.state == "SKIPPED"}
    assert skipped == {"condition-3", "condition-4"}
