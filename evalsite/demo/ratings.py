"""What two people of the demo thought of some answers: 30 ratings, the same on every machine."""

import uuid
from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.utils import timezone

from experiments.experiment_file import ExperimentFile
from experiments.models import Experiment, Membership, Role, ScorerSpec
from runs.models import Result, Run
from runs.models.results import result_id_of
from scoring.models import CODE, Score
from scoring.summing import sum_up

SCORER, JUDGED_BY = "helpful", "correct"
PEOPLE = {"demo-ada": "Ada", "demo-noor": "Noor"}
"""Names of accounts that nobody can sign in with, and the first names that pages show."""
RATED_PER_RUN = (4, 4, 4, 3)
STRIDE = 5
"""Every fifth question is rated, so that several topics are."""
STRICT = (1, 2, 1, 2, 4, 5, 5, 4)
KIND = (2, 2, 1, 3, 5, 5, 4, 4)
"""What the two think of wrong answers (the first half) and of right ones, in turn."""


def is_rated(file: ExperimentFile) -> bool:
    """Return whether the demo has come to its end: its ratings are the last that is written."""
    experiment = Experiment.objects.filter(project__name=file.project, project__is_demo=True, name=file.name).first()
    if experiment is None:
        return False
    specs = experiment.scorers.filter(name=SCORER)
    return any(Score.objects.of_run(run).filter(scorer__in=specs).exists() for run in experiment.runs.all())


def rate(experiment: Experiment) -> int:
    """Write the ratings of the demo people and bring the boards up to date; return how many there are."""
    people = [_person(experiment, username, name) for username, name in PEOPLE.items()]
    helpful = experiment.scorers.get(name=SCORER)
    runs = list(experiment.runs.planned().order_by("pk"))
    scores = [
        _score(result, helpful, person, values[place])
        for run, count in zip(runs, RATED_PER_RUN, strict=True)
        for result, place in _rated(run, experiment.scorers.get(name=JUDGED_BY), count)
        for person, values in zip(people, (STRICT, KIND), strict=True)
    ]
    Score.objects.bulk_create(scores, ignore_conflicts=True)
    for run in runs:
        sum_up(run)
    return len(scores)


def _person(experiment: Experiment, username: str, first_name: str) -> User:
    """Return an inactive account without a password, a viewer of the demo."""
    user, is_new = get_user_model().objects.get_or_create(
        username=username, defaults={"first_name": first_name, "is_active": False}
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    Membership.objects.get_or_create(project=experiment.project, user=user, defaults={"role": Role.VIEWER})
    return user


def _rated(run: Run, correct: ScorerSpec, count: int) -> Iterator[tuple[Result, int]]:
    """Yield the answers of a run that are rated, each with its place in what the two people think."""
    for number in range(count):
        result = Result.objects.get(pk=result_id_of(run.pk, number * STRIDE))
        verdict = Score.objects.filter(
            result=result, scorer=correct, revision=correct.revision, turn=0, author=CODE
        ).first()
        is_right = verdict is not None and verdict.value == 1
        yield result, number + (len(STRICT) // 2 if is_right else 0)


def _score(result: Result, scorer: ScorerSpec, author: User, value: int) -> Score:
    return Score(
        uid=uuid.uuid4(),
        result=result,
        scorer=scorer,
        revision=scorer.revision,
        author=author.pk,
        value=float(value),
        created_at=timezone.now(),
    )
