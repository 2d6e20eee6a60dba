"""What people say of results and runs: rated, changed, taken back."""

import math
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions import ActionConflict, ActionRefused, person_scorer
from experiments.models import ScorerSpec
from experiments.models.projects import Person
from experiments.permissions import require
from runs.models import Result, Run
from runs.signals import results_changed
from scoring.models import RunRating, Score

Metadata = Mapping[str, Any] | None
Rating = Score | RunRating


def rate_result(
    *,
    run: Run,
    result: Result,
    scorer_name: str,
    value: Any,
    by: Person,
    metadata: Metadata = None,
    revision: int | None = None,
) -> Score:
    """Store a person's value of one result; the same person's former value goes to its history.

    `revision` is that of the scorer as the person saw it; None: not known. An editor's unknown scorer name becomes a
    person scorer. Raises ActionRefused for a value outside the range, and of another scale than is in force now,
    ActionConflict for a code scorer's name and for a result that is an error, PermissionDenied as `person_scorer`.
    """
    require(by, run.experiment.project, "rate")
    if result.is_error:
        raise ActionConflict(f"Result {result.ordinal} came to an error ({result.outcome}): there is nothing to rate.")
    with transaction.atomic():
        spec = person_scorer(experiment=run.experiment, name=scorer_name, by=by)
        refuse_other_scale(spec, revision)
        score = put_value(spec, result.pk, checked_value(spec, value), by, metadata)
    tell_of_ratings(run)
    return score


def put_value(spec: ScorerSpec, result_id: int, value: float, by: Person, metadata: Metadata) -> Score:
    """Write a checked value of a person, the former one into its history; the board hears nothing of it here."""
    address = {"result_id": result_id, "scorer_id": spec.pk, "revision": spec.revision, "turn": 0, "author": by.pk}
    defaults = {"uid": uuid.uuid4(), "value": value, "metadata": metadata, "created_at": timezone.now()}
    score, is_new = Score.objects.get_or_create(**address, defaults=defaults)
    if is_new:
        return score
    replaced: Score = _replaced(Score.objects.select_for_update().get(pk=score.pk), value, metadata)
    return replaced


def rate_run(
    *, run: Run, scorer_name: str, value: Any, by: Person, metadata: Metadata = None, revision: int | None = None
) -> Rating:
    """Store a person's value of a run: of its result where it has one only, else of the run as a whole.

    Raises as `rate_result`; ActionConflict also for a run without results.
    """
    require(by, run.experiment.project, "rate")
    results = list(Result.objects.of_run(run)[:2])
    if not results:
        raise ActionConflict(f"{run} is {run.status} and has no results yet: there is nothing to rate.")
    if run.planned_count <= 1:
        values = {"scorer_name": scorer_name, "value": value, "metadata": metadata, "revision": revision}
        return rate_result(run=run, result=results[0], by=by, **values)
    with transaction.atomic():
        spec = person_scorer(experiment=run.experiment, name=scorer_name, by=by)
        refuse_other_scale(spec, revision)
        number = checked_value(spec, value)
        defaults = {"value": number, "metadata": metadata}
        rating: RunRating
        rating, is_new = RunRating.objects.get_or_create(run=run, scorer=spec, author_id=by.pk, defaults=defaults)
        if not is_new:
            rating = _replaced(RunRating.objects.select_for_update().get(pk=rating.pk), number, metadata)
    tell_of_ratings(run)
    return rating


def change_rating(
    *,
    rating: Rating,
    value: Any,
    by: Person,
    metadata: Metadata = None,
    check: Callable[[Rating], None] = lambda _: None,
) -> Rating:
    """Replace the value of a rating, by its author or an owner; the former goes to its history. Raises ActionRefused.

    Without `metadata` the former metadata stays. `check` looks at it before, while nobody else changes it; what it
    raises ends the change. Raises ActionConflict for one that was taken back meanwhile.
    """
    run, spec = run_of(rating), scorer_of(rating)
    _require_mine(rating, run, by)
    with transaction.atomic():
        locked = _locked(rating)
        if locked is None:
            raise ActionConflict("This score was taken back meanwhile: give it anew.")
        check(locked)
        kept = rating.metadata if metadata is None else metadata
        changed: Rating = _replaced(locked, checked_value(spec, value), kept)
    tell_of_ratings(run)
    return changed


