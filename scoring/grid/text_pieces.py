"""Two texts in pieces: what only one of them has is marked, white space in it made visible. Pure functions."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

LONGEST = 4000
SHORT = 400
"""Up to so many characters texts are compared character by character, above word by word."""
FAR, SENTENCE = 0.2, 60
"""Texts less alike than this are shown unmarked where one is longer than so many characters: all of it differs."""
SIGNS = {" ": "␣", "\t": "→\t", "\n": "↵\n", "\r": "␍"}
INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, and whether the other text has it too."""

    text: str
    is_own: bool
    """Whether only this text has it."""

    @property
    def visible(self) -> str:
        """The text with a sign for every character that leaves no ink."""
        return "".join(map(_sign, self.text))


def _sign(character: str) -> str:
    if character in SIGNS:
        return SIGNS[character]
    is_invisible = unicodedata.category(character) in INVISIBLE
    return f"⟨U+{ord(character):04X}⟩" if is_invisible else character


def difference_of_texts(first: str, second: str) -> tuple[list[Piece], list[Piece]]:
    """Return both texts in pieces, word by word; texts above 4,000 characters are not searched for what they share."""
    if first == second or max(len(first), len(second)) > LONGEST:
        return [Piece(first, is_own=False)], [Piece(second, is_own=False)]
    return _pieces(_words(first), _words(second))


def difference_of_answers(expected: Iterable[str], answer: str) -> tuple[list[Piece], list[Piece]]:
    """Return the accepted answer that is nearest and the one given, in pieces; short ones by character."""
    accepted = list(expected)
    if not accepted:
        return [], [Piece(answer, is_own=False)]
    nearest = max(accepted, key=lambda text: _nearness(text, answer))
    longest = max(len(nearest), len(answer))
    if longest > SENTENCE and _nearness(nearest, answer) < FAR:
        return [Piece(nearest, is_own=False)], [Piece(answer, is_own=False)]
    if nearest == answer or longest > SHORT:
        return difference_of_texts(nearest, answer)
    return _pieces(list(nearest), list(answer))


def _nearness(text: str, answer: str) -> float:
    return SequenceMatcher(None, text[:SHORT].casefold(), answer[:SHORT].casefold(), autojunk=False).ratio()


def _pieces(one: Sequence[str], other: Sequence[str]) -> tuple[list[Piece], list[Piece]]:
    mine, theirs = [], []
    for tag, start, end, other_start, other_end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        is_own = tag != "equal"
        mine.append(Piece("".join(one[start:end]), is_own))
        theirs.append(Piece("".join(other[other_start:other_end]), is_own))
    return [piece for piece in mine if piece.text], [piece for piece in theirs if piece.text]


def _words(text: str) -> list[str]:
    """Return words and the spaces between them; joined they are the text."""
    edges = [0, *(at for at in range(1, len(text)) if text[at].isspace() != text[at - 1].isspace()), len(text)]
    return [text[start:end] for start, end in pairwise(edges) if end > start]
