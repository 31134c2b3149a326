"""Start-up: `import kflite`, `kflite --help`, and a one-task pipeline from the shell to its end; milliseconds, median of N runs.

`python benchmarks/startup.py [N]` measures the kflite of this interpreter, with bytecode compiled.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import kflite": ["-c", "import kflite"],
    "kflite --help": ["-m", "kflite", "--help"],
    "one task": ["-m", "kflite", "run", str(HERE / "work.py") + ":one", "--on", "process", "--no-cache"],
    "kflite ls": ["-m", "kflite", "ls"],
}


def main(runs: int = 9) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as home:
        walls: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for _ in range(runs + 1):
            for name, words in COMMANDS.items():
                began = time.perf_counter()
                subprocess.run([sys.executable, *words], env=environment | {"KFLITE_HOME": home}, capture_output=True, check=True)
                walls[name].append((time.perf_counter() - began) * 1000)
    print(f"load {os.getloadavg()[0]:.1f}")
    for name, found in walls.items():
        print(f"{name:16} {statistics.median(found[1:]):6.0f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
