"""Summing up: n is items, errors follow the policy, None is left out, and only what counts counts."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, ScorerSpec
from runs.models import Run
from scoring.actions import rate_result
from scoring.models import RunItems, RunScore, RunStanding
from scoring.statistics import wilson_interval
from tests.factories import MembershipFactory, RunRatingFactory, ScoreFactory, UserFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, run_result, score_all, summed

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums with one scorer."""
    return sums(4)


@pytest.fixture
def run(experiment: Experiment) -> Run:
    """A run without results."""
    return run_of(experiment)


def person(experiment: Experiment, weight: float = 1.0) -> ScorerSpec:
    """Return a person scorer from 1 to 5 of the experiment."""
    declaration = ScorerDeclaration("helpful", "person", {"scale": [1, 5]}, weight)
    declare_scorers(experiment=experiment, declarations=[declaration], by=None)
    return experiment.scorers.get(name="helpful")


def test_sum_up_writes_mean_and_interval_of_a_scorer(run: Run) -> None:
    score_all(run, {0: 1.0, 1: 1.0, 2: 0.0, 3: 1.0})

    standing = summed(run)

    score, wilson = RunScore.objects.get(), wilson_interval(3, 4)
    assert wilson is not None
    assert (score.n, score.mean, score.none_count, score.revision) == (4, 0.75, 0, 1)
    assert (score.low, score.high) == (pytest.approx(wilson.low), pytest.approx(wilson.high))
    assert (standing.value, standing.n, standing.is_complete, standing.missing) == (0.75, 4, True, [])


def test_sum_up_of_nothing_says_nothing(run: Run) -> None:
    standing = summed(run)

    assert (standing.value, standing.n, standing.is_complete, standing.missing) == (None, 0, False, ["correct"])


def test_sum_up_takes_items_as_units_and_never_trials(experiment: Experiment) -> None:
    Experiment.objects.update(trials=3)
    run = run_of(experiment)
    score_all(run, {0: 1.0, 4: 1.0, 8: 0.0, 1: 0.0, 5: 0.0, 9: 0.0})

    standing = summed(run)

    assert (standing.n, standing.value) == (2, pytest.approx(1 / 3))


def test_sum_up_leaves_out_what_could_not_be_judged(run: Run) -> None:
    score_all(run, {0: 1.0, 1: None, 2: 0.0})

    standing = summed(run)

    score = RunScore.objects.get()
    assert (score.n, score.mean, score.none_count) == (2, 0.5, 1)
    assert (standing.partial, standing.is_complete) == ({"correct": [2, 3]}, True)


def test_sum_up_is_incomplete_while_an_answer_lacks_its_score(run: Run) -> None:
    score_all(run, {0: 1.0})
    run_result(run, 1)

    assert not summed(run).is_complete


@pytest.mark.parametrize(("policy", "value", "n"), [("exclude", 1.0, 2), ("zero", 0.5, 4)])
def test_sum_up_counts_errors_by_the_policy(run: Run, policy: str, value: float, n: int) -> None:
    Experiment.objects.update(errors_policy=policy)
    score_all(run, {0: 1.0, 1: 1.0})
    run_result(run, 2, outcome="timeout")
    run_result(run, 3, outcome="provider_error")

    standing = summed(run)

    assert (standing.value, standing.n, standing.is_complete) == (value, n, True)


def test_sum_up_under_zero_takes_the_worst_value_of_a_reversed_range(experiment: Experiment) -> None:
    Experiment.objects.update(errors_policy="zero")
    experiment.scorers.update(kind="latency", range_low=0, range_high=1000, higher_is_better=False)
    run = score_all(run_of(experiment), {0: 0.0})
    run_result(run, 1, outcome="timeout")

    standing = summed(run)

    assert (standing.value, RunScore.objects.get().mean) == (0.5, 500.0)


def test_sum_up_with_a_lower_limit_takes_the_prefix(run: Run) -> None:
    score_all(run, {0: 1.0, 1: 1.0, 2: 0.0, 3: 0.0})
    Experiment.objects.update(item_limit=2)

    standing = summed(run)

    assert (standing.value, standing.n) == (1.0, 2)


def test_sum_up_with_fewer_trials_leaves_the_later_ones_out(experiment: Experiment) -> None:
    Experiment.objects.update(trials=2)
    run = score_all(run_of(experiment), {0: 1.0, 4: 0.0})
    Experiment.objects.update(trials=1)

    assert summed(run).value == 1.0


