"""Comparing runs over different case lists: which items and scorers two runs have in common."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions.experiments import declare_scorers
from experiments.declarations import ScorerDeclaration
from experiments.models import CaseChunk, Experiment
from runs.models import Run
from scoring.boards.comparing import NotComparable, Pairing, Samples, compare
from scoring.boards.item_values import ItemValues
from scoring.boards.matching import Places, SharedScorers
from tests.runs.planned import sums
from tests.scoring.compared import over_next_version, scored_run

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over six sums."""
    return sums(6)


def scorers(experiment: Experiment, *declarations: ScorerDeclaration) -> None:
    """Give the experiment scorers."""
    declare_scorers(experiment=experiment, declarations=list(declarations), by=None)


def paired(first: Run, second: Run) -> Pairing:
    """Return the pairing of the weighted scores of two runs."""
    overall = compare(first, second).overall
    assert isinstance(overall, Pairing)
    return overall


def test_places_lay_values_of_the_second_at_the_firsts_positions() -> None:
    places = Places(np.array([2, 7, 0, 1]), 3)

    laid = places.laid(ItemValues(np.array([0, 1, 3]), np.array([0.1, 0.2, 0.4]), np.array([0, 3])))

    assert (laid.positions.tolist(), laid.means.tolist()) == ([1, 2, 7], [0.4, 0.1, 0.2])
    assert laid.varying.tolist() == [1, 2]
    assert places.in_second([0, 1, 2]) == [2, 3, 0]


def test_runs_over_two_versions_are_paired_on_the_items_that_did_not_change(experiment: Experiment) -> None:
    later = over_next_version(experiment, edited="sum-1", removed="sum-0")
    first, second = scored_run(experiment, "110100"), scored_run(later, "10110")

    found = compare(first, second)

    pairing = paired(first, second)
    assert pairing.positions.tolist() == [2, 3, 4, 5]
    assert (pairing.first.tolist(), pairing.second.tolist()) == ([0, 1, 0, 0], [0, 1, 1, 0])
    assert (pairing.n, pairing.missing, pairing.n_first, pairing.n_second) == (4, 3, 6, 5)
    assert found.positions_in_second([2, 5]) == [1, 4]
    assert list(found.by_scorer) == ["correct"]


def test_other_way_round_the_difference_is_the_opposite(experiment: Experiment) -> None:
    later = over_next_version(experiment, removed="sum-0")
    first, second = scored_run(experiment, "110100"), scored_run(later, "10110")

    one, other = paired(first, second).difference(), paired(second, first).difference()

    assert one.value == pytest.approx(-0.2)
    assert other.value == pytest.approx(0.2)


def test_one_selection_of_one_version_is_matched_without_reading_its_cases(experiment: Experiment) -> None:
    again = over_next_version(experiment)
    first, second = scored_run(experiment, "111000"), scored_run(again, "110100")

    with CaptureQueriesContext(connection) as queries:
        pairing = paired(first, second)

    assert first.case_list_id != second.case_list_id
    assert (pairing.n, pairing.wins, pairing.losses) == (6, 1, 1)
    assert not [query["sql"] for query in queries if CaseChunk._meta.db_table in query["sql"]]


def test_other_order_of_the_same_items_pairs_each_item_with_itself(experiment: Experiment) -> None:
    shuffled = over_next_version(experiment)
    shuffled.selection = {"seed": 5}
    shuffled.save()
    first, second = scored_run(experiment, "111000"), scored_run(shuffled, "......")
    rows = [case[0] for case in CaseChunk.objects.get(case_list=second.case_list).cases]
    firsts = [case[0] for case in CaseChunk.objects.get(case_list=first.case_list).cases]

    places = Places.between(first.case_list_id, second.case_list_id)

    assert rows != firsts
    assert [firsts[place] for place in places.in_first] == rows


def test_runs_over_other_datasets_are_two_samples(experiment: Experiment) -> None:
    first, second = scored_run(experiment, "111000"), scored_run(sums(4), "1000")

    overall = compare(first, second).overall

    assert isinstance(overall, Samples)
    assert (overall.n_first, overall.n_second) == (6, 4)
    assert overall.difference().value == pytest.approx(0.25)


def test_versions_of_one_experiment_are_compared_on_the_items_in_common(experiment: Experiment) -> None:
    first = scored_run(experiment, "111000")
    experiment.dataset_version = over_next_version(experiment, removed="sum-5").dataset_version
    experiment.save()
    second = scored_run(experiment, "10000")

    pairing = paired(second, first)

    assert (pairing.n, pairing.missing, pairing.wins, pairing.losses) == (5, 1, 0, 2)


def test_scorers_are_shared_by_name_kind_and_range(experiment: Experiment) -> None:
    later = over_next_version(experiment)
    shape, length = ScorerDeclaration("shape", "json_valid"), ScorerDeclaration("length", "latency", weight=0.0)
    scorers(experiment, ScorerDeclaration("correct", "exact_match"), shape, length)
    scorers(later, ScorerDeclaration("correct", "contains"), shape, ScorerDeclaration("other", "json_valid"))

    shared = SharedScorers.of(experiment, later)

    assert [own.name for own, _ in shared.pairs] == ["shape"]
    assert shared.left_out == ["correct", "length", "other"]
    assert shared.changed == []


def test_shared_scorer_with_other_options_is_named(experiment: Experiment) -> None:
    later = over_next_version(experiment)
    scorers(later, ScorerDeclaration("correct", "exact_match", {"ignore_case": True}))

    assert SharedScorers.of(experiment, later).changed == ["correct"]


def test_first_experiment_says_the_weights(experiment: Experiment) -> None:
    later = over_next_version(experiment)
    first, second = scored_run(experiment, "111000"), scored_run(later, "100000")
    later.scorers.update(weight=0.0)

    assert paired(first, second).difference().value == pytest.approx(1 / 3)
    with pytest.raises(NotComparable, match="no weighted scorer in common"):
        compare(second, first)


def test_comparing_two_lists_asks_as_often_for_many_items_as_for_few() -> None:
    counts = []
    for items in (2, 40):
        experiment = sums(items)
        later = over_next_version(experiment)
        first, second = (Run.objects.get(pk=scored_run(one, "1" * items).pk) for one in (experiment, later))
        with CaptureQueriesContext(connection) as asked:
            compare(first, second)
        counts.append(len(asked))

    assert counts[0] == counts[1]
