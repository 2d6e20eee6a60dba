"""Rating a run as a whole on its page: stored, changed, taken back, averaged."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from runs.models import Result, Run
from scoring.actions import rate_result, rate_run
from scoring.models import RunRating, RunScore, Score
from tests.factories import ExperimentFactory, ResultFactory, RunFactory, ScorerSpecFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(project: Any) -> Run:
    """A run of two results, whose experiment asks people how helpful it is."""
    run = RunFactory(candidate__experiment=ExperimentFactory(project=project), planned_count=2, case_list__case_count=2)
    ScorerSpecFactory(experiment=run.experiment, name="helpful", kind="person", weight=0.0)
    _ = [ResultFactory(run=run, ordinal=ordinal) for ordinal in (0, 1)]
    return run


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def posted(user: User, run: Run, **form: str) -> Any:
    return signed_in(user).post(reverse("runs:run-rate", args=[run.uid]), {"scorer_name": "helpful", **form})


def page_of(user: User, run: Run) -> str:
    return signed_in(user).get(reverse("runs:run-detail", args=[run.uid])).content.decode()


def test_run_is_rated_on_its_page(viewer: User, run: Run) -> None:
    answer = posted(viewer, run, value="0.75")

    assert answer["Location"] == reverse("runs:run-detail", args=[run.uid])
    assert RunRating.objects.get(run=run, author=viewer).value == 0.75
    assert RunScore.objects.get(run=run).mean == 0.75
    assert 'value="0.75"' in page_of(viewer, run)


def test_rating_of_a_run_is_taken_back(viewer: User, owner: User, run: Run) -> None:
    rate_run(run=run, scorer_name="helpful", value=0.25, by=viewer)
    rate_run(run=run, scorer_name="helpful", value=0.75, by=owner)

    posted(viewer, run, do="delete")

    assert [rating.author for rating in RunRating.objects.all()] == [owner]
    assert RunScore.objects.get(run=run).mean == 0.75
    assert "1 person says 0.75" in page_of(viewer, run)


def test_page_shows_what_people_say_of_a_run_on_average(viewer: User, owner: User, run: Run) -> None:
    rate_run(run=run, scorer_name="helpful", value=0.25, by=viewer)
    rate_run(run=run, scorer_name="helpful", value=0.75, by=owner)

    assert "2 people say 0.5 on average" in page_of(viewer, run)


@pytest.mark.parametrize("value", ["", "good", "2", "nan"])
def test_rating_of_a_run_that_does_not_fit_answers_422_and_keeps_what_was_typed(
    viewer: User, run: Run, value: str
) -> None:
    answer = posted(viewer, run, value=value)

    assert (answer.status_code, RunRating.objects.count()) == (422, 0)
    assert f'value="{value}" aria-invalid="true"' in answer.content.decode()


@pytest.mark.parametrize(("name", "place"), [("run", []), ("result", [0])])
def test_form_that_was_shown_again_leads_back_to_its_page(viewer: User, run: Run, name: str, place: list[int]) -> None:
    address = reverse(f"runs:{name}-rate", args=[run.uid, *place])
    form = {"scorer_name": "helpful", "value": "0.5"}

    answer = signed_in(viewer).post(address, form, headers={"Referer": f"http://testserver{address}"})

    assert answer["Location"] == reverse(f"runs:{name}-detail", args=[run.uid, *place])


def test_strangers_rate_no_run(stranger: User, run: Run) -> None:
    assert posted(stranger, run, value="0.5").status_code == 404


def test_run_of_one_result_is_rated_there(viewer: User, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(planned_count=1)

    assert "The run as a whole" not in page_of(viewer, run)


def test_run_without_a_question_for_people_is_not_rated(viewer: User, run: Run) -> None:
    run.experiment.scorers.update(kind="exact_match")

    assert "The run as a whole" not in page_of(viewer, run)


def test_rating_of_a_result_is_taken_back_where_it_was_given(viewer: User, owner: User, run: Run) -> None:
    result = Result.objects.of_run(run).order_by("pk")[0]
    _ = [rate_result(run=run, result=result, scorer_name="helpful", value=0.5, by=user) for user in (viewer, owner)]
    address = reverse("runs:result-rate", args=[run.uid, 0])

    shown = signed_in(viewer).post(address, {"scorer_name": "helpful", "do": "delete"}, follow=True).content.decode()

    assert [score.author for score in Score.objects.by_people()] == [owner.pk]
    assert "Take back" not in shown
