"""People rate: values replaced with their history, several people averaged, results and runs as a whole."""

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionConflict, ActionRefused, declare_scorer, set_weights
from experiments.declarations import ScorerDeclaration
from experiments.models import Experiment
from runs.models import Run
from scoring.actions import change_rating, checked_value, delete_rating, rate_result, rate_run
from scoring.changing.reweighing import stand_anew
from scoring.models import RunRating, RunScore, RunStanding, Score
from scoring.rating.export import rating_records
from tests.factories import (
    ExperimentFactory,
    MembershipFactory,
    ResultFactory,
    RunFactory,
    ScorerSpecFactory,
    UserFactory,
)


def helpful_in(experiment: Experiment, weight: float) -> None:
    """Declare the scorer that the people of these tests rate by."""
    declare_scorer(experiment=experiment, declaration=ScorerDeclaration("helpful", "person", weight=weight), by=None)


@pytest.fixture
def single(project: Any) -> Run:
    """A run of one result, whose experiment has a code scorer and one of people without weight."""
    run = RunFactory(candidate__experiment=ExperimentFactory(project=project))
    ScorerSpecFactory(experiment=run.experiment, name="correct")
    helpful_in(run.experiment, weight=0.0)
    ResultFactory(run=run)
    return run


@pytest.fixture
def several(project: Any) -> Run:
    """A run of two results, whose experiment has a scorer of people alone."""
    run = RunFactory(candidate__experiment=ExperimentFactory(project=project), planned_count=2, case_list__case_count=2)
    helpful_in(run.experiment, weight=1.0)
    _ = [ResultFactory(run=run, ordinal=ordinal) for ordinal in (0, 1)]
    return run


def mean_of(run: Run, name: str = "helpful") -> float | None:
    return RunScore.objects.get(run=run, scorer__name=name).mean


def test_rating_a_run_of_one_result_rates_the_result(single: Run, viewer: Any) -> None:
    rating = rate_run(run=single, scorer_name="helpful", value=0.5, by=viewer)

    assert isinstance(rating, Score)
    assert isinstance(rating.uid, uuid.UUID)
    assert (rating.value, rating.author, mean_of(single)) == (0.5, viewer.pk, 0.5)
    assert not RunRating.objects.exists()


def test_rating_a_run_of_several_results_rates_the_run(several: Run, viewer: Any) -> None:
    rating = rate_run(run=several, scorer_name="helpful", value=0.5, by=viewer)

    assert isinstance(rating, RunRating)
    assert mean_of(several) == 0.5
    assert not Score.objects.exists()


