"""Requirements judged on a board: each candidate with its figure; nothing found is not met."""

from typing import Any

import pytest

from experiments.models import Experiment
from experiments.requirements import Requirement
from runs.lanes.recounting import recount
from runs.models import Result, WorkUnit
from scoring.boards.leaderboard import leaderboard
from scoring.boards.requirements import Met, required_of
from tests.runs.planned import sums
from tests.scoring.compared import scored_run
from tests.scoring.standings import ended, run_of, score_all, summed

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums."""
    return sums(4)


def judged(experiment: Experiment, **requirement: Any) -> list[Met]:
    """Return what one requirement comes to on the board."""
    experiment.requirements = [Requirement(**requirement).as_json()]
    experiment.save()
    return required_of(leaderboard(experiment))


def test_requirement_of_a_scorer_is_met_by_its_value(experiment: Experiment) -> None:
    scored_run(experiment, "1110")

    (met,) = judged(experiment, scorer="correct", at_least=0.75)

    assert (met.value, met.is_met) == (0.75, True)


def test_requirement_on_the_lower_end_asks_for_more(experiment: Experiment) -> None:
    scored_run(experiment, "1110")

    (met,) = judged(experiment, metric="score", at_least=0.75, on="low")

    assert met.value is not None
    assert met.value < 0.75
    assert not met.is_met


def test_requirement_of_every_candidate_is_judged_on_each(experiment: Experiment) -> None:
    first, second = scored_run(experiment, "1111"), scored_run(experiment, "0000")

    met = judged(experiment, scorer="correct", at_least=0.5)

    names = [run.candidate.name for run in (first, second) if run.candidate]
    assert [(one.candidate, one.is_met) for one in met] == [(names[0], True), (names[1], False)]


def test_requirement_of_one_candidate_leaves_the_others_alone(experiment: Experiment) -> None:
    first, _ = scored_run(experiment, "1111"), scored_run(experiment, "0000")
    assert first.candidate is not None

    met = judged(experiment, candidate=first.candidate.name, scorer="correct", at_least=1.0)

    assert [one.is_met for one in met] == [True]


@pytest.mark.parametrize(("most_ms", "is_met"), [(50.0, True), (30.0, False)])
def test_requirement_of_the_first_token_is_judged_on_streamed_answers(
    experiment: Experiment, most_ms: float, is_met: bool
) -> None:
    run = scored_run(experiment, "1111")
    Result.objects.of_run(run).update(first_token_ms=40)
    for unit in WorkUnit.objects.filter(run=run):
        recount(unit)
    summed(run)

    (met,) = judged(experiment, metric="first_token_p95_ms", at_most=most_ms)

    assert met.value == pytest.approx(40, rel=0.05)
    assert met.is_met is is_met


def test_requirement_of_the_first_token_is_not_met_where_nothing_was_streamed(experiment: Experiment) -> None:
    scored_run(experiment, "1111")

    (met,) = judged(experiment, metric="first_token_p95_ms", at_most=50.0)

    assert (met.value, met.is_met) == (None, False)


def test_requirement_of_errors_counts_them(experiment: Experiment) -> None:
    scored_run(experiment, "1111")

    (met,) = judged(experiment, metric="errors", at_most=0.0)

    assert (met.value, met.is_met) == (0, True)


def test_requirement_without_a_value_is_not_met(experiment: Experiment) -> None:
    scored_run(experiment, "1111")

    (met,) = judged(experiment, metric="cost_per_1000_usd", at_most=5.0)

    assert (met.value, met.is_met) == (None, False)
    assert "no value, required at most 5" in met.sentence


def test_requirement_of_every_item_looks_at_the_worst_one() -> None:
    experiment = sums(2, trials=2)
    run = run_of(experiment)
    score_all(run, {0: 1.0, 2: 1.0, 1: 1.0, 3: 0.0})
    ended(run)

    (met,) = judged(experiment, scorer="correct", at_least=1.0, on="every_item")

    assert (met.value, met.is_met) == (0.5, False)
