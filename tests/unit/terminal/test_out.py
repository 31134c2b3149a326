"""Tables in terminals of any width."""

from __future__ import annotations

import io

import pytest

from kflite.format import clean, short_time
from kflite.terminal.out import Out, cut, narrow
from kflite.terminal.style import clip, columns, pad, plain

HEAD = ("RUN", "NAME", "TIME", "REASON")
ROWS = [(("digits-20261124-7f3k2pq4", ""), ("digits", ""), ("3.4 s", ""), ("", ""))]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def table(monkeypatch: pytest.MonkeyPatch, columns: int, **more: object) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    Out(stream).table(HEAD, ROWS, **more)  # type: ignore[arg-type]
    return stream.getvalue().splitlines()


def test_columns_without_content_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 80) == ["RUN                       NAME    TIME", "digits-20261124-7f3k2pq4  digits  3.4 s"]


def test_spare_columns_go_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    assert table(monkeypatch, 32, spare=("NAME",)) == ["RUN                       TIME", "digits-20261124-7f3k2pq4  3.4 s"]
    assert len(table(monkeypatch, 39, spare=("NAME",))[0].split()) == 3


def test_firm_columns_are_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all("digits-20261124-7f3k2pq4" in table(monkeypatch, columns)[1] for columns in (10, 30, 60))


def test_the_widest_columns_are_cut_first() -> None:
    widths = [30, 20, 8]
    narrow(widths, 50, 1)
    assert widths == [30, 12, 8]
    narrow(widths, 10, 1)
    assert widths == [30, 6, 6]


def test_what_is_too_long_loses_its_middle() -> None:
    assert [cut("evaluate/accuracy", width, "…") for width in (17, 9, 8)] == ["evaluate/accuracy", "eval…racy", "eval…acy"]


def test_ascii_terminals_get_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "encoding", "ascii")
    stream = Terminal()
    Out(stream).line("a · b … c → d é")
    assert stream.getvalue() == "a . b ~ c > d ?\n"


def test_moments_are_as_short_as_they_can_be_told_apart() -> None:
    now, day = 1_795_000_000.0, 86_400
    assert [len(short_time(at, now)) for at in (now, now - 2 * day, now - 400 * day)] == [8, 11, 10]


def test_wide_characters_take_two_columns() -> None:
    assert [columns(text) for text in ("cat", "猫", "😀 a", "é")] == [3, 2, 4, 1]
    assert columns(cut("猫猫猫猫猫", 7, "…")) == 7
    assert plain(clip((("猫猫猫", ""), ("犬犬", "")), 7)) == "猫猫猫…"
    assert pad("猫", 4) + "|" + pad("猫", 4, right=True) == "猫  |  猫"


def test_colours_of_others_are_left_out_and_what_moves_the_cursor_is_seen() -> None:
    assert clean("\x1b[1;31mred\x1b[0m \x1b[2J") == "red \N{REPLACEMENT CHARACTER}[2J"
