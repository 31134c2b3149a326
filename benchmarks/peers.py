"""kflite and its peers on the same work, by turns, so that a drift of the machine's speed hits all alike:

    python benchmarks/peers.py [--programs FOLDER] [--peer NAME]... [--work W]... [--rounds N]

FOLDER holds a program `peer_NAME.py` for each peer, that does a work named W1… and prints `RESULT {"inner": s, "ok": …}`, as
`benchmarks/work.py` does for kflite. Each peer has a virtual environment of its own, made by uv below ~/.cache/kflite-bench;
kflite is installed there as a wheel. Times are whole processes, from start to end, in seconds; ratios are of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path.home() / ".cache" / "kflite-bench"
PACKAGES = {
    "kflite": [str(ROOT)],
    "kfp": ["kfp"],
    "snakemake": ["snakemake"],
    "dbos": ["dbos"],
    "redun": ["redun"],
    "luigi": ["luigi"],
}
WORKS = ("W1", "W2", "W3", "W4", "W5", "W6", "W7")
LIMIT_S = 120
QUIET = {"DO_NOT_TRACK": "1", "DBOS__DISABLE_TELEMETRY": "1", "PYTHONWARNINGS": "ignore"}


def install(peer: str) -> Path:
    """The Python of a peer's environment; kflite is installed anew each time."""
    python = CACHE / peer / "bin" / "python"
    if not python.exists():
        subprocess.run(["uv", "venv", "-q", "--python", sys.executable, str(CACHE / peer)], check=True)
    if peer == "kflite" or not (CACHE / peer / "installed").exists():
        again = ["--reinstall-package", "kflite"] if peer == "kflite" else []
        command = ["uv", "pip", "install", "-q", "--compile-bytecode", "--python", str(python), *again, *PACKAGES[peer]]
        subprocess.run(command, check=True)
        (CACHE / peer / "installed").touch()
    return python


def program(peer: str, programs: Path) -> Path:
    """The program that does a peer's work."""
    return ROOT / "benchmarks" / "work.py" if peer == "kflite" else programs / f"peer_{peer}.py"


def once(peer: str, work: str, programs: Path, where: str, second: bool = False) -> float | None:
    """Seconds of one run, None where it failed or took too long."""
    python = CACHE / peer / "bin" / "python"
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")} | QUIET
    environment |= {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "HOME": where,
        "BENCH_W": work,
        "BENCH_PASS": "2" if second else "1",
    }
    if peer != "kflite":
        environment["PYTHONPATH"] = str(programs)
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [str(python), str(program(peer, programs)), work],
            cwd=where,
            env=environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    wall = time.perf_counter() - began
    results = [line.strip()[7:] for line in done.stdout.splitlines() if line.strip().startswith("RESULT {")]
    if not results or not json.loads(results[-1])["ok"]:
        print(f"{peer} {work} failed: {(results or [done.stderr[-300:]])[-1]}", file=sys.stderr)
        return None
    return wall


def measure(peer: str, work: str, programs: Path, folders: str) -> float | None:
    """One measurement in an empty folder, which stays; W5 is the second of two runs.

    ext4 gives no inode out again for some seconds after it was freed, and looks at each such one: who comes after a removal of
    thousands of files pays milliseconds for each of his own.
    """
    where = tempfile.mkdtemp(dir=folders)
    first = once(peer, work, programs, where)
    return once(peer, work, programs, where, second=True) if work == "W5" and first else first


def offers(peer: str, programs: Path) -> list[str]:
    """The works that a peer's program knows."""
    environment = os.environ | {"PYTHONPATH": "" if peer == "kflite" else str(programs)}
    with tempfile.TemporaryDirectory() as where:
        command = [str(CACHE / peer / "bin" / "python"), str(program(peer, programs)), "list"]
        found = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=True)
    names: list[str] = json.loads(found.stdout.splitlines()[-1])
    return names


def table(times: dict[str, dict[str, list[float]]], peers: list[str]) -> None:
    """Medians in seconds, and how many times kflite's each peer needs."""
    print("| work | " + " | ".join(peers) + " |\n" + "| --- " * (len(peers) + 1) + "|")
    for work, found in times.items():
        medians = {peer: statistics.median(walls) for peer, walls in found.items() if walls}
        cells = [_cell(medians.get(peer), medians.get("kflite"), peer) for peer in peers]
        print(f"| {work} | " + " | ".join(cells) + " |")


def _cell(wall: float | None, ours: float | None, peer: str) -> str:
    if wall is None:
        return ""
    return f"{wall:.2f}" if peer == "kflite" or ours is None else f"{wall:.2f} ({wall / ours:.1f}x)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, default=ROOT.parent / "shared" / "peers")
    parser.add_argument("--peer", action="append", choices=[p for p in PACKAGES if p != "kflite"])
    parser.add_argument("--work", action="append", choices=WORKS)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    peers = ["kflite", *(asked.peer or [p for p in PACKAGES if p != "kflite"])]
    for peer in peers:
        install(peer)
    known = {peer: offers(peer, asked.programs) for peer in peers}
    times: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folders:
        for work in asked.work or WORKS:
            times[work] = {peer: [] for peer in peers if work in known[peer]}
            for _ in range(asked.rounds):
                for peer, walls in times[work].items():
                    if (wall := measure(peer, work, asked.programs, folders)) is not None:
                        walls.append(wall)
            print(f"{work}: {times[work]}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    table(times, peers)


if __name__ == "__main__":
    main()