def delete_rating(*, rating: Rating, by: Person, check: Callable[[Rating], None] = lambda _: None) -> None:
    """Take a rating back, by its author or an owner; one that is gone already stays so. `check` as above."""
    run = run_of(rating)
    _require_mine(rating, run, by)
    with transaction.atomic():
        locked = _locked(rating)
        if locked is not None:
            check(locked)
            locked.delete()
    tell_of_ratings(run)


def delete_own_rating(*, run: Run, scorer_name: str, by: Person, result: Result | None = None) -> bool:
    """Take back what a person said of a result, or of the run as a whole; False: that was nothing."""
    require(by, run.experiment.project, "rate")
    if result is None:
        found: Rating | None = RunRating.objects.filter(run=run, author=by.pk, scorer__name=scorer_name).first()
    else:
        mine = Score.objects.by_people().filter(result=result, author=by.pk)
        found = mine.filter(scorer__name=scorer_name).first()
    if found is None:
        return False
    delete_rating(rating=found, by=by)
    return True


def checked_value(spec: ScorerSpec, value: Any) -> float:
    """Return a value as a person's scorer takes it. Raises ActionRefused unless it is a number of its range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ActionRefused("value", "write a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    low, high = spec.range_low, spec.range_high
    if not math.isfinite(number):
        raise ActionRefused("value", "write a finite number")
    if low is not None and high is not None and not low <= number <= high:
        raise ActionRefused("value", f"{spec.name} takes numbers from {low:g} to {high:g}")
    return number


def refuse_other_scale(spec: ScorerSpec, seen: int | None) -> None:
    """Raise ActionRefused where the scorer is another than the revision that a person saw; None: not known.

    A 1 that was the worst of 1 to 5 would be the best of 0 to 1.
    """
    if seen not in (None, spec.revision):
        low, high = spec.range_low, spec.range_high
        scale = "" if low is None or high is None else f", and takes numbers from {low:g} to {high:g} now"
        raise ActionRefused("value", f"{spec.name} was changed since it was shown{scale}: look at it, then rate again")


def run_of(rating: Rating) -> Run:
    """Return the run that a rating belongs to."""
    if isinstance(rating, RunRating):
        return rating.run
    run: Run = Run.objects.select_related("experiment__project").get(pk=Result(pk=rating.result_id).run_id)
    return run


def scorer_of(rating: Rating) -> ScorerSpec:
    """Return the scorer that a rating was given under."""
    return rating.scorer


def author_id_of(rating: Rating) -> int | None:
    """Return the primary key of the person who rated; None: the account was deleted."""
    found: int | None = rating.author_id if isinstance(rating, RunRating) else rating.author
    return found


def _require_mine(rating: Rating, run: Run, by: Person) -> None:
    is_mine = author_id_of(rating) == by.pk
    require(by, run.experiment.project, "rate" if is_mine else "change_scores_of_others")


def _locked(rating: Rating) -> Rating | None:
    """Return a rating as it is now, locked until the transaction ends; None: it was taken back."""
    found: Rating | None = type(rating)._default_manager.select_for_update().filter(pk=rating.pk).first()
    return found


def _replaced(rating: Any, value: float, metadata: Metadata) -> Any:
    """Write another value into a locked rating; the former one goes to its history."""
    if rating.value != value:
        rating.history = [*(rating.history or []), [rating.value, timezone.now().isoformat()]]
    rating.value, rating.metadata = value, metadata
    rating.save(update_fields=["value", "metadata", "history"])
    return rating


def tell_of_ratings(run: Run) -> None:
    """Let the board know that what people say of a run has changed."""
    results_changed.send(sender=Run, run=run, is_final=run.is_finished, is_rating=True)
