"""Search in a real browser: opened, used and followed with the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from experiments.models import Role
from tests.browsing import sign_in
from tests.factories import ExperimentFactory, MembershipFactory, ProjectFactory

pytestmark = pytest.mark.browser


def test_search_leads_to_an_experiment_with_the_keyboard_alone(
    live_site: str, page: Page, transactional_db: None
) -> None:
    project = ProjectFactory()
    experiment = ExperimentFactory(project=project, name="support-qa")
    sign_in(page, live_site, MembershipFactory(project=project, role=Role.VIEWER).user)
    page.goto(f"{live_site}/providers/")

    page.keyboard.press("Control+k")
    page.keyboard.type("support")
    expect(page.locator(".search__hit")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/experiments/{experiment.uid}/board/")


def test_escape_closes_the_search(live_site: str, page: Page, transactional_db: None) -> None:
    sign_in(page, live_site, MembershipFactory().user)
    page.goto(f"{live_site}/providers/")

    page.get_by_role("link", name="Search").click()
    expect(page.locator("#search")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#search")).to_be_hidden()
