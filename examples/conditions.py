# kflite run examples/conditions.py --param limit=0.9
"""Branches: what runs next depends on what a task gave, and the branch that ran gives the result."""

from kflite import dsl


@dsl.component
def measure(seed: int) -> float:
    import random

    return round(random.Random(seed).random(), 3)


@dsl.component
def say(text: str) -> str:
    print(text)
    return text


@dsl.pipeline
def conditions(seed: int = 1, limit: float = 0.5) -> str:
    measured = measure(seed=seed)
    with dsl.If(measured.output > limit, name="above"):
        above = say(text=f"{measured.output} is above the limit")
    with dsl.Elif(measured.output < 0.2, name="far-below"):
        far_below = say(text="far below the limit")
    with dsl.Else(name="below"):
        below = say(text="below the limit")
    return dsl.OneOf(above.output, far_below.output, below.output)
