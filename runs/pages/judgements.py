"""What scorers and people say of one result, as its page shows it."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib.auth import get_user_model

from experiments.models import ScorerSpec
from experiments.models.projects import Person
from runs.models import Result, Run
from scoring.grid.text_pieces import Piece, difference_of_answers
from scoring.models import CODE, RunScore, Score

PERSON = "person"


@dataclass(frozen=True)
class Judgement:
    """What one scorer, by one author, says of the result."""

    scorer: ScorerSpec
    score: Score | None
    author: str
    """Who gave it; "" for code."""
    accepted: list[str] = field(default_factory=list)
    """The expected answers as texts, any of which is right; []: none is expected."""

    @property
    def is_share(self) -> bool:
        """Whether its range is 0 to 1, shown of 100."""
        return (self.scorer.range_low, self.scorer.range_high) == (0.0, 1.0)

    @property
    def has_sides(self) -> bool:
        """Whether something was extracted, to be read beside what was expected."""
        return self.score is not None and self.score.extracted is not None

    @cached_property
    def sides(self) -> tuple[list[Piece], list[Piece]]:
        """Expected and extracted in pieces, what differs marked."""
        extracted = self.score.extracted if self.score else None
        return difference_of_answers(self.accepted, extracted or "")

    @property
    def expected_pieces(self) -> list[Piece]:
        """The accepted answer that is nearest, in pieces; []: none is expected."""
        return self.sides[0] if self.accepted else []

    @property
    def extracted_pieces(self) -> list[Piece]:
        """What was extracted, in pieces."""
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


def judgements_of(scorers: list[ScorerSpec], scores: list[Score], expected: Any) -> list[Judgement]:
    """Return what every scorer says, by author; one of code that said nothing is there without a score."""
    authors = {score.author for score in scores if score.author != CODE}
    names = dict(get_user_model().objects.filter(pk__in=authors).values_list("pk", "username")) if authors else {}
    accepted = accepted_texts(expected)
    found = []
    for scorer in scorers:
        mine = [score for score in scores if score.scorer_id == scorer.pk]
        found += [Judgement(scorer, score, names.get(score.author, ""), accepted) for score in mine]
        if not mine and scorer.kind != PERSON:
            found.append(Judgement(scorer, None, ""))
    return found


def rated_by(scorers: list[ScorerSpec], scores: list[Score], user: Person) -> list[Judgement]:
    """Return the scorers that people give, with this person's own value where there is one."""
    own = {score.scorer_id: score for score in scores if score.author == user.pk}
    return [Judgement(scorer, own.get(scorer.pk), "") for scorer in scorers if scorer.kind == PERSON]
