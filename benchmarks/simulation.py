"""More simulated lives than the suite has: `python benchmarks/simulation.py [SEEDS [FIRST]]`, 100,000 from 0 if not said.

Prints each seed that ends otherwise than the reference says; the seed alone brings it back: `tests/simulation`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS / "simulation"), str(TESTS)]


def main(seeds: int = 100_000, first: int = 0) -> int:
    from life import Life

    began, bad = time.perf_counter(), 0
    for seed in range(first, first + seeds):
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
            try:
                Life(seed, Path(folder)).live()
            except Exception as error:  # noqa: BLE001 - whatever breaks is a finding, and the next seed goes on
                bad += 1
                print(f"seed {seed}: {type(error).__name__}: {error}"[:500], flush=True)
        if (seed + 1) % 5000 == 0:
            print(f"{seed + 1} seeds, {bad} bad, {time.perf_counter() - began:.0f} s", flush=True)
    print(f"{seeds} seeds from {first}: {bad} bad, {(time.perf_counter() - began) / seeds * 1000:.1f} ms a seed")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
