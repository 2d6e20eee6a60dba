"""Experiments changed in a real browser: a candidate added by the keyboard alone."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.models import Candidate, Role
from runs.models import Run
from tests.boards import experiment_in
from tests.factories import CandidateFactory, MembershipFactory, ProjectFactory, ProviderFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def candidate(transactional_db: None) -> Candidate:
    """A candidate of an experiment over four items."""
    experiment = experiment_in(ProjectFactory(), items=4, name="support-qa")
    provider = ProviderFactory(project=experiment.project)
    return CandidateFactory(experiment=experiment, provider=provider, name="small")


@pytest.fixture
def at(live_site: str, page: Page, candidate: Candidate) -> Any:
    """Opens an address of ours in a browser that is signed in as an editor."""
    user = MembershipFactory(project=candidate.experiment.project, role=Role.EDITOR).user
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])

    def open_page(route: str, *args: object, query: str = "") -> Page:
        page.goto(f"{live_site}{reverse(route, args=args)}{query}")
        return page

    return open_page


def test_candidate_is_added_with_the_keyboard_alone(at: Any, candidate: Candidate) -> None:
    page = at("experiments:experiment-board", candidate.experiment.uid)

    page.get_by_role("link", name="Add candidate").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("shorter")
    [page.keyboard.press("Tab") for _ in range(5)]
    page.keyboard.press("Control+A")
    page.keyboard.type("In one word: {{ inptu }}")
    expect(page.locator("mark.unknown")).to_have_text("inptu")
    page.keyboard.press("Control+A")
    page.keyboard.type("In one word: {{ input }}")
    expect(page.locator("#prompt-preview")).to_contain_text("In one word: Question 0?")
    page.get_by_role("button", name="Add and start").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/board/")
    expect(page.locator("#messages")).to_contain_text("Started: shorter")
    assert [run.name for run in Run.objects.all()] == ["shorter"]
