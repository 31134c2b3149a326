"""Components that the tests of the language put together."""

from kflite import dsl
from kflite.dsl import Artifact, Dataset, Input, Model, Output


@dsl.component
def number(x: int = 1) -> int:
    return x


@dsl.component
def text(x: str = "a") -> str:
    return x


@dsl.component
def real(x: float = 1.0) -> float:
    return x


@dsl.component
def total(xs: list[int]) -> int:
    return sum(xs)


@dsl.component
def join(xs: list[str]) -> str:
    return "".join(xs)


@dsl.component
def save(data: Output[Dataset], more: Output[Model]): ...


@dsl.component
def load(data: Input[Dataset]): ...


@dsl.component
def look(data: Input[Artifact]): ...


@dsl.component
def tidy(status: dsl.PipelineTaskFinalStatus): ...


@dsl.component
def hold(values: dict = {}, items: list = []): ...  # noqa: B006
