"""What a person can still rate in an experiment: which result comes next, and how far the person is."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import or_

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from experiments.conditions import Condition
from experiments.models import Experiment, Item, ScorerSpec
from experiments.models.projects import Person
from runs.live.progress import counts_of
from runs.models import Result, Run
from runs.models.results import ORDINAL_MASK, result_id_of
from runs.outcomes import ANSWERED
from scoring.boards.leaderboard import runs_on_board
from scoring.boards.scored import prefix_of
from scoring.models import Score, Showing

PERSON = "person"
FIRST_WINDOW = 64


class RatingOrder(StrEnum):
    """In which order results are shown to be rated."""

    RANDOM = "random"  # any answer of any candidate
    ITEM = "item"  # all answers to one item, then those to the next


@dataclass(frozen=True, slots=True)
class RatingProgress:
    """How far one person is."""

    rated: int
    """Answers under which this person has a value for every scorer that people give."""
    total: int
    """Answers on the board."""
    skipped: int


@dataclass(frozen=True, slots=True)
class Rateable:
    """The answers on an experiment's board, and the scorers that people give."""

    experiment: Experiment
    runs: Sequence[Run]
    scorers: list[ScorerSpec]

    @classmethod
    def of(cls, experiment: Experiment) -> Rateable:
        """Return what people can rate in an experiment."""
        runs = runs_on_board(experiment)
        for run in runs:
            run.experiment = experiment  # the same for all: not read once a run
        return cls(experiment, runs, list(experiment.scorers.filter(kind=PERSON, removed_at=None)))

    def scorers_for(self, item: Item) -> list[ScorerSpec]:
        """Return the scorers that are asked about an item."""
        return [one for one in self.scorers if Condition.of(one.when).holds(item.tag_list, item.split)]

    def next_for(self, person: Person, order: RatingOrder) -> Result | None:
        """Return an answer that this person has neither rated nor skipped; None: there is none."""
        if not self.scorers or not self.runs:
            return None
        return self._next_by_item(person) if order is RatingOrder.ITEM else self._any(person)

    def is_open_to(self, person: Person, result_id: int) -> bool:
        """Return whether an answer is on the board and not yet rated by this person."""
        run = next((one for one in self.runs if one.pk == Result(pk=result_id).run_id), None)
        return run is not None and self._unrated(self._answers(run), person).filter(pk=result_id).exists()

    def progress_of(self, person: Person) -> RatingProgress:
        """Return how far this person is."""
        skipped = Showing.objects.filter(experiment=self.experiment, person_id=person.pk, is_skipped=True).count()
        if any(spec.when for spec in self.scorers):
            total = sum(self._answers(run).filter(self._asked()).count() for run in self.runs)
            waiting = sum(self._unrated(self._answers(run), person).count() for run in self.runs)
            return RatingProgress(total - waiting, total, skipped)
        total = sum(self._answer_counts())
        return RatingProgress(min(total, self._rated_count(person)), total, skipped)

    def _asked(self) -> Q:
        """Return which answers one scorer at least is asked about."""
        return reduce(or_, (Condition.of(spec.when).query("item__") for spec in self.scorers))

    def _any(self, person: Person) -> Result | None:
        """Begin anywhere in any run: one run after the other in an order of chance, so that none is preferred."""
        for run in random.sample(self.runs, len(self.runs)):
            prefix = prefix_of(run)
            start = result_id_of(run.pk, random.randrange(prefix.cases * prefix.trials))
            waiting = self._waiting(self._answers(run), person).order_by("pk")
            found = waiting.filter(pk__gte=start).first() or waiting.filter(pk__lt=start).first()
            if found is not None:
                return found
        return None

    def _next_by_item(self, person: Person) -> Result | None:
        """Return one of the answers to the first item that still waits; which of them is left to chance."""
        most = max(prefix_of(run).trials for run in self.runs)
        for trial in range(most):
            for first, end in _windows(max(prefix_of(run).limit for run in self.runs)):
                found = self._in_window(person, trial, first, end)
                if found:
                    return random.choice(found)
        return None

    def _in_window(self, person: Person, trial: int, first: int, end: int) -> list[Result]:
        """Return the answers to the first waiting item among these positions."""
        ranges = [_range(run, trial, first, end) for run in self.runs if trial < prefix_of(run).trials]
        cases = max(prefix_of(run).cases for run in self.runs)
        answers = Result.objects.filter(reduce(or_, ranges), outcome__in=ANSWERED)
        placed = self._waiting(answers, person).annotate(position=F("pk").bitand(ORDINAL_MASK) % cases)
        rows = list(placed.order_by("position")[: len(self.runs)])
        return [row for row in rows if row.position == rows[0].position]

    def _answers(self, run: Run) -> QuerySet[Result]:
        """Return the answers of a run that count."""
        prefix = prefix_of(run)
        end = result_id_of(run.pk, prefix.cases * prefix.trials)
        answers: QuerySet[Result] = Result.objects.of_run(run).filter(pk__lt=end, outcome__in=ANSWERED)
        if prefix.limit == prefix.cases:
            return answers
        return answers.annotate(place=F("pk").bitand(ORDINAL_MASK) % prefix.cases).filter(place__lt=prefix.limit)

    def _waiting(self, answers: QuerySet[Result], person: Person) -> QuerySet[Result]:
        """Return the unrated answers that this person did not skip."""
        skipped = Showing.objects.filter(
            experiment=self.experiment, person_id=person.pk, result_id=OuterRef("pk"), is_skipped=True
        )
        return self._unrated(answers, person).filter(~Exists(skipped))

    def _unrated(self, answers: QuerySet[Result], person: Person) -> QuerySet[Result]:
        """Return those under which this person's value is missing for one scorer at least that is asked about them."""
        return answers.filter(reduce(or_, (_lacking(spec, person) for spec in self.scorers)))

    def _answer_counts(self) -> Iterator[int]:
        """Yield the answers of each run: from the counters, counted only where a limit was lowered."""
        counts = counts_of([run.pk for run in self.runs])
        for run in self.runs:
            prefix = prefix_of(run)
            if prefix.limit < min(run.case_limit, prefix.cases) or prefix.trials < run.trials:
                yield self._answers(run).count()
            elif run.pk in counts:
                yield sum(counts[run.pk].outcomes.get(outcome, 0) for outcome in ANSWERED)

    def _rated_count(self, person: Person) -> int:
        if not self.scorers or not self.runs:
            return 0
        in_force = reduce(or_, (Q(scorer=spec.pk, revision=spec.revision) for spec in self.scorers))
        on_board = reduce(or_, (_whole(run) for run in self.runs))
        mine = Score.objects.filter(in_force, on_board, author=_id_of(person), turn=0)
        by_result = mine.order_by().values("result_id").annotate(given=Count("pk"))
        rated: int = by_result.filter(given=len(self.scorers)).count()
        return rated


def _id_of(person: Person) -> int:
    return int(person.pk or 0)  # whoever is not signed in has rated nothing


def _lacking(spec: ScorerSpec, person: Person) -> Q:
    mine = Score.objects.filter(scorer=spec.pk, revision=spec.revision, turn=0, author=_id_of(person))
    return Condition.of(spec.when).query("item__") & Q(~Exists(mine.filter(result_id=OuterRef("pk"))))


def _windows(limit: int) -> Iterable[tuple[int, int]]:
    """Yield ranges of positions up to the limit, each twice as long as the one before."""
    first, length = 0, FIRST_WINDOW
    while first < limit:
        yield first, min(first + length, limit)
        first, length = first + length, length * 2


def _range(run: Run, trial: int, first: int, end: int) -> Q:
    prefix = prefix_of(run)
    start = trial * prefix.cases
    return Q(pk__gte=result_id_of(run.pk, start + first), pk__lt=result_id_of(run.pk, start + min(end, prefix.limit)))


def _whole(run: Run) -> Q:
    return Q(result_id__gte=result_id_of(run.pk, 0), result_id__lt=result_id_of(run.pk + 1, 0))
