"""Outputs and the drawer of a result by the keyboard alone, in a real browser."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.models import Experiment, Role
from tests.factories import MembershipFactory
from tests.runs.planned import sums
from tests.scoring.compared import scored_run

pytestmark = pytest.mark.browser
WRONG_AT_1_AND_3, WRONG_AT_3 = "1010", "1110"


@pytest.fixture
def experiment(transactional_db: None) -> Experiment:
    experiment = sums(4)
    scored_run(experiment, WRONG_AT_1_AND_3)
    scored_run(experiment, WRONG_AT_3)
    return experiment


@pytest.fixture
def outputs(live_site: str, page: Page, experiment: Experiment) -> Any:
    """Opens the outputs in a browser that is signed in."""
    user = MembershipFactory(project=experiment.project, role=Role.EDITOR).user
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])

    def open_page(query: str = "") -> Page:
        page.goto(f"{live_site}{reverse('experiments:experiment-outputs', args=[experiment.uid])}{query}")
        return page

    return open_page


def test_failures_are_read_one_after_the_other_by_keyboard(outputs: Any) -> None:
    page = outputs("?mode=failures")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer-heading")).to_have_text("sum-1")
    expect(page.locator("#drawer")).to_be_visible()
    expect(page).to_have_url(re.compile(r"mode=failures&result=[0-9a-f-]{36}\.1$"))
    page.keyboard.press("j")
    expect(page.locator("#drawer-heading")).to_have_text("sum-3")
    page.keyboard.press("Escape")

    expect(page.locator("#drawer")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"outputs/\?mode=failures$"))
    expect(page.locator("#item-link-1")).to_be_focused()


def test_drawer_has_the_candidates_as_tabs(outputs: Any) -> None:
    page = outputs("?mode=different")

    page.click("#item-link-1")
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer .judgement__head")).to_contain_text("✗")
    page.focus("#drawer-tab-2")
    page.keyboard.press("Enter")

    expect(page.locator("#drawer .judgement__head")).to_contain_text("✓")
    expect(page.locator("#drawer-tab-2")).to_have_attribute("aria-current", "page")


def test_address_with_a_result_opens_its_drawer_and_back_closes_it(outputs: Any, experiment: Experiment) -> None:
    run = experiment.runs.order_by("pk").first()
    assert run is not None
    page = outputs(f"?mode=failures&result={run.uid}.3")
    expect(page.locator("#drawer-heading")).to_have_text("sum-3")
    expect(page.locator("#drawer")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    page.click("#item-link-1")
    expect(page.locator("#drawer-heading")).to_have_text("sum-1")
    expect(page.locator("#drawer")).to_be_visible()
    page.go_back()

    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#outputs-grid")).to_be_visible()


def test_two_rows_of_the_board_are_chosen_and_compared_by_keyboard(outputs: Any, experiment: Experiment) -> None:
    page = outputs()
    page.goto(page.url.replace("/outputs/", "/board/"))

    page.keyboard.press("?")
    expect(page.locator("#keyboard-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keyboard-help")).to_be_hidden()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.get_by_role("link", name="Compare the 2 chosen")).to_be_visible()
    outline = "document.activeElement.closest('tr') && getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"  # the focus is seen
    page.keyboard.press("c")

    expect(page).to_have_url(re.compile(r"/compare/\?a=[0-9a-f-]{36}&b=[0-9a-f-]{36}$"))
