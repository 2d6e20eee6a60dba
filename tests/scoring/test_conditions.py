"""Scorers that judge some items only: what they are not asked about is not lacking."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from experiments.actions import declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, Item, ScorerSpec
from runs.actions import start_experiment
from runs.lanes.foreground import Foreground
from runs.models import Run
from runs.simulator.server import Simulator
from scoring.boards.comparing import scores_by_item
from scoring.boards.leaderboard import leaderboard
from scoring.changing.rescoring import Rescored, bring_up_to_date
from scoring.models import RunScore, Score
from scoring.terminal import print_board
from tests.factories import ScoreFactory, UserFactory
from tests.provider import KEY, provider
from tests.runs.planned import candidate_at, sums
from tests.scoring.standings import run_of, run_result, score_all, summed

ASKED = {"tags": ["json"]}


def declare(experiment: Experiment, name: str, kind: str, **others: Any) -> ScorerSpec:
    """Declare a scorer of the experiment."""
    return declare_scorer(experiment=experiment, declaration=ScorerDeclaration(name, kind, **others), by=None)[0]


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums; `shape` judges the first two of them."""
    experiment = sums(4)
    Item.objects.filter(key__in=["sum-0", "sum-1"]).update(tags="|json|")
    declare(experiment, "shape", "contains", when=ASKED)
    return experiment


@pytest.fixture
def shape(experiment: Experiment) -> ScorerSpec:
    """The scorer that judges the first two items."""
    return experiment.scorers.get(name="shape")


@pytest.fixture
def run(experiment: Experiment) -> Run:
    """A run in which `correct` judged all four items: three of them right."""
    return score_all(run_of(experiment), {0: 1.0, 1: 1.0, 2: 1.0, 3: 0.0})


@pytest.mark.both
@pytest.mark.django_db
def test_sum_up_counts_the_items_asked_about_and_is_complete(run: Run, shape: ScorerSpec) -> None:
    score_all(run, {0: 1.0, 1: 0.0}, shape)

    standing = summed(run)

    score = RunScore.objects.get(scorer=shape)
    assert (score.n, score.mean, score.none_count) == (2, 0.5, 0)
    assert (standing.is_complete, standing.missing, standing.partial) == (True, [], {})
    assert (standing.value, standing.n) == (pytest.approx((0.75 + 0.5) / 2), 4)


@pytest.mark.django_db
def test_sum_up_is_incomplete_while_an_item_asked_about_lacks_its_verdict(run: Run, shape: ScorerSpec) -> None:
    score_all(run, {0: 1.0}, shape)

    standing = summed(run)

    assert (standing.is_complete, standing.partial) == (False, {"shape": [1, 2]})


@pytest.mark.django_db
def test_sum_up_where_no_item_is_asked_about_misses_nothing(experiment: Experiment) -> None:
    run = score_all(run_of(experiment), {2: 1.0, 3: 0.0})

    standing = summed(run)

    assert (standing.is_complete, standing.missing, standing.value) == (True, [], 0.5)


@pytest.mark.django_db
def test_sum_up_under_zero_takes_only_errors_of_items_asked_about(experiment: Experiment, shape: ScorerSpec) -> None:
    Experiment.objects.update(errors_policy="zero")
    run = score_all(run_of(experiment), {0: 1.0, 2: 1.0})
    score_all(run, {0: 1.0}, shape)
    run_result(run, 1, outcome="timeout")
    run_result(run, 3, outcome="timeout")

    summed(run)

    score = RunScore.objects.get(scorer=shape)
    assert (score.n, score.mean) == (2, 0.5)


@pytest.mark.django_db
def test_sum_up_leaves_ratings_of_other_items_out(run: Run, experiment: Experiment) -> None:
    helpful = declare(experiment, "helpful", "person", when=ASKED)
    _ = [
        ScoreFactory(result=run_result(run, ordinal), scorer=helpful, value=value, author=UserFactory().pk)
        for ordinal, value in ((0, 1.0), (3, 0.0))
    ]

    summed(run)

    score = RunScore.objects.get(scorer=helpful)
    assert (score.n, score.mean) == (1, 1.0)


@pytest.mark.django_db
def test_covariance_keeps_the_items_that_a_condition_leaves_out(run: Run, shape: ScorerSpec) -> None:
    score_all(run, {0: 1.0, 1: 0.0}, shape)

    covariance = summed(run).covariance

    assert (covariance["scorers"], covariance["n"]) == (["correct"], 4)


@pytest.mark.django_db
def test_comparison_rests_on_all_items(run: Run, shape: ScorerSpec, experiment: Experiment) -> None:
    score_all(run, {0: 1.0, 1: 0.0}, shape)
    summed(run)

    assert scores_by_item(experiment, [run])[run.pk].n == 4


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A provider whose key is in the environment."""
    monkeypatch.setenv("SIMULATED_API_KEY", KEY)
    with provider() as running:
        yield running


def judged_keys(scorer: ScorerSpec) -> list[str]:
    """Return the keys of the items that the scorer judged under its revision in force."""
    scores = Score.objects.filter(scorer=scorer.pk, revision=scorer.revision)
    return sorted(Item.objects.filter(pk__in=scores.values("result__item")).values_list("key", flat=True))


@pytest.mark.django_db(transaction=True)
def test_run_judges_the_items_asked_about_and_again_when_they_change(
    experiment: Experiment, simulator: Simulator
) -> None:
    candidate = candidate_at(experiment, simulator.url, model="right")
    type(candidate.provider).objects.update(api_key_env="SIMULATED_API_KEY", is_from_command_line=True)
    foreground = Foreground()
    runs = start_experiment(experiment=experiment, by=None, owner=foreground.owner).runs
    foreground.work([run.pk for run in runs])
    foreground.leave()
    assert judged_keys(experiment.scorers.get(name="shape")) == ["sum-0", "sum-1"]
    assert bring_up_to_date(experiment) == Rescored(0, 0)
    Item.objects.filter(key="sum-3").update(tags="|late|")

    shape = declare(experiment, "shape", "contains", when={"tags": ["late"]})

    assert bring_up_to_date(experiment) == Rescored(1, 0)
    assert judged_keys(shape) == ["sum-3"]
    assert RunScore.objects.get(scorer=shape).n == 1


@pytest.mark.django_db
def test_terminal_says_what_a_scorer_that_is_asked_lacks(run: Run, shape: ScorerSpec, experiment: Experiment) -> None:
    score_all(run, {0: 1.0}, shape)
    summed(run)
    output = io.StringIO()

    print_board(Console(file=output, width=200), leaderboard(experiment))

    assert "partial: shape 1 of 2" in output.getvalue()
