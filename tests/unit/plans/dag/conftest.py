"""Random pipelines and their reference are shared with the simulation, whose modules lie there."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[3] / "simulation")]
