"""`kflite retry --dry-run`: what stays, what is done again, and why; and that this is what a retry then does."""

from __future__ import annotations

from pathlib import Path

import pytest
from integration.cli import Cli, tasks

NESTED = """
from kflite import dsl


@dsl.component
def items() -> list[int]:
    return [1, 2, 3]


@dsl.component
def check(n: int) -> int:
    assert n != BAD, "bad"
    return n


@dsl.component
def total(ns: list[int]) -> int:
    return sum(ns)


@dsl.component
def beside():
    pass


@dsl.pipeline
def inner(ns: list[int]) -> int:
    with dsl.ParallelFor(ns) as n:
        one = check(n=n)
    return total(ns=dsl.Collected(one.output)).output


@dsl.pipeline
def nested() -> int:
    made = inner(ns=items().output)
    inner(ns=[1])
    beside()
    with dsl.If(made.output > 5):
        beside()
    return made.output
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """A folder with a failed run `nested`."""
    cli = Cli.at(tmp_path)
    (cli.folder / "nested.py").write_text(NESTED.replace("BAD", "2"))
    cli("run", "nested.py:nested", "--no-cache", status=1)
    return cli


def rehearsed(cli: Cli, *arguments: str) -> dict[str, tuple[str, str]]:
    told: list[dict[str, str]] = cli.json("retry", "--dry-run", *arguments)["tasks"]  # type: ignore[assignment]
    return {one["name"]: (one["action"], one["reason"]) for one in told}


def done(cli: Cli, *arguments: str) -> set[str]:
    """Tasks that a retry really did again."""

    def attempts(run: dict[str, object]) -> dict[str, int]:
        return {name: int(str(task["attempts"])) for name, task in tasks(run).items()}

    before = attempts(cli.json("show", "nested"))
    return {name for name, count in attempts(cli.json("retry", *arguments)).items() if count > before.get(name, 0)}


def again(told: dict[str, tuple[str, str]]) -> set[str]:
    return {name for name, (does, _) in told.items() if does == "again"}


def test_it_tells_what_a_corrected_pipeline_does_again_and_leaves_the_run_as_it_is(cli: Cli) -> None:
    (cli.folder / "nested.py").write_text(NESTED.replace("BAD", "7"))
    told = rehearsed(cli, "--with", "nested.py:nested")
    loop = "inner/for-loop-1"
    assert told == {
        "items": ("keep", "it succeeded"),
        "beside": ("keep", "it succeeded"),
        f"{loop}[0]/check": ("again", "its code changed"),
        f"{loop}[1]/check": ("again", "it failed, and its code changed"),
        f"{loop}[2]/check": ("again", "its code changed"),
        "inner/total": ("again", "it comes after inner/for-loop-1"),
        "inner-2/for-loop-1[0]/check": ("again", "its code changed"),
        "inner-2/total": ("again", "it comes after inner-2/for-loop-1"),
        "condition-1/beside-2": ("again", "it comes after inner"),
    }
    assert cli.json("show", "nested")["state"] == "FAILED"
    assert done(cli, "--with", "nested.py:nested") == again(told)


def test_a_step_that_is_named_takes_along_what_follows_from_it_alone(cli: Cli) -> None:
    (cli.folder / "nested.py").write_text(NESTED.replace("BAD", "7"))
    cli("retry", "--with", "nested.py:nested")
    told = rehearsed(cli, "--task", "inner/total")
    assert again(told) == {"inner/total", "condition-1/beside-2"}
    assert told["inner/total"][1] == "it is named"
    assert done(cli, "--task", "inner/total") == again(told)


def test_what_is_new_and_what_is_gone_is_told(cli: Cli) -> None:
    (cli.folder / "nested.py").write_text(NESTED.replace("    beside()\n    with dsl.If", "    items()\n    with dsl.If"))
    (cli.folder / "nested.py").write_text((cli.folder / "nested.py").read_text().replace("BAD", "2"))
    lines = cli("retry", "--dry-run", "--with", "nested.py:nested").splitlines()
    assert lines[0].split() == ["TASK", "ACTION", "REASON"]
    found = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert found["items-2"].split(maxsplit=1) == ["again", "it is new"]
    assert found["beside"].split(maxsplit=1) == ["drop", "it is not in the pipeline any more"]


def test_what_cannot_be_retried_is_refused_as_ever(cli: Cli) -> None:
    assert "has no task nothing" in cli.full("retry", "--dry-run", "--task", "nothing", status=2).stderr
