"""What two people of the demo thought of some answers: 30 ratings, the same on every machine."""

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from evalsite.demo.mark import PEOPLE
from experiments.files.experiment_file import ExperimentFile
from experiments.models import Experiment, Membership, Role, ScorerSpec
from runs.models import Result, Run
from runs.outcomes import ANSWERED
from scoring.actions import rate_result
from scoring.models import CODE, Score

SCORER, JUDGED_BY = "helpful", "correct"
RATED_PER_RUN = (4, 4, 4, 3)
STRIDE = 5
"""Every fifth answer is rated, so that several topics are."""
STRICT = (1, 2, 1, 2, 4, 5, 5, 4)
KIND = (2, 2, 1, 3, 5, 5, 4, 4)
"""What the two think of wrong answers (the first half) and of right ones, in turn."""


def is_rated(file: ExperimentFile) -> bool:
    """Return whether the demo has come to its end: the ratings of its last run are the last that is written."""
    last = Run.objects.planned().filter(
        experiment__project__is_demo=True, experiment__project__name=file.project, experiment__name=file.name
    )
    run = last.order_by("-pk").first()
    return run is not None and Score.objects.of_run(run).filter(scorer__name=SCORER).exists()


def rate(experiment: Experiment) -> int:
    """Have the demo people rate some answers, as people do; return how many ratings there are."""
    people = [_person(experiment, username, name) for username, name in PEOPLE.items()]
    correct = experiment.scorers.get(name=JUDGED_BY)
    ratings = [
        rate_result(run=run, result=result, scorer_name=SCORER, value=values[place], by=person)
        for run, count in zip(experiment.runs.planned().order_by("pk"), RATED_PER_RUN, strict=True)
        for result, place in _rated(run, correct, count)
        for person, values in zip(people, (STRICT, KIND), strict=True)
    ]
    return len(ratings)


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
    answered = Result.objects.of_run(run).filter(trial=0, outcome__in=ANSWERED)
    for number, result in enumerate(answered[: count * STRIDE : STRIDE]):
        verdict = Score.objects.filter(
            result=result, scorer=correct, revision=correct.revision, turn=0, author=CODE
        ).first()
        is_right = verdict is not None and verdict.value == 1
        yield result, number + (len(STRICT) // 2 if is_right else 0)
