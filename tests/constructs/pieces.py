"""Components that the cases are built of, as kfp compiles them."""

from typing import List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output

light = dsl.component(install_kfp_package=False)


@light
def add(a: int, b: int = 0) -> int:
    return a + b


@light
def say(text: str) -> str:
    return text


@light
def pair(one: str, two: str) -> str:
    return one + two


@light
def half(x: float) -> float:
    return x / 2


@light
def negate(flag: bool) -> bool:
    return not flag


@light
def numbers(n: int) -> List[int]:
    return list(range(n))


@light
def total(of: List[int]) -> int:
    assert all(type(n) is int for n in of), of
    return sum(of)


@light
def shown(value: list) -> str:
    return repr(value)


@light
def person(name: str, age: int) -> dict:
    return {"name": name, "age": age, "of": [age, {"half": age / 2}]}


@light
def fields(of: dict) -> str:
    return repr(of)


@light
def several(n: int) -> NamedTuple("Out", [("whole", int), ("text", str), ("ok", bool)]):
    return n, str(n), n > 0


@light
def write(text: str, data: Output[Dataset]):
    with open(data.path, "w") as file:
        file.write(text)
    data.metadata["length"] = len(text)


@light
def read(data: Input[Dataset]) -> str:
    return open(data.path).read()


@light
def join(parts: Input[List[Dataset]]) -> str:
    return " ".join(open(part.path).read() for part in parts or [])


@light
def given_or_not(n: Optional[int] = None, text: str = "default", data: Optional[Input[Artifact]] = None) -> str:
    return f"{n} {text} {data and open(data.path).read()}"


@light
def maybe(n: int = -1) -> int:
    return n


@light
def fail(why: str = "it broke") -> int:
    raise ValueError(why)


@light
def fail_after(text: str) -> int:
    raise ValueError(text)


@light
def note(text: str = "noted") -> str:
    print(text)
    return text


@light
def status(of: dsl.PipelineTaskFinalStatus) -> str:
    return f"{of.state} {of.pipeline_task_name} {of.error_code} {of.error_message}"


@light
def flaky(folder: str, times: int) -> int:
    import os

    tries = len(os.listdir(folder))
    open(os.path.join(folder, str(tries)), "w").close()
    if tries < times:
        raise RuntimeError(f"try {tries} of {times}")
    return tries
