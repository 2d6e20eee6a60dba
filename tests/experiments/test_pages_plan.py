"""What an experiment measures, changed on its page: as by API, with what was typed kept where it does not fit."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments.models import Experiment
from runs.models import Run
from scoring.boards.leaderboard import leaderboard
from scoring.boards.summing import sum_up
from tests.api_client import Api
from tests.boards import experiment_in, result_of, run_of

pytestmark = pytest.mark.django_db

FORM = {"trials": "1", "errors_policy": "exclude", "max_errors": "0", "take": ""}
ROW = {
    "required-candidate": "*",
    "required-subject": "scorer:correct",
    "required-on": "low",
    "required-at_least": "50",
    "required-at_most": "",
}


@pytest.fixture
def run(project: Any) -> Run:
    """A run over two items of which the second is answered wrongly."""
    experiment = experiment_in(project, items=2)
    made = run_of(experiment, score=None)
    result_of(made, 0)
    result_of(made, 1, value=0.0)
    sum_up(made)
    return made


def save(client: Client, person: Any, run: Run, **typed: str) -> Any:
    client.force_login(person)
    return client.post(reverse("experiments:experiment-plan", args=[run.experiment.uid]), {**FORM, **typed})


def test_fewer_items_are_ranked_at_once_and_requirements_kept(client: Client, editor: Any, run: Run) -> None:
    before = leaderboard(run.experiment).entries[0]

    answer = save(client, editor, run, take="limit", count="1", tags="nightly, geo", **ROW)

    experiment = Experiment.objects.get(pk=run.experiment_id)
    after = leaderboard(experiment).entries[0]
    assert answer.status_code == 302
    assert (experiment.item_limit, experiment.tags) == (1, ["nightly", "geo"])
    assert experiment.requirements == [{"candidate": "*", "scorer": "correct", "at_least": 0.5, "on": "low"}]
    assert (before.n, after.n) == (2, 1)
    assert (before.weighted_score, after.weighted_score) == (0.5, 1.0)


def test_page_shows_what_is_declared_and_saves_it_as_it_was(client: Client, editor: Any, run: Run) -> None:
    selected = {"keys": ["item-0", "item-1"], "sample": 2, "seed": 7}
    required = [
        {"candidate": run.name, "metric": "p95_ms", "at_most": 1234.5},
        {"candidate": "*", "scorer": "correct", "at_least": 0.842},
    ]
    path = f"experiments/{run.experiment.uid}/"
    sent = Api(editor).patch(path, {"select": selected, "require": required, "max_errors": "1%"})
    client.force_login(editor)

    page = client.get(reverse("experiments:experiment-settings", args=[run.experiment.uid])).content.decode()

    assert (sent.status_code, sent.json()["select"], sent.json()["require"]) == (200, selected, required)
    assert 'value="sample" selected' in page
    assert 'name="seed" inputmode="numeric" value="7"' in page
    assert 'value="metric:p95_ms" selected' in page
    assert 'value="1234.5"' in page
    assert 'value="84.2"' in page


@pytest.mark.parametrize(
    ("subject", "on", "typed", "stored"),
    [
        ("scorer:correct", "value", "84.2", 0.842),
        ("metric:score", "low", "50", 0.5),
        ("metric:p95_ms", "value", "4000", 4000),
        ("scorer:correct", "every_item", "100", 1),
    ],
)
def test_bounds_of_shares_are_of_100_on_the_page(
    client: Client, editor: Any, run: Run, subject: str, on: str, typed: str, stored: float
) -> None:
    required = {**ROW, "required-subject": subject, "required-on": on, "required-at_least": typed}

    answer = save(client, editor, run, **required)

    assert answer.status_code == 302
    assert Experiment.objects.get(pk=run.experiment_id).requirements[0]["at_least"] == stored


@pytest.mark.parametrize("typed", ["many", "NaN", "1e999", "9" * 400])
def test_bound_that_is_no_number_is_said(client: Client, editor: Any, run: Run, typed: str) -> None:
    answer = save(client, editor, run, **{**ROW, "required-at_least": typed})

    assert answer.status_code == 422
    assert typed in answer.content.decode()


def test_what_does_not_fit_is_said_and_what_was_typed_is_kept(client: Client, editor: Any, run: Run) -> None:
    answer = save(client, editor, run, trials="many", with_tags="a, b")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "trials are a number from 1 to 100" in page
    assert 'value="many"' in page
    assert 'value="a, b"' in page


def test_more_trials_are_started_from_the_form(client: Client, editor: Any, run: Run) -> None:
    answer = save(client, editor, run, trials="2", start="1")

    run.refresh_from_db()
    assert answer["Location"] == reverse("experiments:experiment-board", args=[run.experiment.uid])
    assert (run.trials, run.status) == (2, "running")


def test_viewer_sees_it_and_may_not_change_it(client: Client, viewer: Any, run: Run) -> None:
    client.force_login(viewer)
    page = client.get(reverse("experiments:experiment-settings", args=[run.experiment.uid])).content.decode()

    assert '<fieldset class="plain" disabled>' in page
    assert save(client, viewer, run, trials="2").status_code == 403


def test_change_that_a_working_run_forbids_is_a_conflict_by_api(editor: Any, run: Run) -> None:
    Run.objects.update(status="running", completed_at=None)

    answer = Api(editor).patch(f"experiments/{run.experiment.uid}/", {"select": {"limit": 1}})

    assert answer.status_code == 409
    assert "pause or cancel" in answer.json()["detail"]
