"""Why a container ended as it did, and what it wrote."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kflite.core.job import Exit
from kflite.executors import record
from kflite.executors.docker.daemon import ContainerState
from kflite.executors.docker.ending import judge
from kflite.executors.docker.output import ContainerLog, payloads, skipping
from kflite.executors.process.attempt import last_words

NOWHERE = Path("/nowhere/log")


def ended(code: int, **more: object) -> ContainerState:
    return {"Status": "exited", "ExitCode": code, "FinishedAt": "2026-01-01T00:00:00Z", **more}  # type: ignore[typeddict-item]


def frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


@pytest.mark.parametrize(
    ("code", "exit"),
    [
        (0, Exit(0)),
        (3, Exit(3, "Error", "exit status 3")),
        (126, Exit(126, "NotExecutable", "exit status 126")),
        (127, Exit(127, "CommandNotFound", "exit status 127")),
        (137, Exit(-9, "Killed", "killed by SIGKILL")),
        (143, Exit(-15, "Killed", "killed by SIGTERM")),
        (255, Exit(255, "Error", "exit status 255")),
    ],
)
def test_an_exit_status_has_its_reason(code: int, exit: Exit) -> None:
    assert judge(ended(code), NOWHERE) == exit


@pytest.mark.parametrize(
    "state",
    [
        None,
        {"Status": "created", "ExitCode": 0, "FinishedAt": "0001-01-01T00:00:00Z"},
        {"Status": "exited", "ExitCode": 0, "FinishedAt": "0001-01-01T00:00:00Z"},
        {"Status": "dead", "ExitCode": 0, "FinishedAt": "0001-01-01T00:00:00Z"},
        {"Status": "exited"},
    ],
)
def test_a_status_that_is_not_known_is_no_success(state: ContainerState | None) -> None:
    exit = judge(state, NOWHERE)
    assert (exit.code, exit.reason, exit.lost) == (-1, "Lost", True)


@pytest.mark.parametrize("code", [137, 143, 255])
def test_what_a_restarting_daemon_killed_is_lost(code: int) -> None:
    assert judge(ended(code), NOWHERE, daemon_broke=True).reason == "DaemonRestarted"


@pytest.mark.parametrize("code", [0, 1, 7])
def test_what_ended_by_itself_during_a_restart_keeps_its_status(code: int) -> None:
    assert judge(ended(code), NOWHERE, daemon_broke=True).code == code


def test_memory_that_ran_out_is_told_with_its_limit() -> None:
    assert judge(ended(137, OOMKilled=True), NOWHERE, 64 << 20) == Exit(-9, "OutOfMemory", "memory ran out; the limit is 64 MiB")


def test_memory_that_ran_out_harmlessly_is_success() -> None:
    assert judge(ended(0, OOMKilled=True), NOWHERE, 64 << 20) == Exit(0)


def test_the_last_words_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 5000 + b"\nTrouble: \xff no data\n\n")
    assert judge(ended(1), log).message == "exit status 1: Trouble: � no data"


@pytest.mark.parametrize(
    "words",
    [
        "\x1b[31mred \x1b[1;4mwo\x1b[0mrds",
        "\x1b]8;;http://x\x1b\\red words\x1b]8;;\x07",
        "\x1b[2K\x1b(Bred words\x1b[38:5:1m\n\x1b[0m",
    ],
)
def test_what_is_for_terminals_is_left_out_of_them(tmp_path: Path, words: str) -> None:
    log = tmp_path / "log"
    log.write_text(words)
    assert judge(ended(1), log).message == "exit status 1: red words"
    assert last_words(str(log)) == ": red words"


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40))), st.integers(1, 17))
def test_frames_are_read_however_they_are_cut(frames: list[tuple[int, bytes]], size: int) -> None:
    stream = b"".join(frame(*each) for each in frames)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert b"".join(payloads(chunks)) == b"".join(payload for _, payload in frames)


@given(st.lists(st.binary(max_size=20)), st.integers(0, 100))
def test_what_was_copied_before_is_skipped(chunks: list[bytes], count: int) -> None:
    assert b"".join(skipping(chunks, count)) == b"".join(chunks)[count:]


def test_a_frame_that_was_cut_short_is_not_lost() -> None:
    assert b"".join(payloads([frame(1, b"whole") + frame(1, b"torn apart")[:-5]])) == b"wholetorn "


async def _append_together(log: ContainerLog, *outputs: list[bytes]) -> None:
    await asyncio.gather(*(asyncio.to_thread(log.append, output) for output in outputs))


def test_two_that_copy_one_output_write_it_once(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a note\n")
    output = [b"line %d\n" % n for n in range(1000)]
    asyncio.run(_append_together(ContainerLog(path, 7), output, output))
    assert path.read_bytes() == b"a note\n" + b"".join(output)


def test_a_full_disk_is_told_and_the_rest_is_still_read() -> None:
    read = []

    def chunks() -> Iterator[bytes]:
        for n in range(3):
            read.append(n)
            yield b"x"

    error = ContainerLog(Path("/dev/full"), 0).append(chunks())
    assert error is not None
    assert (error.strerror, read) == ("No space left on device", [0, 1, 2])


def test_the_first_of_several_who_keep_an_end_is_right(tmp_path: Path) -> None:
    record.write(tmp_path, Exit(3, "Error", "no"))
    record.write(tmp_path, Exit(-1, "Lost", "", lost=True))
    assert record.read(tmp_path) == Exit(3, "Error", "no")


def test_an_end_that_nobody_kept_is_none(tmp_path: Path) -> None:
    assert record.read(tmp_path) is None
