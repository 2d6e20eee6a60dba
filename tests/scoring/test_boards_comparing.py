"""Comparing runs on the same items, from the item values that summing up kept."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from scoring.boards.comparing import Pairing, differences_to, scores_by_item
from scoring.boards.item_values import ItemValues
from scoring.boards.kept_values import kept_values
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, scored_run
from tests.scoring.standings import run_of, score_all, summed

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def values(*means: float) -> ItemValues:
    """Return the values of the first items."""
    return ItemValues(np.arange(len(means)), np.array(means))


def test_values_are_kept_as_they_were_summed_up() -> None:
    experiment = sums(4)
    run = scored_run(experiment, "1.01")

    (kept,) = kept_values([run.pk])[run.pk].values()

    assert (kept.positions.tolist(), kept.means.tolist()) == ([0, 2, 3], [1.0, 0.0, 1.0])


def test_values_are_kept_anew_when_a_run_is_summed_up_again() -> None:
    run = scored_run(sums(4), "11")
    score_all(run, {2: 0.0})
    summed(run)

    (kept,) = kept_values([run.pk])[run.pk].values()

    assert kept.n == 3


def test_differences_to_a_baseline_are_those_of_pairs() -> None:
    experiment = sums(10)
    first, baseline = scored_run(experiment, FIRST), scored_run(experiment, SECOND)

    found = differences_to(baseline, [first, baseline])

    difference = found[first.pk]
    assert list(found) == [first.pk]
    assert (difference.value, difference.n, difference.missing) == (pytest.approx(0.3), 10, 0)
    assert difference.standard_error == pytest.approx(0.152753, abs=1e-6)


def test_differences_leave_out_items_that_one_lacks() -> None:
    experiment = sums(4)
    first, baseline = scored_run(experiment, "11.0"), scored_run(experiment, "1000")

    difference = differences_to(baseline, [first])[first.pk]

    assert (difference.n, difference.missing, difference.value) == (3, 1, pytest.approx(1 / 3))


def test_difference_to_a_run_that_was_never_summed_up_is_not_there() -> None:
    experiment = sums(4)

    assert differences_to(run_of(experiment), [scored_run(experiment, "11")]) == {}


def test_pairing_counts_wins_losses_ties_and_tests_them_exactly() -> None:
    pairing = Pairing.of(values(*map(float, FIRST)), values(*map(float, SECOND)))

    assert (pairing.wins, pairing.losses, pairing.ties, pairing.p_value) == (3, 0, 7, 0.25)


def test_pairing_of_graded_values_has_no_exact_test() -> None:
    assert Pairing.of(values(0.5, 1.0), values(1.0, 1.0)).p_value is None


def test_many_comparisons_share_the_error() -> None:
    pairing = Pairing.of(values(1.0, 0.0, 1.0, 1.0), values(0.0, 0.0, 1.0, 0.5))

    alone, shared = pairing.difference(4).interval, pairing.difference(5).interval

    assert alone is not None
    assert shared is not None
    assert shared.low < alone.low < alone.high < shared.high


def test_weights_that_are_tried_decide_the_items_scores() -> None:
    experiment = sums(2)
    declare_scorers(
        experiment=experiment,
        declarations=[ScorerDeclaration("correct", "exact_match"), ScorerDeclaration("shape", "json_valid")],
        by=None,
    )
    run = run_of(experiment)
    correct, shape = experiment.scorers.order_by("position")
    score_all(run, {0: 1.0, 1: 0.0}, correct)
    score_all(run, {0: 0.0, 1: 0.0}, shape)
    summed(run)

    declared = scores_by_item(experiment, [run])[run.pk]
    tried = scores_by_item(experiment, [run], {"correct": 3.0, "shape": 1.0})[run.pk]

    assert (declared.means.tolist(), tried.means.tolist()) == ([0.5, 0.0], [0.75, 0.0])


def test_people_do_not_take_items_out_of_a_comparison() -> None:
    experiment = sums(2)
    declare_scorers(
        experiment=experiment,
        declarations=[
            ScorerDeclaration("correct", "exact_match"),
            ScorerDeclaration("helpful", "person", {"scale": [1, 5]}, 2.0),
        ],
        by=None,
    )
    run = run_of(experiment)
    correct, helpful = experiment.scorers.order_by("position")
    score_all(run, {0: 1.0, 1: 0.0}, correct)
    score_all(run, {0: 5.0}, helpful, author=7)
    summed(run)

    assert scores_by_item(experiment, [run])[run.pk].n == 2


def test_differences_ask_as_often_for_many_runs_as_for_one() -> None:
    experiment = sums(4)
    baseline, *others = [scored_run(experiment, "1100") for _ in range(6)]

    with CaptureQueriesContext(connection) as for_one:
        differences_to(baseline, others[:1])
    with CaptureQueriesContext(connection) as for_many:
        differences_to(baseline, others)

    assert len(for_one) == len(for_many)
