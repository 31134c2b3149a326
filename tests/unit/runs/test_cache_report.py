"""Why a task was not answered from the cache."""

from kflite.runs.cache_report import Difference, compare


def test_parts_are_compared_by_name_in_the_order_of_the_new() -> None:
    assert compare({"code": "a", "gone": "x"}, {"code": "a", "parameter n": "5"}) == (
        Difference("code", "a", "a"),
        Difference("parameter n", None, "5"),
        Difference("gone", "x", None),
    )


def test_a_part_is_the_same_where_both_texts_are() -> None:
    same, other = compare({"code": "a", "image": "i:1"}, {"code": "a", "image": "i:2"})
    assert same.same
    assert not other.same
