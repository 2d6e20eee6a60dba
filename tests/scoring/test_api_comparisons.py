"""Comparisons by API."""

import pytest
from django.contrib.auth.models import User

from experiments.models import Experiment
from tests.api_client import Api
from tests.factories import MembershipFactory, RunFactory
from tests.people import member_of
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, over_next_version, scored_run

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


def test_comparison_with_a_run_of_another_experiment_is_of_the_items_in_common(
    experiment: Experiment, api: Api
) -> None:
    later = over_next_version(experiment, edited="sum-9")
    first, second = scored_run(experiment, FIRST), scored_run(later, SECOND)

    answer = api.get(f"experiments/{experiment.uid}/compare?a={first.uid}&b={second.uid}").json()

    score = answer["score"]
    assert (answer["paired"], answer["scorers_left_out"], list(answer["scorers"])) == (True, [], ["correct"])
    assert (score["n"], score["n_a"], score["n_b"], score["unmatched"]) == (9, 10, 10, 2)
    assert (score["wins"], score["losses"], score["ties"]) == (3, 0, 6)


def test_comparison_without_items_in_common_says_unpaired(experiment: Experiment, api: Api) -> None:
    other = sums(5)
    MembershipFactory(project=other.project, user=api.person)
    first, second = scored_run(experiment, FIRST), scored_run(other, "10000")

    answer = api.get(f"experiments/{experiment.uid}/compare?a={first.uid}&b={second.uid}").json()

    score = answer["score"]
    assert (answer["paired"], score["n"], score["n_a"], score["n_b"], score["unmatched"]) == (False, 0, 10, 5, 15)
    assert (score["wins"], score["losses"], score["ties"], score["p_value"]) == (None, None, None, None)
    assert score["difference"] == pytest.approx(0.6)
    assert 0 < score["low"] < 0.6 < score["high"]


def test_comparison_by_no_common_scorer_says_what_to_do(experiment: Experiment, api: Api) -> None:
    later = over_next_version(experiment)
    first, second = scored_run(experiment, FIRST), scored_run(later, SECOND)
    later.scorers.update(name="other")

    answer = api.get(f"experiments/{experiment.uid}/compare?a={first.uid}&b={second.uid}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "b")
    assert "give both one with the same name, kind and range" in answer.json()["errors"][0]["detail"]


def test_comparison_with_a_run_that_i_do_not_see_answers_as_with_one_that_is_not_there(
    experiment: Experiment, api: Api
) -> None:
    first, hidden = scored_run(experiment, FIRST), scored_run(sums(2), "11")
    gone = "00000000-0000-4000-8000-000000000000"

    answers = [
        api.get(f"experiments/{experiment.uid}/compare?a={first.uid}&b={uid}").json() for uid in (hidden.uid, gone)
    ]

    said = [answer["errors"][0] for answer in answers]
    assert [one["field"] for one in said] == ["b", "b"]
    assert said[0]["detail"].replace(str(hidden.uid), gone) == said[1]["detail"]


def test_comparison_asks_a_run_of_the_experiment_itself_first(experiment: Experiment, api: Api) -> None:
    later = over_next_version(experiment)
    first, second = scored_run(experiment, FIRST), scored_run(later, SECOND)

    answer = api.get(f"experiments/{experiment.uid}/compare?a={second.uid}&b={first.uid}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "a")
