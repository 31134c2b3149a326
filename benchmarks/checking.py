"""Reading and checking a pipeline of many tasks: python benchmarks/checking.py [TASKS] [ROUNDS]

A YAML file of TASKS (1,000) tasks in a chain of pairs, as kfp writes it: from its bytes to a pipeline that is found sound, in
seconds, and beside it what kfp's own loader takes for the same file, where kfp is installed. Exits with 1 beyond LIMIT_S.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LIMIT_S = 0.5  # for 1,000 tasks


def document(tasks: int) -> dict[str, object]:
    """Each task adds two numbers: one of the task before, one of the pipeline's."""
    number = {"parameters": {"a": {"parameterType": "NUMBER_INTEGER"}, "b": {"parameterType": "NUMBER_INTEGER"}}}
    gives = {"parameters": {"Output": {"parameterType": "NUMBER_INTEGER"}}}
    box = {"image": "python:3.11", "command": ["python3", "-c", "print(1)\n" * 20], "args": ["--executor_input", "{{$}}"]}
    named: dict[str, object] = {}
    for n in range(tasks):
        before = {"taskOutputParameter": {"producerTask": f"add-{n - 1}", "outputParameterKey": "Output"}}
        given = {"a": before if n else {"runtimeValue": {"constant": 1}}, "b": {"componentInputParameter": "n"}}
        named[f"add-{n}"] = {
            "componentRef": {"name": f"comp-add-{n}"},
            "taskInfo": {"name": f"add-{n}"},
            "cachingOptions": {"enableCache": True},
            "inputs": {"parameters": given},
            **({"dependentTasks": [f"add-{n - 1}"]} if n else {}),
        }
    each = {"inputDefinitions": number, "outputDefinitions": gives}
    return {
        "pipelineInfo": {"name": "chain"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "root": {"dag": {"tasks": named}, "inputDefinitions": {"parameters": {"n": {"parameterType": "NUMBER_INTEGER"}}}},
        "components": {f"comp-add-{n}": {**each, "executorLabel": f"exec-add-{n}"} for n in range(tasks)},
        "deploymentSpec": {"executors": {f"exec-add-{n}": {"container": box} for n in range(tasks)}},
    }


def ours(path: Path) -> None:
    from kflite.ir.check import ensure
    from kflite.ir.read import read

    ensure(read(path), str(path), {"n": 1})


def theirs(path: Path) -> None:
    from kfp import components

    components.load_component_from_file(str(path))


def timed(what: Callable[[Path], None], path: Path, rounds: int) -> list[float]:
    """Seconds of each round, after one that is not counted."""
    what(path)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        what(path)
        times.append(time.perf_counter() - began)
    return times


def main(tasks: int = 1000, rounds: int = 5) -> int:
    import yaml

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "chain.yaml")
        path.write_text(yaml.dump(document(tasks), Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
        mine = timed(ours, path, rounds)
        print(f"{tasks} tasks, {path.stat().st_size:,} bytes, median (minimum) of {rounds}")
        print(f"kflite reads and checks  {statistics.median(mine):6.3f} s ({min(mine):.3f})")
        try:
            others = timed(theirs, path, rounds)
        except ImportError:
            print("kfp is not installed: nothing to compare with")
        else:
            print(f"kfp loads                {statistics.median(others):6.3f} s ({min(others):.3f})")
            print(f"kfp / kflite             {min(others) / min(mine):6.1f}")
    return 1 if min(mine) > LIMIT_S * tasks / 1000 else 0


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
