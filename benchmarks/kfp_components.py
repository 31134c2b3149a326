"""A component of kfp's compiler, here and with kfp.local, by turns: python benchmarks/kfp_components.py [TASKS] [ROUNDS]

The same documents, TASKS independent tasks that do nothing and a chain of as many, in milliseconds a task from the submission to
the run's end: of wall time, and of CPU, which other work on the machine changes less. Needs kfp. kflite runs in an environment
without it, made as the tests make theirs, and in this one, where the kfp that is installed does the work. kfp.local runs with the
kfp of this environment: as it is by default but for the virtual environment of each task, which takes 9 s, and then without its
pip step.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = """
import sys
from kfp import compiler, dsl

count, folder = int(sys.argv[1]), sys.argv[2]

@dsl.component(install_kfp_package={pip})
def same(x: int) -> int:
    return x

@dsl.pipeline
def fan(x: int = 1):
    for _ in range(count):
        same(x=x)

@dsl.pipeline
def chain(x: int = 1):
    for _ in range(count):
        x = same(x=x).output

for target in (fan, chain):
    compiler.Compiler().compile(target, f"{{folder}}/{{target.name}}.yaml")
"""
OURS = """
import os, sys, time, kflite
kflite.run(sys.argv[1], on="process", cache=False, progress=False)
began, used = time.perf_counter(), sum(os.times()[:4])
run = kflite.run(sys.argv[1], on="process", cache=False, progress=False)
assert run.state.value == "SUCCEEDED", run.state
print(time.perf_counter() - began, sum(os.times()[:4]) - used)
"""
THEIRS = """
import os, sys, time
from kfp import components, local
local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[2])
pipeline = components.load_component_from_file(sys.argv[1])
began, used = time.perf_counter(), sum(os.times()[:4])
pipeline()
print("", time.perf_counter() - began, sum(os.times()[:4]) - used, sep="\\n")
"""
WAYS = ("kflite without kfp", "kflite with kfp", "kfp.local", "kfp.local without pip")


def compiled(folder: Path, tasks: int) -> None:
    """Writes fan.yaml and chain.yaml, with and without the pip step."""
    for name, pip in (("pip", True), ("plain", False)):
        (folder / name).mkdir()
        (folder / f"{name}.py").write_text(DOCUMENTS.format(pip=pip))
        subprocess.run([sys.executable, "-W", "ignore", f"{folder}/{name}.py", str(tasks), f"{folder}/{name}"], check=True)


def once(way: str, document: str, folder: Path) -> tuple[float, float]:
    """Seconds of one run, and of CPU that it and its tasks took."""
    kind = "plain" if way.endswith("pip") else "pip"
    python = str(folder / "bare" / "bin" / "python") if way.endswith("without kfp") else sys.executable
    code = OURS if way.startswith("kflite") else THEIRS
    with tempfile.TemporaryDirectory() as where:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"KFLITE_HOME": f"{where}/home"}
        env |= {"PATH": f"{Path(python).parent}:{os.environ['PATH']}"}
        argv = [python, "-W", "ignore", "-c", code, str(folder / kind / f"{document}.yaml"), where]
        done = subprocess.run(argv, env=env, cwd=where, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way} failed: {done.stderr[-2000:]}")
    wall, cpu = map(float, done.stdout.split()[-2:])
    return wall, cpu


def main(tasks: int, rounds: int) -> None:
    """Measure by turns and print a table of medians and minima."""
    sys.path.insert(0, str(ROOT / "tests"))
    from integration import bare

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        compiled(folder, tasks)
        bare.make(folder / "bare")
        times: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for _ in range(rounds):
            for document in ("fan", "chain"):
                for way in WAYS:
                    times.setdefault((document, way), []).append(once(way, document, folder))
    print(f"ms a task, of wall time and of CPU, median (minimum) of {rounds}, {tasks} tasks, load {os.getloadavg()[0]:.1f}")
    for (document, way), found in times.items():
        told = ([seconds / tasks * 1000 for seconds in kind] for kind in zip(*found, strict=True))
        print(f"{document:6} {way:22}", *(f"{statistics.median(kind):7.1f} ({min(kind):.1f})" for kind in told))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 3)
