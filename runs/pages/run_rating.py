"""What people say of a run as a whole, as its page shows it."""

from dataclasses import dataclass

from django.db.models import Avg, Count

from experiments.models import ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import may
from runs.models import Result, Run
from runs.pages.judgements import PERSON
from scoring.models import RunRating


@dataclass(frozen=True)
class RunQuestion:
    """What people are asked about the run under one scorer."""

    scorer: ScorerSpec
    mine: RunRating | None
    """What this person said of it."""
    mean: float | None
    """Of all who rated it; None: nobody has."""
    rater_count: int


@dataclass(frozen=True)
class RunRatingPart:
    """The ratings of a run as a whole."""

    run: Run
    questions: list[RunQuestion]
    """[]: people are asked nothing, or the run has one result only, which is rated at the result."""

    @classmethod
    def build(cls, run: Run, user: Person) -> "RunRatingPart":
        """Return it for a person who may rate."""
        scorers = list(ScorerSpec.objects.filter(experiment=run.experiment_id, kind=PERSON, removed_at=None))
        is_asked = scorers and run.planned_count > 1 and may(user, run.experiment.project, "rate")
        return cls(run, _questions(run, scorers, user) if is_asked and Result.objects.of_run(run).exists() else [])


def _questions(run: Run, scorers: list[ScorerSpec], user: Person) -> list[RunQuestion]:
    ratings = RunRating.objects.filter(run=run)
    mine = {rating.scorer_id: rating for rating in ratings.filter(author=user.pk)}
    by_scorer = ratings.values_list("scorer").annotate(Avg("value"), Count("pk"))
    said = {scorer: (mean, count) for scorer, mean, count in by_scorer}
    return [RunQuestion(one, mine.get(one.pk), *said.get(one.pk, (None, 0))) for one in scorers]
