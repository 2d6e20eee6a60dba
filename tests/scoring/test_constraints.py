"""Every constraint of the judging bites."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.constraints import breach_pattern, constraints_of
from tests.factories import (
    ExperimentFactory,
    ResultFactory,
    RunFactory,
    RunRatingFactory,
    RunScoreFactory,
    ScoreFactory,
    ScorerProposalFactory,
    ScorerSpecFactory,
    ShowingFactory,
    UserFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both]

BREACHES: dict[str, Callable[[], object]] = {
    "score_once_per_author": lambda: ScoreFactory.create_batch(2, result=ResultFactory(), scorer=ScorerSpecFactory()),
    "score_error_has_no_value": lambda: ScoreFactory(error="it crashed", value=1.0),
    "rating_once_per_author": lambda: RunRatingFactory.create_batch(
        2, run=RunFactory(), scorer=ScorerSpecFactory(), author=UserFactory()
    ),
    "showing_once_per_person": lambda: ShowingFactory.create_batch(
        2, experiment=ExperimentFactory(), person=UserFactory(), result_id=1, answered_at=timezone.now()
    ),
    "showing_one_open_at_a_time": lambda: ShowingFactory.create_batch(
        2, experiment=ExperimentFactory(), person=UserFactory()
    ),
    "showing_skipped_is_answered": lambda: ShowingFactory(is_skipped=True),
    "run_score_once": lambda: RunScoreFactory.create_batch(2, run=RunFactory(), scorer=ScorerSpecFactory()),
    "proposal_flips_add_up": lambda: ScorerProposalFactory(flip_count=1, better_count=1, worse_count=1),
}


@pytest.mark.parametrize("name", BREACHES)
def test_constraint_of_scoring_when_breached_bites(name: str) -> None:
    with pytest.raises(IntegrityError, match=breach_pattern("scoring", name)):
        BREACHES[name]()


def test_constraints_of_scoring_are_all_under_test() -> None:
    assert set(BREACHES) == set(constraints_of("scoring"))


@pytest.mark.parametrize("other", [{"author": 1}, {"turn": 1}, {"revision": 2}])
def test_constraint_score_once_per_author_lets_others_score_too(other: dict[str, int]) -> None:
    score = ScoreFactory()

    assert ScoreFactory(result=score.result, scorer=score.scorer, **other).pk != score.pk


def test_constraint_score_error_has_no_value_lets_a_crash_be_noted() -> None:
    assert ScoreFactory(error="it crashed", value=None).pk
