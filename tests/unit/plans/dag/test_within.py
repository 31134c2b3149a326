"""What bounds the time of a task: the pipelines around it that have a longest time."""

from __future__ import annotations

from drive import Driven, gives, plan_of

from kflite import dsl


@dsl.component
def step() -> None:
    pass


@dsl.pipeline
def inner() -> None:
    step()
    with dsl.ParallelFor([1]):
        step()
    with dsl.ExitHandler(step()):
        step()


@dsl.pipeline
def middle() -> None:
    inner().set_timeout(5)
    step()


@dsl.pipeline
def outer() -> None:
    middle().set_timeout(60)
    step()


def test_every_task_has_the_bounds_of_all_groups_around_it_but_an_exit_task() -> None:
    driven = Driven(plan_of(dsl.compile(outer).dumps()), lambda task, work: gives())
    both = (("middle", 60), ("middle/inner", 5))
    assert {task: work.policy.time_limits for task, work in driven.works.items()} == {
        "step": (),
        "middle/step": both[:1],
        "middle/inner/step": both,
        "middle/inner/for-loop-2[0]/step-2": both,
        "middle/inner/exit-handler-3/step-4": both,
        "middle/inner/step-3": (),
    }


def test_a_pipeline_that_is_an_exit_task_has_its_own_bound_only() -> None:
    @dsl.pipeline
    def exits() -> None:
        with dsl.ExitHandler(inner().set_timeout(7)):
            step()

    @dsl.pipeline
    def p() -> None:
        exits().set_timeout(3)

    driven = Driven(plan_of(dsl.compile(p).dumps()), lambda task, work: gives())
    assert driven.works["exits/inner/step"].time_limits == (("exits/inner", 7),)
