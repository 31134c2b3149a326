"""Which runs that nobody owns are taken up."""

from __future__ import annotations

import pytest

from kflite.core.event_kind import State
from kflite.engine.adoption import Adoption
from kflite.store.base import RunRow


def row(profile: str = "ada", on: str = "process", kind: str = "pipeline") -> RunRow:
    return RunRow("r", "n", kind, State.QUEUED, "", "p", "", on, "d", 0.0, None, None, "", profile=profile)


@pytest.mark.parametrize(
    ("adoption", "found", "taken"),
    [
        (Adoption(), row(), True),
        (Adoption(("ada",)), row(), True),
        (Adoption(("ada",)), row(profile="eve"), False),
        (Adoption(("ada",)), row(profile=""), True),  # from before runs had profiles
        (Adoption(targets=("docker",)), row(), False),
        (Adoption(targets=("docker", "process")), row(profile="eve"), True),
        (Adoption(), row(kind="a kind to come"), False),
    ],
)
def test_a_run_is_taken_up_by_profile_target_and_kind(adoption: Adoption, found: RunRow, taken: bool) -> None:
    assert adoption.accepts(found) is taken
