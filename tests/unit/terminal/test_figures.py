"""Figures in a terminal."""

from __future__ import annotations

from kflite.core.value import Artifact
from kflite.figures.data import Confusion, Figure, Roc, RocPoint, Slice, Table, Visualization
from kflite.terminal.figures.document import html, markdown
from kflite.terminal.figures.lines import full, summary
from kflite.terminal.style import plain, signs

UNICODE, ASCII = signs("utf-8"), signs("ascii")
CURVE = Roc((RocPoint(0.0, 0.5, 0.9), RocPoint(0.5, 1.0, 0.5)))
MATRIX = Confusion(("cat", "dog"), ((8, 2), (5, 5)))


def shown(figure: Figure, width: int = 80, encoding: str = "utf-8") -> list[str]:
    exhibit = Visualization("fit", "m", Artifact("m", "/m"), (figure,))
    return [plain(line).rstrip() for line in full(exhibit, width, signs(encoding))]


def test_a_table_has_a_line_for_each_value() -> None:
    assert shown(Table({"accuracy": 0.97, "n": 3})) == ["accuracy  0.97", "n         3"]


def test_a_curve_is_drawn_between_axes() -> None:
    first, title, top, *rest, axis, ticks, below = shown(CURVE)
    assert first == "ROC curve  AUC 0.8750  2 points"
    assert (title, below.strip()) == ("true positive rate", "false positive rate")
    assert top.startswith(" 1.0 │")
    assert rest[-1].startswith(" 0.0 │⡇")
    assert axis.startswith("     └──")
    assert ticks.split() == ["0.0", "0.5", "1.0"]


def test_a_curve_is_drawn_in_ascii_where_there_is_no_more() -> None:
    lines = shown(CURVE, encoding="ascii")
    assert all(line.isascii() for line in lines)
    assert any("***" in line for line in lines)


def test_no_line_is_wider_than_the_terminal() -> None:
    for figure in (CURVE, MATRIX, Table({"a" * 50: "b" * 200})):
        for width in (24, 40, 60, 120):
            assert max(map(len, shown(figure, width))) <= width


def test_a_curve_is_left_out_where_there_is_no_room() -> None:
    assert len(shown(CURVE, width=14)) == 1


def test_a_matrix_has_counts_with_shares() -> None:
    assert shown(MATRIX) == [
        "confusion matrix  65.0 % right  of 20, rows true, columns predicted",
        "           cat        dog   recall",
        "cat  8  80.0 %  2  20.0 %   80.0 %",
        "dog  5  50.0 %  5  50.0 %   50.0 %",
    ]


def test_labels_of_wide_characters_stay_in_line() -> None:
    lines = shown(Confusion(("猫", "dog"), ((8, 2), (5, 5))))
    assert lines[1:] == [
        "            猫        dog   recall",
        " 猫  8  80.0 %  2  20.0 %   80.0 %",
        "dog  5  50.0 %  5  50.0 %   50.0 %",
    ]


def test_a_matrix_has_counts_alone_where_it_is_narrow() -> None:
    assert [line.split() for line in shown(MATRIX, width=32)[1:]] == [
        ["cat", "dog", "recall"],
        ["cat", "8", "2", "80.0", "%"],
        ["dog", "5", "5", "50.0", "%"],
    ]


def test_a_matrix_that_is_too_wide_gives_its_worst_mistakes() -> None:
    labels = tuple(f"label {i}" for i in range(30))
    rows = tuple(tuple(7.0 if (i, j) == (3, 4) else float(i == j) for j in range(30)) for i in range(30))
    lines = shown(Confusion(labels, rows))
    assert lines[1].startswith("too wide for 80 columns")
    assert lines[2].split("  ")[-1] == "label 3 → label 4"


def test_in_brief_each_figure_is_a_word_or_two() -> None:
    figures = (Table({"loss": 0.25}), CURVE, MATRIX, Slice("old", (CURVE,)))
    said = summary(Visualization("fit", "m", Artifact("m", "/m"), figures))
    assert said == "loss 0.25; ROC AUC 0.8750; confusion matrix of 2 labels, 65.0 % right; old: ROC AUC 0.8750"


def test_names_cannot_move_the_cursor() -> None:
    for figure in (Table({"\x1b[2J": "\x1b]0;x\x07"}), Slice("\x1b[2J", (Confusion(("\x9b2J",), ((1,),)),))):
        assert not set("\x1b\x9b\x07") & set("".join(shown(figure)))


def test_markdown_is_laid_out() -> None:
    lines = [plain(line).strip() for line in markdown("# Title\n\nSome **bold** [link](http://x).\n\n- one\n- two\n", 60)]
    assert lines == ["Title", "", "Some bold link (http://x).", "", "• one", "• two"]


def test_markdown_cannot_move_the_cursor() -> None:
    text = "".join(
        plain(line) for line in markdown("# a\x1b[2J\n[x\x1b]8;;http://e\x07](http://e\x1b[2J)\n```\n\x1b[2J\n```\n", 60)
    )
    assert not set("\x1b\x07") & set(text)


def test_html_gives_its_words() -> None:
    page = (
        "<head><title>T</title><script>evil()</script></head><p>One\n two</p><table><tr><td>a</td><td>b &amp; c</td></tr></table>"
    )
    assert [plain(line) for line in html(page, 60)] == ["T", "One two", "a  b & c"]
