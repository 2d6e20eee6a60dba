"""Home: what runs, what needs the person, what came out; the demo at the first visit."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Project
from runs.models import RunStatus
from tests.boards import experiment_in, run_of


@pytest.fixture
def as_viewer(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def home(client: Client) -> str:
    """Return the page."""
    return client.get(reverse("home")).content.decode()


def test_home_shows_what_runs_what_is_paused_and_what_came_out(as_viewer: Client, project: Project) -> None:
    experiment = experiment_in(project, name="support-qa")
    run_of(experiment, status=RunStatus.RUNNING, ok_count=1)
    run_of(experiment, status=RunStatus.PAUSED)
    done = run_of(experiment, score=0.7)

    page = home(as_viewer)

    assert "Running now" in page
    assert "1/2" in page
    assert "Needs you" in page
    assert "the key is wrong" in page
    assert f'id="run-{done.pk}"' in page


@pytest.mark.parametrize(("who", "is_offered"), [("editor", True), ("viewer", False)])
def test_home_offers_a_new_experiment_to_those_who_may_make_one(
    client: Client, request: pytest.FixtureRequest, project: Project, who: str, is_offered: bool
) -> None:
    client.force_login(request.getfixturevalue(who))

    assert (f'href="{reverse("experiments:experiment-new")}">New experiment' in home(client)) is is_offered


def test_home_of_a_stranger_shows_nothing_of_it(client: Client, stranger: User, project: Project) -> None:
    run_of(experiment_in(project, name="support-qa"), status=RunStatus.RUNNING)
    client.force_login(stranger)

    assert "support-qa" not in home(client)


def test_home_without_anything_says_how_to_begin(as_viewer: Client) -> None:
    assert "evalsite init" in home(as_viewer)


@pytest.fixture
def demo(project: Project) -> Any:
    Project.objects.filter(pk=project.pk).update(is_demo=True)
    experiment = experiment_in(project, name="demo")
    run_of(experiment)
    return experiment


def test_home_at_the_first_visit_shows_the_demo_s_board(client: Client, editor: User, demo: Any) -> None:
    client.force_login(editor)

    page = home(client)

    assert "Leaderboard" in page
    assert "Explore the demo" in page
    assert "Import a dataset" in page
    assert "Connect a provider" in page


def test_home_is_packed_for_browsers_that_unpack(client: Client, editor: User, demo: Any) -> None:
    client.force_login(editor)

    plain = client.get("/")
    packed = client.get("/", headers={"Accept-Encoding": "gzip"})

    assert (plain.has_header("Content-Encoding"), packed["Content-Encoding"]) == (False, "gzip")
    assert len(packed.content) < len(plain.content) / 3


def test_home_card_that_the_role_may_not_use_is_not_there(as_viewer: Client, demo: Any) -> None:
    page = home(as_viewer)

    assert "Connect a provider" not in page
    assert "Import a dataset" not in page


def test_home_with_experiments_of_one_s_own_shows_no_demo(as_viewer: Client, viewer: User, demo: Any) -> None:
    own = Project.objects.create(name="own")
    own.memberships.create(user=viewer)
    experiment_in(own)

    assert "Explore the demo" not in home(as_viewer)


def test_home_part_is_a_fragment(as_viewer: Client) -> None:
    answer = as_viewer.get(reverse("home-now"), headers={"HX-Request": "true"})

    assert answer.content.decode().startswith('<div id="home-now"')


def test_home_says_what_was_spent_this_month(as_viewer: Client, project: Project) -> None:
    experiment = experiment_in(project)
    run_of(experiment, ok_count=2, cost_usd="1.84")
    run_of(experiment, ok_count=3, unpriced_count=3)
    Project.objects.filter(pk=project.pk).update(monthly_budget_usd=50)

    page = home(as_viewer)

    assert "Spend this month" in page
    assert "$1.84 of $50.00" in page
    assert "without 3 calls that have no price" in page


def test_home_without_spend_says_nothing_of_it(as_viewer: Client, project: Project) -> None:
    assert "Spend this month" not in home(as_viewer)
