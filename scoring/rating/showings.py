"""Rating blind: one result after the other is put before a person, who rates it, skips it, or takes the last back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from experiments.actions import ActionConflict, ActionRefused
from experiments.models import Experiment, ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import require
from runs.models import Result, Run
from scoring.actions import checked_value, put_value, refuse_other_scale, tell_of_ratings
from scoring.models import Score, Showing
from scoring.rating.rateable import Rateable, RatingOrder

LONGEST_COMMENT = 5_000


def show_next(*, rateable: Rateable, order: RatingOrder, by: Person) -> Showing | None:
    """Return what is before this person: the open showing, else a new one; None when nothing waits.

    A showing whose result was rated elsewhere or run again meanwhile makes room for another.
    """
    require(by, rateable.experiment.project, "rate")
    shown = Showing.objects.filter(experiment=rateable.experiment, person_id=by.pk, answered_at=None).first()
    if shown is not None and rateable.is_open_to(by, shown.result_id):
        return shown
    if shown is not None:
        shown.delete()
    found = rateable.next_for(by, order)
    return None if found is None else _opened(rateable.experiment, found.pk, by)


def _opened(experiment: Experiment, result_id: int, by: Person) -> Showing:
    """Return the one open showing of this person: another tab may have been first."""
    values: dict[str, Any] = {"answered_at": None, "is_skipped": False, "given": {}, "former": {}, "comment": ""}
    try:
        with transaction.atomic():
            return Showing.objects.update_or_create(
                experiment=experiment, person_id=by.pk, result_id=result_id, defaults=values
            )[0]
    except IntegrityError:
        return Showing.objects.get(experiment=experiment, person_id=by.pk, answered_at=None)


@transaction.atomic
def rate_shown(
    *,
    showing: Showing,
    values: Mapping[str, Any],
    by: Person,
    comment: str = "",
    revisions: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Store a value for each scorer that people give.

    `revisions` are those of the scorers as the person saw them, by name; those that are not known are left out.
    Raises ActionRefused naming the scorer whose value does not fit, ActionConflict when the showing is not open.
    """
    require(by, showing.experiment.project, "rate")
    locked, result = _locked(showing), _result_shown(showing)
    scorers = {spec.name: spec for spec in Rateable.of(showing.experiment).scorers_for(result.item)}
    numbers = {spec: _chosen(spec, values, revisions.get(spec.name)) for spec in scorers.values()}
    unknown = [name for name in values if name not in scorers]
    if unknown:
        raise ActionRefused(unknown[0], f'there is no scorer "{unknown[0]}"; there are: {", ".join(scorers)}')
    text = _checked_comment(comment)
    former = {score.scorer_id: score.value for score in _scores(locked, by)}
    for spec, number in numbers.items():
        put_value(spec, locked.result_id, number, by, {"comment": text} if text else None)
    locked.given = {spec.name: number for spec, number in numbers.items()}
    locked.former = {spec.name: former.get(spec.pk) for spec in numbers}
    locked.comment, locked.answered_at = text, timezone.now()
    locked.save()
    _tell_after_commit(result.run_id)


@transaction.atomic
def skip_shown(*, showing: Showing, by: Person) -> None:
    """Leave a result unrated and go on. Raises ActionConflict when the showing was answered before."""
    require(by, showing.experiment.project, "rate")
    locked = _locked(showing)
    locked.is_skipped, locked.answered_at = True, timezone.now()
    locked.save()


@transaction.atomic
def undo_last(*, experiment: Experiment, by: Person) -> Showing:
    """Put the last result before the person again, and take the values back that were given or replaced there.

    Raises ActionConflict when there is nothing to take back.
    """
    require(by, experiment.project, "rate")
    mine = Showing.objects.select_for_update().filter(experiment=experiment, person_id=by.pk)
    last = mine.exclude(answered_at=None).order_by("-answered_at", "-pk").first()
    if last is None:
        raise ActionConflict("There is nothing to take back: you rated and skipped nothing here.")
    mine.filter(answered_at=None).delete()
    if not last.is_skipped:
        _take_back(last, by)
    last.is_skipped, last.answered_at = False, None
    last.save()
    return last


@transaction.atomic
def show_skipped_again(*, experiment: Experiment, by: Person) -> int:
    """Let what this person skipped come again; return how many that are."""
    require(by, experiment.project, "rate")
    return Showing.objects.filter(experiment=experiment, person_id=by.pk, is_skipped=True).delete()[0]


def _locked(showing: Showing) -> Showing:
    """Return the showing, locked. Raises ActionConflict when it is no longer open."""
    locked = Showing.objects.select_for_update().filter(pk=showing.pk, answered_at=None).first()
    if locked is None:
        raise ActionConflict("This one is saved or skipped already, perhaps in another tab: the next one is shown.")
    return locked


def _result_shown(showing: Showing) -> Result:
    """Return the result that is shown. Raises ActionConflict where it is gone."""
    result: Result | None = Result.objects.filter(pk=showing.result_id).select_related("item").first()
    if result is None:
        raise ActionConflict("This result is being run again: nothing was saved, the next one is shown.")
    return result


def _chosen(spec: ScorerSpec, values: Mapping[str, Any], seen: int | None) -> float:
    """Return the value for one scorer. Raises ActionRefused named after it."""
    if values.get(spec.name) is None:
        raise ActionRefused(spec.name, f"choose a value for {spec.name}, or skip this one")
    try:
        refuse_other_scale(spec, seen)
        return checked_value(spec, values[spec.name])
    except ActionRefused as refusal:
        raise ActionRefused(spec.name, str(refusal)) from refusal


def _checked_comment(comment: str) -> str:
    text = comment.replace("\0", "").strip()
    if len(text) > LONGEST_COMMENT:
        raise ActionRefused("comment", f"a comment has at most {LONGEST_COMMENT:,} characters, this one {len(text):,}")
    return text


def _scores(showing: Showing, by: Person) -> list[Score]:
    """Return this person's scores of what is shown, those of the revisions in force."""
    scores = Score.objects.filter(result_id=showing.result_id, author=int(by.pk or 0), turn=0).select_related("scorer")
    return [score for score in scores if score.revision == score.scorer.revision]


def _take_back(showing: Showing, by: Person) -> None:
    """Delete the values that were given, or bring back those that they replaced."""
    given = [score for score in _scores(showing, by) if score.scorer.name in showing.given]
    for score in given:
        former = showing.former.get(score.scorer.name)
        if former is None:
            score.delete()
        else:
            put_value(score.scorer, showing.result_id, former, by, score.metadata)
    _tell_after_commit(Result(pk=showing.result_id).run_id)


def _tell_after_commit(run_id: int) -> None:
    run = Run.objects.filter(pk=run_id).select_related("experiment", "case_list").first()
    if run is not None:
        transaction.on_commit(lambda: tell_of_ratings(run))
