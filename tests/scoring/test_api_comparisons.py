"""Comparisons by API."""

import pytest
from django.contrib.auth.models import User

from experiments.models import Experiment
from tests.api_client import Api
from tests.factories import RunFactory
from tests.people import member_of
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, scored_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over ten sums."""
    return sums(10)


@pytest.fixture
def api(experiment: Experiment) -> Api:
    """A viewer's client."""
    return Api(member_of(experiment.project, "viewer"))


def test_comparison_says_difference_wins_and_the_exact_test(experiment: Experiment, api: Api) -> None:
    first, second = scored_run(experiment, FIRST), scored_run(experiment, SECOND)

    answer = api.get(f"experiments/{experiment.uid}/compare?a={first.uid}&b={second.uid}").json()

    score = answer["score"]
    assert (answer["a"], answer["b"], list(answer["scorers"])) == (str(first.uid), str(second.uid), ["correct"])
    assert score["difference"] == pytest.approx(0.3)
    assert (score["n"], score["unmatched"], score["wins"], score["losses"], score["ties"]) == (10, 0, 3, 0, 7)
    assert score["p_value"] == 0.25
    assert score["low"] < 0 < score["high"]


@pytest.mark.parametrize(
    ("query", "field"), [("", "a"), ("a=x&b=y", "a"), ("a={first}", "b"), ("a={first}&b={stranger}", "b")]
)
def test_comparison_names_the_field_that_is_wrong(experiment: Experiment, api: Api, query: str, field: str) -> None:
    first, stranger = scored_run(experiment, FIRST), RunFactory()

    answer = api.get(f"experiments/{experiment.uid}/compare?{query.format(first=first.uid, stranger=stranger.uid)}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_comparison_of_a_stranger_is_a_404(experiment: Experiment, stranger: User) -> None:
    assert Api(stranger).get(f"experiments/{experiment.uid}/compare").status_code == 404
