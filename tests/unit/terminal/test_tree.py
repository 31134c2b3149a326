"""The tree of a run: which rows it has, and that it fits."""

from events import data as of_kind
from hypothesis import given
from hypothesis import strategies as st

from kflite.core.event import Event
from kflite.core.event_kind import Kind
from kflite.runs.progress import RunProgress
from kflite.terminal import tree
from kflite.terminal.style import plain, signs

SIGNS = signs("utf-8")


def event(kind: Kind, task: str, **data: object) -> Event:
    return Event("r", of_kind(kind, **data), 1.0, task, 1, 1)


def loop(done: int, active: int, queued: int, failed: int = 0) -> RunProgress:
    board = RunProgress("r")
    board.apply(event(Kind.TASK_QUEUED, "loop", group=True))
    kinds = [Kind.TASK_SUCCEEDED] * done + [Kind.TASK_FAILED] * failed + [Kind.TASK_STARTING] * active
    for index in range(done + failed + active + queued):
        board.apply(event(Kind.TASK_QUEUED, f"loop[{index}]", group=True))
        board.apply(event(Kind.TASK_QUEUED, f"loop[{index}]/fit"))
        if index < len(kinds):
            board.apply(event(kinds[index], f"loop[{index}]/fit"))
    return board


def texts(board: RunProgress, height: int | None = None) -> list[str]:
    return [plain(line).rstrip() for line in tree.lines(board, 2.0, SIGNS, 100, height)]


def test_a_short_loop_shows_each_iteration_in_a_row() -> None:
    shown = texts(loop(1, 1, 1))
    assert shown[1].startswith("└─ ● loop")
    assert "1/3" in shown[1]
    assert shown[2].startswith("   ├─ ✓ [0]/fit")
    assert shown[4].startswith("   └─ ○ [2]/fit")


def test_a_long_loop_shows_what_is_at_work_and_counts_the_rest() -> None:
    shown = texts(loop(150, 2, 48))
    assert len(shown) == 5
    assert "[150]/fit" in shown[2]
    assert "[151]/fit" in shown[3]
    assert "198 more" in shown[4]
    assert "✓ 150" in shown[4]
    assert "○ 48" in shown[4]


def test_failures_of_a_long_loop_are_shown() -> None:
    assert any("✗ [30]/fit" in text for text in texts(loop(30, 1, 10, failed=1)))


@given(st.integers(0, 60), st.integers(0, 8), st.integers(0, 60), st.integers(0, 9), st.integers(4, 50))
def test_the_tree_never_exceeds_its_height(done: int, active: int, queued: int, failed: int, height: int) -> None:
    board = loop(done, active, queued, failed)
    for index in range(queued):
        board.apply(event(Kind.TASK_QUEUED, f"task-{index}"))
    assert len(texts(board, height)) <= height


def test_a_wide_flat_run_shows_where_it_is() -> None:
    board = RunProgress("r")
    for index in range(100):
        board.apply(event(Kind.TASK_QUEUED, f"t-{index}"))
    for index in range(50):
        board.apply(event(Kind.TASK_SUCCEEDED, f"t-{index}"))
    board.apply(event(Kind.TASK_STARTING, "t-50"))
    shown = texts(board, 24)
    assert any("● t-50" in text or "◌ t-50" in text for text in shown)
    assert any("✓ t-49" in text for text in shown)
    assert len(shown) <= 24


def test_what_others_wrote_cannot_move_the_cursor() -> None:
    board = RunProgress("r")
    board.apply(event(Kind.TASK_QUEUED, "fit"))
    board.apply(event(Kind.TASK_FAILED, "fit", reason="Error", message="a\x1b[2J\nb"))
    assert "\x1b" not in "".join(texts(board))
    assert len(texts(board)) == 2


def test_a_terminal_without_unicode_gets_ascii() -> None:
    drawn = tree.lines(loop(1, 1, 30), 2.0, signs("ascii"), 80)
    assert "".join(map(plain, drawn)).isascii()
