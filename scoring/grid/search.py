"""Looking for items among the outputs of some runs: by tag, split and text, chunk by chunk of the case list."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import islice, pairwise
from operator import or_
from typing import Any

import numpy as np
from django.db.models import Q

from experiments.models import CaseChunk, Item
from experiments.models.cases import CHUNK_LENGTH
from runs.models import Result
from runs.models.results import result_id_of
from scoring.boards.item_values import Ints, no_positions
from scoring.grid.outputs import Mode, Outputs

WHOLE = 4
"""A list of at most so many chunks of 1,024 items is looked through whole."""
LOOKED = 2
"""So many chunks of a longer one are looked through for one page."""
MOST_OUTPUTS = 40_000
"""Of so many outputs the texts are looked through for one page."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What items have to have; "" asks for nothing."""

    tag: str = ""
    split: str = ""
    text: str = ""
    """Somewhere in key, input, expected answer or the first 200 characters of an output, in any case."""

    @property
    def is_anything(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.tag or self.split or self.text)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: behind a position, or before one; both None: at the beginning."""

    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of positions, ascending."""

    positions: list[int]
    has_earlier: bool
    has_later: bool
    looked_to: int | None = None
    """The position at which looking stopped for this time, with fewer rows than fit; None: it did not."""


def narrowed(outputs: Outputs, sought: Sought) -> Outputs | None:
    """Return the outputs of the items that have what is sought; None: there are too many to look through at once."""
    if sought.is_anything:
        return outputs
    everything = outputs.positions(Mode.ALL)
    if len(everything) > _most_at_once(outputs, sought, WHOLE * CHUNK_LENGTH):
        return None
    wanted = np.zeros(len(everything), dtype=np.bool_)
    for _, positions in _chunks(everything):
        wanted[_found_in(outputs, sought, positions)] = True
    return outputs.within(wanted)


def page_of(outputs: Outputs, mode: Mode, place: Place, rows: int, sought: Sought | None = None) -> Found:
    """Return at most so many positions of a mode from a place on; with `sought` those that have it."""
    ahead, is_backwards = _ahead(outputs.positions(mode), place)
    if sought is None or sought.is_anything:
        found, looked_to = ahead[: rows + 1].tolist(), None
    else:
        found, looked_to = _looked_for(outputs, sought, ahead, rows)
    shown = found[:rows]
    is_more = len(found) > rows or looked_to is not None
    if is_backwards:
        return Found(shown[::-1], is_more, True, looked_to)
    return Found(shown, place.after is not None, is_more, looked_to)


def _ahead(positions: Ints, place: Place) -> tuple[Ints, bool]:
    """Return the positions from a place on, in the direction of reading, and whether that is backwards."""
    if place.before is not None:
        return positions[: np.searchsorted(positions, place.before)][::-1], True
    start = 0 if place.after is None else int(np.searchsorted(positions, place.after, side="right"))
    return positions[start:], False


def _looked_for(outputs: Outputs, sought: Sought, ahead: Ints, rows: int) -> tuple[list[int], int | None]:
    """Return what is found of the positions ahead, one more than fits at most, and where looking stopped early."""
    found: list[int] = []
    looked = ahead[: _most_at_once(outputs, sought, len(ahead))]
    for number, positions in enumerate(positions for _, positions in islice(_chunks(looked), LOOKED)):
        found += _in_order_of(positions, _found_in(outputs, sought, positions))
        if len(found) > rows:
            return found[: rows + 1], None
        is_last = number == LOOKED - 1 or positions[-1] == looked[-1]
        if is_last and positions[-1] != ahead[-1]:
            return found, int(positions[-1])
    return found, None


def _most_at_once(outputs: Outputs, sought: Sought, most: int) -> int:
    """Return how many positions are looked through for one page: fewer where each has many outputs to be read."""
    if not sought.text:
        return most
    return min(most, max(1, MOST_OUTPUTS // max(1, sum(run.trials for run in outputs.runs))))


def _in_order_of(positions: Ints, found: Ints) -> list[int]:
    wanted: list[int] = positions[np.isin(positions, found)].tolist()
    return wanted


def _chunks(positions: Ints) -> Iterator[tuple[int, Ints]]:
    """Yield the number of each chunk that has some of these sorted positions, with them."""
    numbers = positions // CHUNK_LENGTH
    edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(positions)]
    for start, end in pairwise(edges):
        if end > start:
            yield int(numbers[start]), positions[start:end]


def item_ids_at(outputs: Outputs, positions: Ints) -> dict[int, int]:
    """Return the id of the item row at each of these sorted positions."""
    found: dict[int, int] = {}
    for number, inside in _chunks(positions):
        chunk = CaseChunk.objects.filter(case_list=outputs.case_list, number=number).first()
        cases = chunk.cases if chunk else []
        for position in inside.tolist():
            place = position - number * CHUNK_LENGTH
            if place < len(cases):
                found[position] = cases[place][0]
    return found


def _found_in(outputs: Outputs, sought: Sought, positions: Ints) -> Ints:
    """Return those of the positions, all of one chunk, whose items have what is sought."""
    ids = item_ids_at(outputs, positions)
    items = Item.objects.filter(pk__in=set(ids.values())).order_by()
    items = items.tagged([sought.tag]) if sought.tag else items
    items = items.filter(split=sought.split) if sought.split else items
    if not sought.text:
        kept = set(items.values_list("pk", flat=True))
        return _array(position for position, pk in ids.items() if pk in kept)
    rows = {row[0]: row[1:] for row in items.values_list("pk", "key", "input", "expected")}
    text = sought.text.casefold()
    saying = {pk for pk, values in rows.items() if any(text in readable(value).casefold() for value in values)}
    answering = _answering(outputs, sought.text, positions)
    return _array(position for position, pk in ids.items() if pk in saying or (position in answering and pk in rows))


def _answering(outputs: Outputs, text: str, positions: Ints) -> set[int]:
    """Return the positions at which some run's output has the text among its first characters."""
    cases = outputs.case_list.case_count if outputs.case_list else 0
    first, end = int(positions.min()), int(positions.max()) + 1
    ranges = [
        Q(pk__gte=result_id_of(run.pk, trial * cases + first), pk__lt=result_id_of(run.pk, trial * cases + end))
        for run in outputs.runs
        for trial in range(run.trials)
    ]
    if not ranges:
        return set()
    rows = Result.objects.filter(reduce(or_, ranges), preview__icontains=text).order_by().only("pk")
    return {result.ordinal % cases for result in rows}


def readable(value: Any) -> str:
    """Return a text as it is and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _array(positions: Iterator[int]) -> Ints:
    found = list(positions)
    return np.array(found, dtype=np.int64) if found else no_positions()
