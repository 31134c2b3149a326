"""The line before an executor."""

from __future__ import annotations

from kflite.core.job import Resources
from kflite.scheduler.capacity import LOOK_AHEAD, MOST_PASSED, Queue

GIB = 2**30


def everywhere(run: str) -> bool:
    return True


def waits(run: str, task: str) -> bool:
    return True


def names(line: Queue) -> list[str]:
    return [waiting.task for waiting in line.admit(everywhere, waits)]


def test_first_come_are_first_served_as_far_as_there_is_room() -> None:
    line = Queue(Resources(2.0, GIB))
    for task in "abc":
        line.add("r", task, Resources(1.0))
    assert names(line) == ["a", "b"]
    line.give(Resources(1.0))
    assert names(line) == ["c"]


def test_a_small_task_passes_a_big_one_for_a_while_only() -> None:
    line = Queue(Resources(2.0, GIB))
    line.take(Resources(1.0))
    line.add("r", "big", Resources(2.0))
    for n in range(MOST_PASSED + 1):
        line.add("r", f"small-{n}", Resources(1.0))
        passed = names(line)
        line.give(Resources(1.0)) if passed else None
    assert passed == []
    line.give(Resources(1.0))
    assert names(line) == ["big"]


def test_more_cpus_or_memory_than_there_are_count_as_all_of_them() -> None:
    line = Queue(Resources(2.0, GIB))
    assert line.add("r", "huge", Resources(64.0, 100 * GIB)) == ""
    assert names(line) == ["huge"]
    assert line.free == Resources()


def test_gpus_that_are_not_there_are_refused() -> None:
    why = Queue(Resources(2.0, GIB, 1)).add("r", "t", Resources(gpus=2))
    assert why.startswith("it asks for 2 GPUs, and there are 1 here: ")
    assert why.endswith("CUDA_VISIBLE_DEVICES=0,1")


def test_a_run_without_room_of_its_own_holds_up_no_other() -> None:
    line = Queue(Resources(4.0, GIB))
    line.add("full", "a", Resources(1.0))
    line.add("other", "b", Resources(1.0))
    assert [w.task for w in line.admit(lambda run: run == "other", waits)] == ["b"]


def test_the_look_down_the_line_has_a_bound() -> None:
    line = Queue(Resources(1.0, GIB))
    for n in range(LOOK_AHEAD):
        line.add("r", f"big-{n}", Resources(1.0, gpus=0))
    line.take(Resources(1.0))
    line.add("r", "last", Resources(0.0))
    assert names(line) == []


def test_one_that_waits_no_longer_takes_no_place_in_it() -> None:
    line = Queue(Resources(1.0, GIB))
    for n in range(LOOK_AHEAD):
        line.add("r", f"gone-{n}", Resources(1.0))
    line.take(Resources(1.0))
    line.add("r", "last", Resources(0.0))
    assert [w.task for w in line.admit(everywhere, lambda run, task: task == "last")] == ["last"]
    assert len(line) == 0


def test_what_asked_for_more_than_there_is_gives_back_no_more_than_it_took() -> None:
    line = Queue(Resources(2.0, GIB))
    line.add("r", "huge", Resources(64.0, 100 * GIB))
    assert names(line) == ["huge"]
    line.give(Resources(64.0, 100 * GIB))
    assert line.free == line.capacity


def test_executors_of_one_machine_share_its_room() -> None:
    line = Queue(Resources(2.0, GIB), "process")
    line.join("docker", Resources(2.0, GIB))
    for on in ("process", "docker"):
        for n in range(2):
            line.add("r", f"{on}-{n}", Resources(1.0), on)
    assert names(line) == ["process-0", "process-1"]
    line.give(Resources(1.0), "process")
    assert names(line) == ["docker-0"]
    assert line.free == Resources(0.0, GIB)


def test_no_executor_gets_more_than_it_offers() -> None:
    line = Queue(Resources(1.0, GIB), "inline")
    line.join("process", Resources(4.0, 2 * GIB))
    for on in ("inline", "process"):
        for n in range(2):
            line.add("r", f"{on}-{n}", Resources(1.0), on)
    assert names(line) == ["inline-0", "process-0", "process-1"]
    line.give(Resources(1.0), "inline")
    assert names(line) == ["inline-1"]


def test_the_gpus_of_a_machine_are_given_once() -> None:
    line = Queue(Resources(8.0, GIB, 1), "process")
    line.join("docker", Resources(8.0, GIB, 1))
    line.add("r", "a", Resources(1.0, gpus=1), "process")
    line.add("r", "b", Resources(1.0, gpus=1), "docker")
    assert names(line) == ["a"]
    line.give(Resources(1.0, gpus=1), "process")
    assert names(line) == ["b"]
