"""What two runs over different case lists have in common: items, and scorers that measure the same."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import F, TextField
from django.db.models.functions import Cast

from experiments.actions.case_lists import StoredCase
from experiments.models import CaseChunk, Experiment, ScorerRevision, ScorerSpec
from scoring.boards.item_values import Ints, ItemValues, no_positions

VARIANT_BITS = 20
WITHOUT_BRACKETS = str.maketrans("", "", "[]")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the cases of a second case list stand in a first: the same item row under the same variant."""

    in_first: Ints
    """One a position of the second: its position in the first; of a case that the first lacks, behind the first's end.

    No two are the same.
    """
    shared: int
    """Cases that both lists have."""

    @classmethod
    def between(cls, first_id: int, second_id: int) -> "Places":
        """Return the places of two case lists, by their ids, with one query."""
        found = _cases_of([first_id, second_id])
        first, second = found.get(first_id, no_positions()), found.get(second_id, no_positions())
        _, at_first, at_second = np.intersect1d(first, second, assume_unique=True, return_indices=True)
        in_first: Ints = len(first) + np.arange(len(second), dtype=np.int64)
        in_first[at_second] = at_first
        return cls(in_first, len(at_first))

    def laid(self, values: ItemValues) -> ItemValues:
        """Return item values of the second at the positions of the first."""
        places = self.in_first[values.positions]
        order = np.argsort(places)
        varying: Ints = np.sort(self.in_first[values.varying])
        return ItemValues(places[order], values.means[order], varying)

    def in_second(self, positions: Sequence[int]) -> list[int]:
        """Return where cases of both lists stand in the second, from their positions in the first."""
        order = np.argsort(self.in_first)
        found: list[int] = order[np.searchsorted(self.in_first, positions, sorter=order)].tolist()
        return found


def _cases_of(list_ids: Collection[int]) -> dict[int, Ints]:
    """Return what identifies each case of the lists, in their order: item rows never change once they are frozen."""
    chunks = CaseChunk.objects.filter(case_list__in=list_ids).order_by("number")
    found: dict[int, list[Ints]] = defaultdict(list)
    for list_id, cases in chunks.values_list("case_list_id", Cast("cases", TextField())):
        found[list_id].append(_identities(cases))
    return {list_id: np.concatenate(parts) for list_id, parts in found.items()}


def _identities(cases: str) -> Ints:
    """Read the stored lists as numbers in a row: as JSON, 100,000 cases take ten times as long."""
    numbers = np.fromstring(cases.translate(WITHOUT_BRACKETS), dtype=np.int64, sep=",")
    columns = numbers.reshape(-1, len(StoredCase._fields))
    identities: Ints = columns[:, 0] << VARIANT_BITS | columns[:, 1]
    return identities


@dataclass(frozen=True, slots=True)
class SharedScorers:
    """The scorers that two experiments both have: under one name, of one kind, with one range and direction."""

    pairs: list[tuple[ScorerSpec, ScorerSpec]]
    """The first's with the second's, in the order of the first."""
    left_out: list[str]
    """Names of scorers that only one of them has, or that are not the same kind, range and direction in both."""
    changed: list[str]
    """Names of those in both whose options or condition differ."""

    @classmethod
    def of(cls, first: Experiment, second: Experiment) -> "SharedScorers":
        """Return what they share; of an experiment with itself all, without a query more."""
        own, others = first.present_scorers(), second.present_scorers()
        if first.pk == second.pk:
            return cls([(spec, spec) for spec in own], [], [])
        theirs = {_measure(spec): spec for spec in others}
        pairs = [(spec, theirs[_measure(spec)]) for spec in own if _measure(spec) in theirs]
        shared = {spec.name for spec, _ in pairs}
        names = dict.fromkeys(spec.name for spec in [*own, *others])
        return cls(pairs, [name for name in names if name not in shared], _changed(pairs))

    def of_first(self, values: Mapping[int, ItemValues]) -> dict[int, ItemValues]:
        """Return values of the second's scorers, by their ids, under the ids of the first's."""
        return {own.pk: values[other.pk] for own, other in self.pairs if other.pk in values}


def _measure(spec: ScorerSpec) -> tuple[Any, ...]:
    return spec.name, spec.kind, spec.range_low, spec.range_high, spec.higher_is_better


def _changed(pairs: Sequence[tuple[ScorerSpec, ScorerSpec]]) -> list[str]:
    specs = [spec for pair in pairs for spec in pair]
    revisions = ScorerRevision.objects.filter(scorer__in=specs, number=F("scorer__revision"))
    options = dict(revisions.values_list("scorer_id", "options"))
    return [own.name for own, other in pairs if own.when != other.when or options.get(own.pk) != options.get(other.pk)]
