"""Two experiments are chosen in their list and compared, by the keyboard and by the mouse, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from experiments.models import Experiment, Project
from tests.accessibility import violations_of
from tests.browsing import sign_in
from tests.runs.planned import sums
from tests.scoring.compared import over_next_version, scored_run

pytestmark = pytest.mark.browser
COMPARED = re.compile(r"/experiments/[0-9a-f-]{36}/compare/\?a=[0-9a-f-]{36}&b=[0-9a-f-]{36}$")


@pytest.fixture
def experiment(transactional_db: None) -> Experiment:
    """The oldest of three experiments over versions of one dataset, each with a score."""
    oldest = sums(4)
    scored_run(oldest, "1010")
    scored_run(over_next_version(oldest, edited="sum-1"), "1110")
    scored_run(over_next_version(oldest, edited="sum-2"), "1111")
    return oldest


@pytest.fixture
def project(experiment: Experiment) -> Project:
    """The project of the experiments."""
    return experiment.project


@pytest.fixture
def listed(live_site: str, page: Page, project: Project, viewer: Any) -> Page:
    """The list, for a browser in which a viewer is signed in."""
    sign_in(page, live_site, viewer)
    page.goto(f"{live_site}/experiments/")
    return page


def test_two_experiments_are_chosen_and_compared_by_keyboard(listed: Page) -> None:
    for key in ("j", "x", "j", "x"):
        listed.keyboard.press(key)
    expect(listed.get_by_role("link", name="Compare the 2 chosen")).to_be_visible()
    listed.keyboard.press("c")

    expect(listed).to_have_url(COMPARED)
    expect(listed.locator(".compare__sentence")).to_contain_text("3 of 5 matched.")


def test_third_box_leaves_the_first_out_and_clear_all_of_them(listed: Page) -> None:
    boxes = listed.locator("[data-choose-box]")

    for place in range(3):
        boxes.nth(place).click()
    expect(boxes.nth(0)).not_to_be_checked()
    expect(boxes.nth(1)).to_be_checked()
    expect(boxes.nth(2)).to_be_checked()
    listed.get_by_role("button", name="Clear").click()

    expect(listed.locator("[data-choose-box]:checked")).to_have_count(0)
    expect(listed.locator("[data-choose-go]")).to_be_hidden()


def test_what_is_chosen_stays_so_in_another_order_until_it_is_compared(listed: Page) -> None:
    listed.locator("[data-choose-box]").nth(0).click()
    expect(listed.locator("[data-choose-go]")).to_have_text("1 chosen: choose another")
    listed.get_by_role("link", name="Name").click()
    expect(listed.locator("[data-choose-box]:checked")).to_have_count(1)
    listed.locator("[data-choose-box]:not(:checked)").first.click()
    listed.keyboard.press("c")
    expect(listed).to_have_url(COMPARED)

    listed.goto(listed.url.split("/experiments/")[0] + "/experiments/")
    expect(listed.locator("[data-choose-box]")).to_have_count(3)
    expect(listed.locator("[data-choose-box]:checked")).to_have_count(0)


def test_axe_finds_nothing_serious_where_two_are_chosen_and_compared(listed: Page) -> None:
    listed.emulate_media(reduced_motion="reduce")

    for place in range(2):
        listed.locator("[data-choose-box]").nth(place).click()
    expect(listed.locator("[data-choose-go]")).to_have_text("Compare the 2 chosen")
    chosen = violations_of(listed)
    listed.locator("[data-choose-go]").click()
    expect(listed).to_have_url(COMPARED)

    assert (chosen, violations_of(listed)) == ([], [])


def test_compared_experiments_fit_a_phone(listed: Page) -> None:
    listed.set_viewport_size({"width": 390, "height": 844})
    for place in range(2):
        listed.locator("[data-choose-box]").nth(place).click()
    listed.locator("[data-choose-go]").click()
    expect(listed).to_have_url(COMPARED)

    assert listed.evaluate("document.documentElement.scrollWidth") == 390
