"""Texts in pieces: what differs is marked, and white space in it can be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.grid.text_pieces import Piece, difference_of_answers


def marked(pieces: list[Piece]) -> str:
    """Return a text with what only it has in brackets."""
    return "".join(f"[{piece.visible}]" if piece.is_own else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("expected", "answer", "sides"),
    [
        ("Paris", "Pari", ("Pari[s]", "Pari")),
        ("Paris", "Paris ", ("Paris", "Paris[␣]")),
        ("a b", "a\tb", ("a[␣]b", "a[→\t]b")),
        ("ab", "a\u200db", ("ab", "a[⟨U+200D⟩]b")),
        ("1\u00a0000", "1000", ("1[⟨U+00A0⟩]000", "1000")),
        ("same", "same", ("same", "same")),
    ],
)
def test_difference_of_short_answers_is_by_character(expected: str, answer: str, sides: tuple[str, str]) -> None:
    mine, theirs = difference_of_answers([expected], answer)

    assert (marked(mine), marked(theirs)) == sides


def test_nearest_of_several_accepted_answers_is_compared() -> None:
    mine, _ = difference_of_answers(["four", "Seventeen", "17"], "seventeen")

    assert marked(mine) == "[S]eventeen"


def test_long_answers_are_compared_by_word() -> None:
    mine, theirs = difference_of_answers(["word " * 100 + "end"], "word " * 100 + "And")

    assert (marked(mine)[-5:], marked(theirs)[-5:]) == ("[end]", "[And]")


def test_long_answer_that_has_little_of_what_is_expected_is_not_marked() -> None:
    answer = "Janet eats three of the sixteen eggs and bakes with four, so that she sells nine. A: 26"

    mine, theirs = difference_of_answers(["18"], answer)

    assert (marked(mine), marked(theirs)) == ("18", answer)


def test_nothing_expected_leaves_the_answer_whole() -> None:
    assert [marked(pieces) for pieces in difference_of_answers([], "answer")] == ["", "answer"]


@given(st.text(max_size=30), st.text(max_size=30))
def test_pieces_joined_are_the_text(expected: str, answer: str) -> None:
    mine, theirs = difference_of_answers([expected], answer)

    assert ("".join(piece.text for piece in mine), "".join(piece.text for piece in theirs)) == (expected, answer)