@pytest.mark.parametrize("kind", ["single", "several"])
def test_rating_again_replaces_and_keeps_the_former(kind: str, viewer: Any, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(kind)
    first = rate_run(run=run, scorer_name="helpful", value=0.25, by=viewer, metadata={"a": 1})

    again = rate_run(run=run, scorer_name="helpful", value=1, by=viewer)

    assert (again.pk, again.value, again.metadata) == (first.pk, 1.0, None)
    assert [former[0] for former in again.history or []] == [0.25]
    assert mean_of(run) == 1.0


@pytest.mark.parametrize("kind", ["single", "several"])
def test_ratings_of_several_people_are_averaged(kind: str, viewer: Any, owner: Any, request: Any) -> None:
    run = request.getfixturevalue(kind)

    _ = [rate_run(run=run, scorer_name="helpful", value=value, by=by) for value, by in ((0.25, viewer), (0.75, owner))]

    assert mean_of(run) == 0.5


def test_rating_of_a_run_counts_on_without_the_account_that_gave_it(several: Run, viewer: Any, owner: Any) -> None:
    _ = [
        rate_run(run=several, scorer_name="helpful", value=value, by=by) for value, by in ((0.2, viewer), (0.6, owner))
    ]

    viewer.delete()

    assert sorted(rating.value for rating in RunRating.objects.all()) == [0.2, 0.6]
    assert {record["person"] for record in rating_records(several.experiment)} == {None, owner.username}
    rate_run(run=several, scorer_name="helpful", value=0.6, by=owner)
    assert mean_of(several) == pytest.approx(0.4)


def test_changed_rating_changes_the_board_and_keeps_metadata(single: Run, viewer: Any) -> None:
    rating = rate_run(run=single, scorer_name="helpful", value=0.25, by=viewer, metadata={"a": 1})

    changed = change_rating(rating=rating, value=0.75, by=viewer)

    assert (changed.value, changed.metadata, mean_of(single)) == (0.75, {"a": 1}, 0.75)


def test_deleted_rating_is_gone_from_the_board(single: Run, viewer: Any) -> None:
    rating = rate_run(run=single, scorer_name="helpful", value=0.25, by=viewer)

    delete_rating(rating=rating, by=viewer)

    assert mean_of(single) is None


def test_rating_is_missing_on_the_board_until_given(project: Any, viewer: Any) -> None:
    run = RunFactory(candidate__experiment=ExperimentFactory(project=project))
    ResultFactory(run=run)
    ScorerSpecFactory(experiment=run.experiment, name="helpful", kind="person", weight=1)
    set_weights(experiment=run.experiment, weights={"helpful": 2}, by=None)

    rate_run(run=run, scorer_name="helpful", value=0.5, by=viewer)

    assert RunStanding.objects.get(run=run).value == 0.5
    assert Experiment.objects.get().scorers.get().weight == 2


def test_unknown_name_with_a_wrong_value_makes_no_scorer(single: Run, editor: Any) -> None:
    with pytest.raises(ActionRefused, match="from 0 to 1"):
        rate_run(run=single, scorer_name="kind", value=2, by=editor)

    assert not single.experiment.scorers.filter(name="kind").exists()


def test_run_without_results_cannot_be_rated(project: Any, viewer: Any) -> None:
    run = RunFactory(candidate__experiment=ExperimentFactory(project=project))

    with pytest.raises(ActionConflict, match="no results yet"):
        rate_run(run=run, scorer_name="helpful", value=1, by=viewer)


def test_rating_that_was_taken_back_meanwhile_is_a_conflict(single: Run, viewer: Any) -> None:
    rating = rate_run(run=single, scorer_name="helpful", value=0.25, by=viewer)
    delete_rating(rating=type(rating).objects.get(pk=rating.pk), by=viewer)

    with pytest.raises(ActionConflict, match="give it anew"):
        change_rating(rating=rating, value=0.5, by=viewer)


def test_name_of_a_code_scorer_is_a_conflict(single: Run, viewer: Any) -> None:
    with pytest.raises(ActionConflict, match="scored by code"):
        rate_run(run=single, scorer_name="correct", value=1, by=viewer)


def test_errored_result_is_a_conflict(single: Run, viewer: Any) -> None:
    failed = ResultFactory(run=single, ordinal=1, outcome="timeout")

    with pytest.raises(ActionConflict, match="timeout"):
        rate_result(run=single, result=failed, scorer_name="helpful", value=1, by=viewer)


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf"), 10**400, 5.1, 0.9, [1]])
def test_value_outside_the_scale_is_refused(db: None, value: Any) -> None:
    spec = ScorerSpecFactory(kind="person", range_low=1, range_high=5)

    with pytest.raises(ActionRefused) as refused:
        checked_value(spec, value)

    assert refused.value.field == "value"


@pytest.mark.parametrize("value", [1, 5, 2.5])
def test_value_within_the_scale_is_taken(db: None, value: float) -> None:
    assert checked_value(ScorerSpecFactory(kind="person", range_low=1, range_high=5), value) == float(value)


def test_other_weights_rank_runs_anew(single: Run, viewer: Any) -> None:
    rate_run(run=single, scorer_name="helpful", value=0.25, by=viewer)
    single.begin()

    set_weights(experiment=single.experiment, weights={"helpful": 1, "correct": 0}, by=None)
    stand_anew(single.experiment)

    assert RunStanding.objects.get(run=single).value == 0.25


def test_other_weights_by_a_viewer_are_forbidden(single: Run) -> None:
    member = MembershipFactory(project=single.experiment.project, user=UserFactory())

    with pytest.raises(PermissionDenied, match="Only an"):
        set_weights(experiment=single.experiment, weights={"correct": 2}, by=member.user)


@pytest.mark.parametrize("kind", ["single", "several"])
def test_rating_of_a_scale_that_was_changed_meanwhile_is_refused(kind: str, viewer: Any, request: Any) -> None:
    run = request.getfixturevalue(kind)
    spec = run.experiment.scorers.get(name="helpful")
    scale = ScorerDeclaration("helpful", "person", options={"scale": [1, 5]}, weight=1.0)
    declare_scorer(experiment=run.experiment, declaration=scale, by=None)

    with pytest.raises(ActionRefused, match="changed since it was shown, and takes numbers from 1 to 5 now") as refusal:
        rate_run(run=run, scorer_name="helpful", value=1, by=viewer, revision=spec.revision)
    assert refusal.value.field == "value"
    assert not Score.objects.by_people().exists()

    assert rate_run(run=run, scorer_name="helpful", value=1, by=viewer, revision=spec.revision + 1).value == 1
