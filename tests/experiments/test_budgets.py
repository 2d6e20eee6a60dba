"""The budget of an experiment by page and API: set, shown, refused; a pilot before the start."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Experiment, Project, Provider
from runs.models import Run
from tests.api_client import Api
from tests.runs.planned import candidate_at, sums

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment(project: Project) -> Experiment:
    """Ten sums with a candidate."""
    made = sums(10)
    Experiment.objects.update(project=project)
    made.refresh_from_db()
    candidate_at(made)
    return made


def url_of(experiment: Experiment, name: str = "budget") -> str:
    """Return the address of a page of the experiment."""
    return reverse(f"experiments:experiment-{name}", args=[experiment.uid])


def test_page_sets_the_budget(client: Client, editor: User, experiment: Experiment) -> None:
    client.force_login(editor)

    client.post(url_of(experiment), {"budget_usd": "2.5"})

    experiment.refresh_from_db()
    assert experiment.budget_usd == Decimal("2.5")
    assert "$2.50" in client.get(url_of(experiment)).content.decode()


@pytest.mark.parametrize("typed", ["-1", "much", "NaN", "1e99"])
def test_page_refuses_what_is_no_amount(client: Client, editor: User, experiment: Experiment, typed: str) -> None:
    client.force_login(editor)

    answer = client.post(url_of(experiment), {"budget_usd": typed})

    assert answer.status_code == 422
    assert "a budget is a number of USD from 0 to 10,000,000" in answer.content.decode()
    assert f'value="{typed}"' in answer.content.decode()


def test_budget_is_not_for_viewers(client: Client, viewer: User, experiment: Experiment) -> None:
    client.force_login(viewer)

    assert client.post(url_of(experiment), {"budget_usd": "1"}).status_code == 403
    assert "budget-usd" not in client.get(url_of(experiment)).content.decode()


def test_budget_of_a_stranger_is_a_404(client: Client, stranger: User, experiment: Experiment) -> None:
    client.force_login(stranger)

    assert client.get(url_of(experiment)).status_code == 404
    assert client.post(url_of(experiment, "pilot")).status_code == 404


def test_pilot_plans_five_items(client: Client, editor: User, experiment: Experiment) -> None:
    client.force_login(editor)

    client.post(url_of(experiment, "pilot"))

    assert Run.objects.get().planned_count == 5


def test_start_with_a_budget_and_without_prices_says_what_to_do(
    client: Client, editor: User, experiment: Experiment
) -> None:
    client.force_login(editor)
    client.post(url_of(experiment), {"budget_usd": "1"})

    page = client.post(url_of(experiment, "pilot"), follow=True).content.decode()

    assert "the budget cannot be kept, since prices are not known" in page
    assert not Run.objects.exists()


def test_api_sets_the_budget_and_pilots(editor: User, experiment: Experiment) -> None:
    api = Api(editor)
    model = experiment.candidates.get().model
    Provider.objects.update(prices={model: {"input": 1, "output": 1}})

    changed = api.call("PATCH", f"experiments/{experiment.uid}/", {"budget_usd": 3})
    started = api.post(f"experiments/{experiment.uid}/start/", {"pilot": True})
    forecast = api.get(f"experiments/{experiment.uid}/forecast/").json()["items"]

    assert Decimal(changed.json()["budget_usd"]) == 3
    assert (started.status_code, Run.objects.get().planned_count) == (200, 5)
    assert [(one["planned"], one["priced"], one["cost_usd"]) for one in forecast] == [(10, 0, None)]


@pytest.mark.parametrize(
    ("is_priced", "words"), [(True, "a pilot of 5 items gives a forecast"), (False, "no price is set for")]
)
def test_page_says_why_there_is_no_forecast(
    client: Client, editor: User, experiment: Experiment, is_priced: bool, words: str
) -> None:
    model = experiment.candidates.get().model
    Provider.objects.update(prices={model: {"input": 1, "output": 1}} if is_priced else {})
    Api(editor).post(f"experiments/{experiment.uid}/start/", {"pilot": True})
    client.force_login(editor)

    assert words in client.get(url_of(experiment)).content.decode()
