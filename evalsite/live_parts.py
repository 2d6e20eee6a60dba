"""Live parts of pages, sent in pieces: a page that shows a part already is sent only what is new in it.

A template has its part between `live_part` and `end_live_part`, and what repeats in it, an element with an id each,
between `piece` and `end_piece` (evalsite/templatetags/live.py). Both bear a digest of what they say. live.js names the
digests that the page shows; an answer holds the changed pieces, and of all others the place only, in which htmx keeps
the element that is there. Nothing new is 204. What makes an answer too large keeps its place as well, and
`data-live-more` tells from which piece on the page asks again. A word of a piece that changes with the others, as a
rank does, stands between `aside` and `end_aside`: it is told by itself, in `data-asides`.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate, chain, zip_longest
from typing import Self

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.crypto import get_random_string

MOST_BYTES = 19_500
"""Of an answer, unless its first new piece alone is larger: below 20 kB with what is added to it."""
MARK = get_random_string(32)
"""Stands where a piece goes while a part is made: nobody can have written it into a text."""
ASIDE = get_random_string(32)
"""Stands before and behind the aside of a piece."""
TOKEN_PLACE = get_random_string(64)
"""Stands where the token of whoever asks goes, and is as long."""
ROOT = re.compile(r'<(\w+)[^>]*?\sid="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Piece:
    """One element of a part, found again by its id."""

    id: str
    text: str
    digest: str
    place: str
    """What is sent for it when the page has it already."""
    aside: str = ""
    """A word in it that its digest does not cover, without blanks and quotes; "": none."""

    @classmethod
    def of(cls, text: str, token: str) -> Self:
        """Return the piece with this text, which is the same whatever token its forms bear. Raises ValueError."""
        root = ROOT.match(text)
        if root is None:
            raise ValueError(f"a piece is one element with an id: {text[:80]!r}")
        tag, element_id = root.groups()
        before, aside, behind = text.split(ASIDE) if ASIDE in text else (text, "", "")
        digest = _digest([before, behind], token)
        place = f'<{tag} id="{element_id}" hx-preserve></{tag}>'
        return cls(element_id, _with_attribute(before + aside + behind, "data-digest", digest), digest, place, aside)

    @property
    def stand(self) -> str:
        """Which piece it is, with its aside."""
        return f"{self.id}:{self.aside}"


@dataclass(frozen=True, slots=True)
class LivePart:
    """A part of a page as it is at one moment."""

    texts: tuple[str, ...]
    """What stands around the pieces: one more than there are of these."""
    pieces: tuple[Piece, ...]
    digest: str
    """Of the texts around the pieces, and of which pieces stand between them with which asides."""

    @classmethod
    def of(cls, text: str, pieces: Sequence[Piece], token: str) -> Self:
        """Return the part with this text, in which a mark stands for each piece."""
        texts = text.strip().split(MARK)
        digest = _digest(chain(texts, (piece.stand for piece in pieces)), token)
        return cls((_with_attribute(texts[0], "data-digest", digest), *texts[1:]), tuple(pieces), digest)

    def whole(self) -> str:
        """Return all of it."""
        return self._around(piece.text for piece in self.pieces)

    def news(self, shown: Set[str], start: str = "") -> str | None:
        """Return what is new to a page that shows pieces with these digests; None: nothing is.

        Where it is too much for one answer, it is what fits of the pieces from the one named `start` on.
        """
        new = [piece for piece in self.pieces if piece.digest not in shown]
        if not new and self.digest in shown:
            return None
        places = [piece.id for piece in self.pieces]
        begin = places.index(start) if start in places else 0
        due = [piece for piece in self.pieces[begin:] if piece.digest not in shown]
        bare = self._told(piece.place for piece in self.pieces)
        sent = due[: _fitting(due, MOST_BYTES - len(bare.encode()))]
        text = self._told(piece.text if piece in sent else piece.place for piece in self.pieces)
        if len(sent) == len(new):
            return text
        return _with_attribute(text, "data-live-more", due[len(sent)].id if len(sent) < len(due) else "")

    def _told(self, pieces: Iterable[str]) -> str:
        asides = " ".join(piece.stand for piece in self.pieces if piece.aside)
        text = self._around(pieces)
        return _with_attribute(text, "data-asides", asides) if asides else text

    def _around(self, pieces: Iterable[str]) -> str:
        return "".join(chain.from_iterable(zip_longest(self.texts, pieces, fillvalue="")))


def live_part_of(template: str, context: dict[str, object]) -> LivePart:
    """Return the one part that a template makes; it sees neither request nor person."""
    found: list[LivePart] = []
    render_to_string(template, {**context, "csrf_token": TOKEN_PLACE, "live_parts": found})
    (part,) = found
    return part


def live_answer(request: HttpRequest, part: LivePart) -> HttpResponse:
    """Answer a page with what is new to it, given what it names as shown; whoever reads without htmx gets all."""
    shown, start = request.headers.get("Live-Shown", ""), request.headers.get("Live-From", "")
    is_page = bool(request.headers.get("HX-Request"))
    text = part.news(frozenset(shown.split()), start) if is_page else part.whole()
    if text is None:
        return HttpResponse(status=204)
    return HttpResponse(text.replace(TOKEN_PLACE, get_token(request)) if TOKEN_PLACE in text else text)


def _fitting(due: Sequence[Piece], room: int) -> int:
    """Return how many of these pieces fit into so many bytes: one at least."""
    sizes = accumulate(len(piece.text.encode()) - len(piece.place) for piece in due)
    return max(1, sum(size <= room for size in sizes))


def _with_attribute(text: str, name: str, value: str) -> str:
    """Return an element with one more attribute, behind its id."""
    return re.sub(r'\sid="[^"]+"', lambda found: f'{found[0]} {name}="{value}"', text, count=1)


def _digest(texts: Iterable[str], token: str) -> str:
    text = "\0".join(texts)
    known = text.replace(token, "") if token else text
    return urlsafe_b64encode(blake2b(known.encode(), digest_size=6).digest()).decode()
