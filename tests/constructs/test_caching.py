"""Caching: what is the same is not done again, and what is not the same, or gone, is."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("kfp", minversion="2.16", reason="kfp is not installed: pip install '.[test]'")

from constructs.case import content
from constructs.pieces import add, read, say, total, write
from kfp import dsl

import kflite

Act = Callable[[kflite.Run], None]


@dsl.pipeline
def chain(text: str = "a", note: str = "") -> str:
    made = write(text=text)
    return read(data=made.outputs["data"]).set_env_variable("NOTE", "fixed").output


@dsl.pipeline
def keyed(text: str) -> str:
    return say(text=text).set_caching_options(enable_caching=True, cache_key="mine").output


@dsl.pipeline
def uncached(text: str = "a") -> str:
    return say(text=text).set_caching_options(enable_caching=False).output


@dsl.pipeline
def named() -> str:
    return say(text=dsl.PIPELINE_JOB_ID_PLACEHOLDER).output


@dsl.pipeline
def looped() -> int:
    with dsl.ParallelFor([1, 2]) as n:
        made = add(a=n)
    return total(of=dsl.Collected(made.output)).output


@dsl.pipeline
def by_another_name(text: str = "a") -> str:
    made = write(text=text)
    return read(data=made.outputs["data"]).output


def runs(home: Path, *asked: tuple[object, dict[str, object]], between: Act | None = None, **options: object) -> list[kflite.Run]:
    """The runs, one after another."""

    async def work() -> list[kflite.Run]:
        done = []
        async with kflite.Client(home=home, on="inline") as client:
            for pipeline, given in asked:
                if between and done:
                    between(done[-1])
                run = await client.submit(pipeline, given, **options)  # type: ignore[arg-type]
                done.append(await run.wait())
        return done

    return asyncio.run(work())


def hits(run: kflite.Run) -> set[str]:
    return {path for path, task in run.tasks.items() if task.reason == "cached" and not task.attempts}


def test_the_same_again_is_not_done_again(home: Path) -> None:
    first, second = runs(home, (chain, {}), (chain, {}))
    assert (hits(first), hits(second)) == (set(), {"write", "read"})
    assert first.outputs == second.outputs == {"Output": "a"}


def test_what_is_made_anew_with_equal_content_does_not_make_what_reads_it_run(home: Path) -> None:
    def forget(run: kflite.Run) -> None:
        made = run.tasks["write"].artifacts["data"]
        os.utime(made.path)  # type: ignore[union-attr]

    _, second = runs(home, (chain, {"text": "x"}), (chain, {"text": "x"}), between=forget)
    assert hits(second) == {"write", "read"}


def test_another_parameter_is_another_result(home: Path) -> None:
    _, second = runs(home, (chain, {"text": "a"}), (chain, {"text": "b"}))
    assert hits(second) == set()
    assert second.outputs == {"Output": "b"}


def test_a_result_whose_files_are_gone_is_made_again(home: Path) -> None:
    def lose(run: kflite.Run) -> None:
        run.tasks["write"].artifacts["data"].path.unlink()  # type: ignore[union-attr]

    _, second = runs(home, (chain, {}), (chain, {}), between=lose)
    assert "write" not in hits(second)
    assert {n: content(v) for n, v in second.tasks["write"].artifacts.items()} == {"data": "a"}


def test_a_key_of_the_users_own_stands_for_all_inputs(home: Path) -> None:
    _, second = runs(home, (keyed, {"text": "a"}), (keyed, {"text": "b"}))
    assert hits(second) == {"say"}
    assert second.outputs == {"Output": "a"}


@pytest.mark.parametrize("pipeline", [uncached, named])
def test_a_task_that_asks_for_none_or_names_its_run_is_done_again(home: Path, pipeline: object) -> None:
    _, second = runs(home, (pipeline, {}), (pipeline, {}))
    assert hits(second) == set()


def test_a_run_may_use_no_cache(home: Path) -> None:
    _, second = runs(home, (chain, {}), (chain, {}), cache=False)
    assert hits(second) == set()


def test_iterations_are_found_each(home: Path) -> None:
    _, second = runs(home, (looped, {}), (looped, {}))
    assert hits(second) == {"for-loop-2[0]/add", "for-loop-2[1]/add", "total"}
    assert second.outputs == {"Output": 3}


def test_another_environment_is_another_result(home: Path) -> None:
    _, second = runs(home, (chain, {}), (by_another_name, {}))
    assert hits(second) == {"write"}