def test_sum_up_takes_scores_of_the_newest_revision_only(run: Run) -> None:
    score_all(run, {0: 0.0})
    ScorerSpec.objects.update(revision=2)
    score_all(run, {0: 1.0}, revision=2)

    assert (summed(run).value, RunScore.objects.get().revision) == (1.0, 2)


def test_sum_up_again_writes_the_same_rows(run: Run) -> None:
    score_all(run, {0: 1.0})
    first = summed(run)

    again = summed(run)

    assert (again.pk, again.value, RunScore.objects.count()) == (first.pk, first.value, 1)


def test_sum_up_drops_scorers_that_were_taken_out(run: Run) -> None:
    score_all(run, {0: 1.0})
    summed(run)
    ScorerSpec.objects.update(removed_at="2026-01-01T00:00Z")

    standing = summed(run)

    assert (standing.value, RunScore.objects.count()) == (None, 0)


def test_sum_up_averages_several_persons_a_result(run: Run) -> None:
    helpful = person(run.experiment)
    score_all(run, {0: 1.0, 1: 1.0})
    _ = [
        ScoreFactory(result=run_result(run, 0), scorer=helpful, value=value, author=UserFactory().pk)
        for value in (1.0, 5.0)
    ]

    standing = summed(run)

    assert RunScore.objects.get(scorer=helpful).mean == 3.0
    assert (standing.partial, standing.value) == ({"helpful": [1, 2]}, pytest.approx(0.75))


def test_sum_up_takes_ratings_of_the_run_where_no_result_was_rated(run: Run) -> None:
    helpful = person(run.experiment)
    RunRatingFactory(run=run, scorer=helpful, value=4.0)
    RunRatingFactory(run=run, scorer=helpful, value=5.0)

    summed(run)

    score = RunScore.objects.get(scorer=helpful)
    assert (score.mean, score.n) == (4.5, 1)


def test_sum_up_names_weighted_scorers_without_a_value(run: Run) -> None:
    person(run.experiment)
    score_all(run, {0: 1.0})

    standing = summed(run)

    assert (standing.missing, standing.is_complete, standing.value) == (["helpful"], False, 1.0)


def test_sum_up_keeps_the_covariance_of_code_scorers(run: Run) -> None:
    person(run.experiment)
    score_all(run, {0: 1.0, 1: 0.0})

    assert summed(run).covariance == {"scorers": ["correct"], "n": 2, "means": [0.5], "matrix": [[0.5]]}


def test_rating_in_a_large_run_comes_to_the_same_and_reads_no_results(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.boards.summing.SMALL", 0)
    person(run.experiment, weight=0.5)
    score_all(run, {0: 1.0, 1: 0.0, 2: None})
    summed(run)

    with CaptureQueriesContext(connection) as queries:
        _rated(run, ordinal=1, value=4)

    shown = _stored(run)
    summed(run)
    assert shown == _stored(run)
    assert shown["standing"][0]["missing"] == []
    assert shown["scores"][1]["mean"] == 4.0
    assert [query["sql"] for query in queries if '"runs_result"."outcome" IN' in query["sql"]] == []


@pytest.mark.parametrize("change", [{"revision": 7}, {"lacking_count": None}])
def test_rating_reads_everything_where_not_all_is_kept(
    run: Run, change: dict[str, int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.boards.summing.SMALL", 0)
    person(run.experiment)
    score_all(run, {0: 1.0, 1: 0.0})
    summed(run)
    RunScore.objects.filter(scorer__name="correct").update(mean=0.25, **change)

    _rated(run, ordinal=1, value=4)

    assert RunScore.objects.get(scorer__name="correct").mean == 0.5


def _rated(run: Run, *, ordinal: int, value: float) -> None:
    owner = MembershipFactory(project=run.experiment.project, role="owner").user
    asked = Run.objects.get(pk=run.pk)
    rate_result(run=asked, result=run_result(run, ordinal), scorer_name="helpful", value=value, by=owner)


def _stored(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Return what summing up has written of a run, but for the time."""
    standing = RunStanding.objects.filter(run=run).values()
    return {
        "standing": [{name: value for name, value in row.items() if name != "updated_at"} for row in standing],
        "scores": list(RunScore.objects.filter(run=run).order_by("scorer_id").values()),
        "items": list(RunItems.objects.filter(run=run).values()),
    }
