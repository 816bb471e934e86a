"""Comparison of two texts."""

from portal.lib import differences
from portal.lib.differences import Line, Span
from tests.properties import given
from tests.properties import strategies as st


def test_equal_texts_have_no_line() -> None:
    assert differences.lines("un\ndeux", "un\ndeux") == []


def test_a_changed_word_is_marked_inside_its_line() -> None:
    found = differences.lines("Fonctionne hors ligne.", "Fonctionne en ligne.")

    assert found == [
        Line(
            "removed",
            1,
            (Span("Fonctionne ", False), Span("hors", True), Span(" ligne.", False)),
        ),
        Line("added", 1, (Span("Fonctionne ", False), Span("en", True), Span(" ligne.", False))),
    ]


def test_unlike_lines_are_wholly_replaced() -> None:
    assert differences.lines("abc def", "zzz") == [
        Line("removed", 1, (Span("abc def", True),)),
        Line("added", 1, (Span("zzz", True),)),
    ]


def test_far_unchanged_lines_fold_into_a_gap() -> None:
    old = "\n".join(["un", "deux", "trois", "quatre", "cinq"])

    assert differences.lines(old, old + "\nsix") == [
        Line("gap", 0, hidden=4),
        Line("same", 5, (Span("cinq", False),)),
        Line("added", 6, (Span("six", True),)),
    ]


def test_from_nothing_everything_is_added() -> None:
    assert differences.lines("", "un\ndeux") == [
        Line("added", 1, (Span("un", True),)),
        Line("added", 2, (Span("deux", True),)),
    ]


@given(st.text(max_size=60), st.text(max_size=60))
def test_spans_give_both_texts_back(old: str, new: str) -> None:
    left, right = differences.spans(old, new)

    assert "".join(span.text for span in left) == old
    assert "".join(span.text for span in right) == new


@given(
    st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12)
)
def test_added_and_removed_lines_rebuild_the_new_text(old: list[str], new: list[str]) -> None:
    found = differences.lines("\n".join(old), "\n".join(new))

    if found:
        hidden = sum(line.hidden for line in found)
        assert sum(line.sign in ("same", "added") for line in found) + hidden == len(new)
        assert sum(line.sign in ("same", "removed") for line in found) + hidden == len(old)
