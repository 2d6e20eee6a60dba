"""Other weights: standings follow at once, small experiments exactly, large ones without reading a score."""

from typing import Any

import pytest
from django.db import connection

from experiments.actions import set_weights
from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment, ScorerSpec
from runs.models import Run
from scoring import tasks
from scoring.changing.reweighing import stand_anew
from scoring.models import RunStanding
from tests.factories import RunRatingFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, score_all, summed

pytestmark = pytest.mark.django_db

FIRST = [1.0, 1.0, 0.0, 1.0]
SECOND = [1.0, 0.0, 0.0, 0.5]


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over four sums with two scorers of code."""
    experiment = sums(4)
    declarations = [ScorerDeclaration("correct", "exact_match"), ScorerDeclaration("numeric", "numeric_match")]
    declare_scorers(experiment=experiment, declarations=declarations, by=None)
    return experiment


@pytest.fixture
def run(experiment: Experiment) -> Run:
    """A begun run with both scores, summed up."""
    run = run_of(experiment)
    run.begin()
    score_all(run, dict(enumerate(FIRST)), experiment.scorers.get(name="correct"))
    score_all(run, dict(enumerate(SECOND)), experiment.scorers.get(name="numeric"))
    summed(run)
    return run


def reweigh(experiment: Experiment, **weights: float) -> RunStanding:
    """Change weights and return the standing that is stored then."""
    set_weights(experiment=experiment, weights=weights, by=None)
    stand_anew(Experiment.objects.get(pk=experiment.pk))
    return RunStanding.objects.get()


def enlarged(run: Run) -> None:
    """Make the run one that is too large to be read in a request."""
    Run.objects.filter(pk=run.pk).update(planned_count=10_000)


def tables_read(act: Any) -> str:
    """Return the statements that `act` ran."""
    statements: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        statements.append(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(note):
        act()
    return "\n".join(statements)


def test_small_experiment_is_summed_up_at_once(experiment: Experiment, run: Run) -> None:
    standing = reweigh(experiment, correct=3, numeric=1)

    exact = summed(run)
    assert standing.value == pytest.approx((3 * 0.75 + 0.375) / 4)
    assert (standing.value, standing.low, standing.high) == (exact.value, exact.low, exact.high)


def test_large_experiment_has_its_scores_at_once(experiment: Experiment, run: Run) -> None:
    enlarged(run)

    standing = reweigh(experiment, correct=3, numeric=1)

    assert standing.value == pytest.approx((3 * 0.75 + 0.375) / 4)
    assert standing.low is not None
    assert standing.high is not None
    assert standing.low < standing.value < standing.high


def test_large_experiment_reads_no_score_in_the_request(experiment: Experiment, run: Run) -> None:
    enlarged(run)

    statements = tables_read(lambda: reweigh(experiment, correct=3))

    assert "runs_result" not in statements
    assert "scoring_score" not in statements


def test_large_experiment_asks_as_much_for_many_runs_as_for_one(experiment: Experiment, run: Run) -> None:
    enlarged(run)
    reads = tables_read(lambda: stand_anew(experiment)).count("SELECT")
    for _ in range(5):
        other = run_of(experiment)
        other.begin()
        summed(other)

    assert tables_read(lambda: stand_anew(experiment)).count("SELECT") == reads


def test_large_experiment_is_summed_up_by_a_job(
    experiment: Experiment, run: Run, django_capture_on_commit_callbacks: Any
) -> None:
    enlarged(run)
    with django_capture_on_commit_callbacks() as callbacks:
        reweigh(experiment, correct=3, numeric=1)

    tasks.stand_anew(experiment.pk)

    standing, exact = RunStanding.objects.get(), summed(run)
    assert len(callbacks) == 1
    assert (standing.value, standing.low, standing.high) == (exact.value, exact.low, exact.high)


def test_large_experiment_with_a_scorer_of_people_weighs_the_means(experiment: Experiment, run: Run) -> None:
    person = ScorerSpec.objects.create(
        experiment=experiment, name="helpful", kind="person", weight=0, range_low=0, range_high=1
    )
    RunRatingFactory(run=run, scorer=person, value=0.25)
    summed(run)
    enlarged(run)

    standing = reweigh(experiment, correct=1, numeric=0, helpful=1)

    assert (standing.value, standing.low, standing.missing) == (pytest.approx(0.5), None, [])


def test_large_experiment_names_what_is_missing_under_the_new_weights(experiment: Experiment, run: Run) -> None:
    ScorerSpec.objects.create(experiment=experiment, name="helpful", kind="person", weight=0, range_low=0, range_high=1)
    enlarged(run)

    standing = reweigh(experiment, helpful=1)

    assert (standing.missing, standing.is_complete) == (["helpful"], False)


def test_stand_anew_of_an_experiment_that_is_gone_does_nothing() -> None:
    tasks.stand_anew(4711)

    assert not RunStanding.objects.exists()
