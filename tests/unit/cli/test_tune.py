"""What `--space` says."""

import pytest

from kflite import space
from kflite.cli.tune import dimension
from kflite.errors import InputError


def test_ranges_and_choices_are_read() -> None:
    assert dimension("c", "double:0.001..10:log") == space.double(0.001, 10, log=True)
    assert dimension("c", "double:-1..1:step=0.5") == space.double(-1, 1, step=0.5)
    assert dimension("k", "integer:1..9:step=2") == space.integer(1, 9, step=2)
    assert dimension("o", "choice:adam,sgd,3,true") == space.choice(["adam", "sgd", 3, True])


@pytest.mark.parametrize(
    "text", ["", "double", "double:1", "double:1..x", "integer:1.5..2", "normal:1..2", "double:1..2:lin", "choice:"]
)
def test_what_is_no_space_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(InputError, match="--space c="):
        dimension("c", text)
