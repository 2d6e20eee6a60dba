"""Rating blind: what comes next, values kept and taken back, progress; nobody rates for somebody else."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Experiment, Item, ScorerSpec
from runs.models import Result, Run
from runs.models.results import result_id_of
from scoring.models import RunScore, Score, Showing
from scoring.rating.rateable import Rateable, RatingOrder, RatingProgress
from scoring.rating.showings import rate_shown, show_next, show_skipped_again, skip_shown, undo_last
from tests.boards import experiment_in, result_of, run_of
from tests.factories import ScorerSpecFactory, ShowingFactory

ITEM, RANDOM = RatingOrder.ITEM, RatingOrder.RANDOM


@pytest.fixture
def experiment(project: Any) -> Experiment:
    """Two runs over three items, all six answered, and the scorer `helpful` that people give."""
    made = experiment_in(project, items=3)
    ScorerSpecFactory(experiment=made, name="helpful", kind="person")
    for run in (run_of(made, ok_count=3), run_of(made, ok_count=3)):
        _ = [result_of(run, ordinal) for ordinal in range(3)]
    return made


def next_of(experiment: Experiment, person: Any, order: RatingOrder = ITEM) -> Showing:
    showing = show_next(rateable=Rateable.of(experiment), order=order, by=person)
    assert showing is not None
    return showing


def rate(experiment: Experiment, person: Any, value: Any = 1.0, **given: Any) -> Showing:
    showing = next_of(experiment, person)
    rate_shown(showing=showing, values={"helpful": value}, by=person, **given)
    return showing


def progress(experiment: Experiment, person: Any) -> RatingProgress:
    return Rateable.of(experiment).progress_of(person)


def position(showing: Showing) -> int:
    return showing.result_id & 0xFFFFFFFF


def test_next_by_item_shows_all_answers_to_an_item_before_the_next(experiment: Experiment, viewer: Any) -> None:
    shown = [position(rate(experiment, viewer)) for _ in range(6)]

    assert shown == [0, 0, 1, 1, 2, 2]
    assert show_next(rateable=Rateable.of(experiment), order=ITEM, by=viewer) is None


def test_next_at_random_shows_each_answer_once(experiment: Experiment, viewer: Any) -> None:
    seen = []
    for _ in range(6):
        showing = next_of(experiment, viewer, RANDOM)
        rate_shown(showing=showing, values={"helpful": 0}, by=viewer)
        seen.append(showing.result_id)

    assert len(set(seen)) == 6
    assert show_next(rateable=Rateable.of(experiment), order=RANDOM, by=viewer) is None


@pytest.mark.parametrize("order", [ITEM, RANDOM])
def test_next_is_the_same_until_it_is_answered(experiment: Experiment, viewer: Any, order: RatingOrder) -> None:
    assert next_of(experiment, viewer, order) == next_of(experiment, viewer, order)


def test_next_is_another_when_the_result_was_rated_elsewhere(experiment: Experiment, viewer: Any) -> None:
    first = rate(experiment, viewer)
    open_one = next_of(experiment, viewer)
    Showing.objects.filter(pk=open_one.pk).update(result_id=first.result_id + (1 << 40))

    assert next_of(experiment, viewer).pk != open_one.pk


@pytest.mark.parametrize("order", [ITEM, RANDOM])
def test_errors_and_items_beyond_a_lowered_limit_are_not_shown(
    experiment: Experiment, viewer: Any, order: RatingOrder
) -> None:
    first, second = experiment.runs.order_by("pk")
    Run.objects.filter(pk=second.pk).delete()
    Result.objects.of_run(first).filter(pk=result_id_of(first.pk, 0)).update(outcome="timeout")
    experiment.item_limit = 2
    experiment.save()

    showing = next_of(experiment, viewer, order)
    rate_shown(showing=showing, values={"helpful": 1}, by=viewer)

    assert position(showing) == 1
    assert show_next(rateable=Rateable.of(experiment), order=order, by=viewer) is None
    assert progress(experiment, viewer) == RatingProgress(rated=1, total=1, skipped=0)


def test_rating_is_stored_once_and_reaches_the_board(
    experiment: Experiment, viewer: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        showing = rate(experiment, viewer, 0.75, comment=" clear\0 ")

    score = Score.objects.by_people().get()
    assert (score.result_id, score.author, score.value) == (showing.result_id, viewer.pk, 0.75)
    assert score.metadata == {"comment": "clear"}
    assert RunScore.objects.get(run=score.result.run_id, scorer__name="helpful").mean == 0.75


def test_progress_counts_what_this_person_rated(experiment: Experiment, viewer: Any, owner: Any) -> None:
    rate(experiment, viewer)
    rate(experiment, viewer)
    skip_shown(showing=next_of(experiment, viewer), by=viewer)

    assert progress(experiment, viewer) == RatingProgress(rated=2, total=6, skipped=1)
    assert progress(experiment, owner) == RatingProgress(rated=0, total=6, skipped=0)


def test_result_is_rated_when_every_scorer_of_people_has_a_value(experiment: Experiment, viewer: Any) -> None:
    experiment.runs.latest("pk").delete()  # which of two answers to an item comes first is left to chance
    rate(experiment, viewer)
    ScorerSpecFactory(experiment=experiment, name="safe", kind="person")

    assert progress(experiment, viewer).rated == 0
    rate_shown(showing=next_of(experiment, viewer), values={"helpful": 1, "safe": 0}, by=viewer)
    assert progress(experiment, viewer).rated == 1
    assert Score.objects.by_people().count() == 2


def test_scorer_with_a_condition_is_asked_about_its_items_only(experiment: Experiment, viewer: Any) -> None:
    ScorerSpec.objects.filter(name="helpful").update(when={"tags": ["hard"]})
    Item.objects.filter(key="item-1").update(tags="|hard|")

    assert progress(experiment, viewer) == RatingProgress(rated=0, total=2, skipped=0)
    assert [position(rate(experiment, viewer)) for _ in range(2)] == [1, 1]
    assert progress(experiment, viewer) == RatingProgress(rated=2, total=2, skipped=0)
    assert show_next(rateable=Rateable.of(experiment), order=RANDOM, by=viewer) is None


def test_skipped_ones_come_again_when_asked_for(experiment: Experiment, viewer: Any) -> None:
    skipped = next_of(experiment, viewer)
    skip_shown(showing=skipped, by=viewer)
    others = {rate(experiment, viewer).result_id for _ in range(5)}

    assert skipped.result_id not in others
    assert show_next(rateable=Rateable.of(experiment), order=ITEM, by=viewer) is None
    assert show_skipped_again(experiment=experiment, by=viewer) == 1
    assert next_of(experiment, viewer).result_id == skipped.result_id


def test_undo_takes_the_value_back_and_shows_the_result_again(experiment: Experiment, viewer: Any) -> None:
    showing = rate(experiment, viewer, 0.25)
    next_of(experiment, viewer)

    undone = undo_last(experiment=experiment, by=viewer)

    assert (undone.pk, undone.given) == (showing.pk, {"helpful": 0.25})
    assert not Score.objects.by_people().exists()
    assert next_of(experiment, viewer).pk == showing.pk


def test_undo_brings_back_the_value_that_was_replaced(experiment: Experiment, viewer: Any) -> None:
    experiment.runs.latest("pk").delete()  # which of two answers to an item comes first is left to chance
    rate(experiment, viewer, 0.25)
    ScorerSpecFactory(experiment=experiment, name="safe", kind="person")
    rate_shown(showing=next_of(experiment, viewer), values={"helpful": 1, "safe": 0}, by=viewer)

    undo_last(experiment=experiment, by=viewer)

    assert [(score.scorer.name, score.value) for score in Score.objects.by_people()] == [("helpful", 0.25)]


def test_undo_goes_back_one_after_the_other(experiment: Experiment, viewer: Any) -> None:
    first = rate(experiment, viewer)
    skip_shown(showing=next_of(experiment, viewer), by=viewer)

    undo_last(experiment=experiment, by=viewer)
    again = undo_last(experiment=experiment, by=viewer)

    assert again.pk == first.pk
    with pytest.raises(ActionConflict, match="nothing to take back"):
        undo_last(experiment=experiment, by=viewer)


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({}, "helpful", "choose a value for helpful"),
        ({"helpful": 2}, "helpful", "from 0 to 1"),
        ({"helpful": "good"}, "helpful", "write a number"),
        ({"helpful": True}, "helpful", "write a number"),
        ({"helpful": 1, "correct": 1}, "correct", 'no scorer "correct"'),
    ],
)
def test_values_that_do_not_fit_are_refused(
    experiment: Experiment, viewer: Any, values: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(ActionRefused, match=sentence) as refused:
        rate_shown(showing=next_of(experiment, viewer), values=values, by=viewer)

    assert refused.value.field == field
    assert not Score.objects.by_people().exists()


def test_showing_is_answered_once(experiment: Experiment, viewer: Any) -> None:
    showing = rate(experiment, viewer)

    with pytest.raises(ActionConflict, match="already"):
        rate_shown(showing=showing, values={"helpful": 0}, by=viewer)
    with pytest.raises(ActionConflict, match="already"):
        skip_shown(showing=showing, by=viewer)


def test_result_that_is_run_again_is_not_rated(experiment: Experiment, viewer: Any) -> None:
    showing = ShowingFactory(experiment=experiment, person=viewer, result_id=1 << 40)

    with pytest.raises(ActionConflict, match="run again"):
        rate_shown(showing=showing, values={"helpful": 1}, by=viewer)


def test_strangers_rate_nothing(experiment: Experiment, stranger: Any) -> None:
    with pytest.raises(PermissionDenied):
        show_next(rateable=Rateable.of(experiment), order=ITEM, by=stranger)
    with pytest.raises(PermissionDenied):
        undo_last(experiment=experiment, by=stranger)
