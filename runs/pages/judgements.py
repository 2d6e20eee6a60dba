"""What scorers and people say of one result, as its page shows it."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model

from experiments.models import ScorerRevision, ScorerSpec
from experiments.models.projects import Person
from runs.models import Result, Run
from scoring.grid.text_pieces import Piece, difference_of_answers
from scoring.judging.kinds import ScorerKind
from scoring.models import CODE, RunScore, Score

PERSON = "person"
LONGEST_BESIDE = 400
"""Characters of an answer that, compared as a whole, stands beside what was expected; longer ones stand below."""


@dataclass(frozen=True)
class Judgement:
    """What one scorer, by one author, says of the result."""

    scorer: ScorerSpec
    score: Score | None
    author: str
    """Who gave it; "" for code."""
    accepted: list[str] = field(default_factory=list)
    """The expected answers as texts, any of which is right; []: none is expected."""
    compared: str | None = None
    """What was held against them: what was extracted, else a short answer as a whole; None: nothing to show."""

    @property
    def is_share(self) -> bool:
        """Whether its range is 0 to 1, shown of 100."""
        return (self.scorer.range_low, self.scorer.range_high) == (0.0, 1.0)

    @property
    def is_extracted(self) -> bool:
        """Whether what was compared is a part that the scorer took from the answer."""
        return self.score is not None and self.score.extracted is not None

    @property
    def has_sides(self) -> bool:
        """Whether there is something to be read beside what was expected."""
        return self.compared is not None

    @cached_property
    def sides(self) -> tuple[list[Piece], list[Piece]]:
        """Expected and compared in pieces, what differs marked."""
        return difference_of_answers(self.accepted, self.compared or "")

    @property
    def expected_pieces(self) -> list[Piece]:
        """The accepted answer that is nearest, in pieces; []: none is expected."""
        return self.sides[0] if self.accepted else []

    @property
    def compared_pieces(self) -> list[Piece]:
        """What was compared, in pieces."""
        return self.sides[1]

    @property
    def other_count(self) -> int:
        """How many more answers would have been right."""
        return max(0, len(self.accepted) - 1)


def accepted_texts(expected: Any) -> list[str]:
    """Return an expected value as the texts of which any one is right."""
    if expected is None:
        return []
    return [readable(part) for part in expected] if isinstance(expected, list) else [readable(expected)]


def readable(value: Any) -> str:
    """Return JSON as a person reads it: text as it is, a list of accepted values as its parts, objects indented."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return " or ".join(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


def scores_in_force(run: Run, result: Result, scorers: list[ScorerSpec]) -> list[Score]:
    """Return the scores of a result: those of people, and of code those of the revision that counts."""
    revisions = {spec.pk: spec.revision for spec in scorers}
    revisions |= dict(RunScore.objects.filter(run=run).values_list("scorer_id", "revision"))
    scores = Score.objects.filter(result=result, turn=0).order_by("author", "id")
    return [one for one in scores if one.author != CODE or one.revision == revisions.get(one.scorer_id, one.revision)]


def judgements_of(scorers: list[ScorerSpec], scores: list[Score], expected: Any, answer: str) -> list[Judgement]:
    """Return what every scorer says, by author; one of code that said nothing is there without a score."""
    authors = {score.author for score in scores if score.author != CODE}
    names = dict(get_user_model().objects.filter(pk__in=authors).values_list("pk", "username")) if authors else {}
    accepted = accepted_texts(expected)
    compared = _compared(scorers, scores, accepted, answer)
    found = []
    for scorer in scorers:
        mine = [score for score in scores if score.scorer_id == scorer.pk]
        found += [
            Judgement(scorer, score, names.get(score.author, ""), accepted, compared.get(score.pk)) for score in mine
        ]
        if not mine and scorer.kind != PERSON:
            found.append(Judgement(scorer, None, ""))
    return found


def _compared(scorers: list[ScorerSpec], scores: list[Score], accepted: list[str], answer: str) -> dict[int, str]:
    """Return by score what was held against the expected answers, where that can be shown."""
    extracted = {score.pk: score.extracted for score in scores if score.extracted is not None}
    if not accepted or any(len(text) > LONGEST_BESIDE for text in [answer, *accepted]):
        return extracted
    rest = [score for score in scores if score.author == CODE and not score.error and score.pk not in extracted]
    whole = _comparing_wholes(scorers, rest)
    return extracted | {score.pk: answer for score in rest if (score.scorer_id, score.revision) in whole}


def _comparing_wholes(scorers: list[ScorerSpec], scores: list[Score]) -> set[tuple[int, int]]:
    """Return the revisions, as scorer and number, that compare a whole answer."""
    if not scores:
        return set()
    kinds = {spec.pk: kind for spec in scorers if (kind := ScorerKind.of(spec.kind))}
    numbers = {score.revision for score in scores}
    revisions = ScorerRevision.objects.filter(scorer__in={score.scorer_id for score in scores}, number__in=numbers)
    return {
        (one.scorer_id, one.number)
        for one in revisions
        if one.scorer_id in kinds and kinds[one.scorer_id].plugin.compares_answer(one.options)
    }


def rated_by(scorers: list[ScorerSpec], scores: list[Score], user: Person) -> list[Judgement]:
    """Return the scorers that people give, with this person's own value where there is one."""
    own = {score.scorer_id: score for score in scores if score.author == user.pk}
    return [Judgement(scorer, own.get(scorer.pk), "") for scorer in scorers if scorer.kind == PERSON]
