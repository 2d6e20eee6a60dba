"""The items of a comparison: regressions first, both answers beside each other."""

from dataclasses import dataclass

import numpy as np
from django.http import HttpRequest

from evalsite.addresses import query_with
from experiments.models import Item
from runs.models import Result, Run
from runs.models.results import result_id_of
from runs.transcripts import output_of
from scoring.boards.comparing import Comparison, Pairing
from scoring.boards.item_values import Ints
from scoring.grid.text_pieces import Piece, difference_of_texts

ROWS = 20
FILTERS = {"all": "all", "losses": "worse", "wins": "better", "ties": "same"}


@dataclass(frozen=True)
class Side:
    """What one run made of one item."""

    result: Result | None
    """Of its first trial that is stored; None: none is."""
    value: float
    pieces: list[Piece]


@dataclass(frozen=True)
class ComparedItem:
    """One item, both answers beside each other."""

    position: int
    item: Item | None
    first: Side
    second: Side

    @property
    def difference(self) -> float:
        """First minus second, 0 to 1."""
        return self.first.value - self.second.value


@dataclass(frozen=True)
class FilterChip:
    """One way to narrow the items."""

    name: str
    label: str
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True)
class ComparedItems:
    """A page of them."""

    chips: list[FilterChip]
    rows: list[ComparedItem]
    earlier: str
    """The query of the page before; "": this is the first."""
    later: str

    @classmethod
    def build(cls, comparison: Comparison, pairing: Pairing, request: HttpRequest) -> "ComparedItems":
        """Return the items that the query asks for."""
        wanted = request.GET.get("show", "all")
        shown = wanted if wanted in FILTERS else "all"
        order = _order(pairing, shown)
        start = _start(request.GET.get("from", ""), len(order))
        end = start + ROWS
        return cls(
            _chips(pairing, shown, request),
            _items(comparison, pairing, order[start:end]),
            query_with(request, **{"from": start - ROWS or None}) if start else "",
            query_with(request, **{"from": end}) if end < len(order) else "",
        )


def _order(pairing: Pairing, shown: str) -> Ints:
    """Return indices of the pairing: regressions first, then the order of the case list."""
    differences = pairing.differences
    kept = {
        "all": np.ones(len(differences), dtype=bool),
        "wins": differences > 0,
        "losses": differences < 0,
        "ties": differences == 0,
    }[shown]
    order = np.argsort(differences, kind="stable")
    chosen: Ints = order[kept[order]]
    return chosen


def _start(text: str, count: int) -> int:
    start = int(text) if text.isdecimal() and len(text) <= 9 else 0
    return start if start < count else 0


def _chips(pairing: Pairing, shown: str, request: HttpRequest) -> list[FilterChip]:
    counts = {"all": pairing.n, "losses": pairing.losses, "wins": pairing.wins, "ties": pairing.ties}
    only = {"from": None}
    return [
        FilterChip(name, label, counts[name], query_with(request, **only, show=name), name == shown)
        for name, label in FILTERS.items()
    ]


def _items(comparison: Comparison, pairing: Pairing, indices: Ints) -> list[ComparedItem]:
    positions = [int(pairing.positions[index]) for index in indices]
    theirs_at = comparison.positions_in_second(positions)
    firsts, seconds = _results(comparison.first, positions), _results(comparison.second, theirs_at)
    compared = []
    for index, position, their_position in zip(indices, positions, theirs_at, strict=True):
        one, other = firsts.get(position), seconds.get(their_position)
        mine, theirs = difference_of_texts(output_of(one) if one else "", output_of(other) if other else "")
        found = one or other
        first = Side(one, float(pairing.first[index]), mine)
        second = Side(other, float(pairing.second[index]), theirs)
        compared.append(ComparedItem(position, found.item if found else None, first, second))
    return compared


def _results(run: Run, positions: list[int]) -> dict[int, Result]:
    """Return the first stored trial of each position."""
    cases = run.case_list.case_count
    ordinals = [trial * cases + position for position in positions for trial in range(run.trials)]
    ids = [result_id_of(run.pk, ordinal) for ordinal in ordinals]
    found: dict[int, Result] = {}
    for result in Result.objects.filter(pk__in=ids).select_related("item", "transcript").order_by("pk"):
        found.setdefault(result.ordinal % cases, result)
    return found
