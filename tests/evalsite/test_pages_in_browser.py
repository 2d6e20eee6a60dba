"""The pages with data in a real browser: live board, drawer, small screens."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.models import Dataset, Experiment, Project, Role
from runs.models import Run, RunStatus, WorkUnit
from tests.boards import experiment_in, result_of, run_of
from tests.factories import LaneFactory, MembershipFactory, ProjectFactory

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
SELDOM = """document.addEventListener("htmx:afterSwap", () => {
  const board = document.getElementById("experiment-leaderboard");
  if (board) board.dataset.liveEvery = "600000";
})"""
SWAPPED = """(part) => new Promise((done) => {
  const noted = (event) => event.detail.elt.matches(part) && setTimeout(done);
  document.addEventListener("htmx:afterRequest", noted);
  htmx.trigger(part, "live");
})"""


@pytest.fixture
def run(transactional_db: None) -> Run:
    run = run_of(experiment_in(ProjectFactory(), items=4, name="support-qa"), status=RunStatus.RUNNING, ok_count=2)
    result_of(run, 0)
    result_of(run, 1, value=0.0)
    LaneFactory(kind="host")
    return run


@pytest.fixture
def at(live_site: str, page: Page, run: Run) -> Any:
    """Opens an address of ours in a browser that is signed in."""
    user = MembershipFactory(project=run.experiment.project, role=Role.EDITOR).user
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])

    def open_page(route: str, *args: object, query: str = "") -> Page:
        page.goto(f"{live_site}{reverse(route, args=args)}{query}")
        return page

    return open_page


def test_board_updates_without_being_loaded_again(at: Any, run: Run) -> None:
    page = at("experiments:experiment-board", run.experiment.uid)
    expect(page.locator("#live-state")).to_have_text("live")

    WorkUnit.objects.filter(run=run).update(ok_count=3)

    expect(page.locator("#experiment-progress")).to_contain_text("3/4")
    expect(page).to_have_title("(75 %) support-qa · Evalsite")


def test_board_stops_listening_when_all_has_ended(at: Any, run: Run) -> None:
    page = at("experiments:experiment-board", run.experiment.uid)
    expect(page.locator("#live-state")).to_have_text("live")

    Run.objects.get(pk=run.pk).complete()

    expect(page.locator("#live-state")).to_be_hidden()
    expect(page.locator("#experiment-status")).to_have_text("completed")


def test_board_shows_the_end_at_once_however_seldom_it_is_ranked_anew(at: Any, page: Page, run: Run) -> None:
    page.add_init_script(SELDOM)
    at("experiments:experiment-board", run.experiment.uid)
    board = page.locator("#experiment-leaderboard")
    expect(board).to_have_attribute("data-live-every", "600000")
    expect(board).to_contain_text("provisional")

    Run.objects.get(pk=run.pk).complete()

    expect(board).not_to_contain_text("provisional")


def test_menu_of_a_row_is_used_by_keyboard(at: Any, run: Run) -> None:
    run.complete()
    page = at("experiments:experiment-board", run.experiment.uid)
    page.locator("[data-menu]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".board__menu .menu__entry").first).to_have_text("Open the run")

    page.keyboard.press("Escape")
    expect(page.locator(".board__menu .menu__panel")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator(f"#row-{run.pk}")).to_contain_text("baseline")


def test_menu_that_was_opened_while_the_part_was_on_its_way_stays(at: Any, run: Run) -> None:
    page = at("experiments:experiment-board", run.experiment.uid)
    page.locator("#experiment-leaderboard details.menu summary").click()

    page.evaluate(SWAPPED, "#experiment-leaderboard")

    assert page.locator("#experiment-leaderboard details.menu[open]").count() == 1


def test_tenth_page_loads_beside_nine_live_tabs(at: Any, page: Page, run: Run) -> None:
    """A browser has six connections to a site: all tabs here count as visible, so nine streams would take them all."""
    tabs = [page, *(page.context.new_page() for _ in range(8))]
    address = at("experiments:experiment-board", run.experiment.uid).url
    _ = [tab.goto(address) for tab in tabs[1:]]
    _ = [expect(tab.locator("#live-state")).to_have_text(re.compile("live|polling")) for tab in tabs]
    states = sorted(tab.inner_text("#live-state") for tab in tabs)

    tenth = page.context.new_page()
    tenth.goto(address)

    assert states == ["live"] * 4 + ["polling"] * 5
    expect(tenth.locator("#experiment-progress")).to_contain_text("2/4")


def test_drawer_opens_and_escape_closes_it(at: Any, run: Run) -> None:
    page = at("runs:run-detail", run.uid)

    page.click("#result-link-0")
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer")).to_contain_text("Pari")
    opened = page.url
    page.keyboard.press("Escape")

    expect(page.locator("#drawer")).to_be_hidden()
    assert opened.endswith("?result=0")
    page.wait_for_url("**/runs/*/")


def test_drawer_moves_on_with_j_and_closes_with_back(at: Any, run: Run) -> None:
    page = at("runs:run-detail", run.uid)

    page.click("#result-link-0")
    expect(page.locator("#drawer-heading")).to_have_text("item-0")
    expect(page.locator("#drawer")).to_be_visible()
    expect(page).to_have_url(re.compile(r"result=0$"))
    page.keyboard.press("j")
    expect(page.locator("#drawer-heading")).to_have_text("item-1")
    expect(page).to_have_url(re.compile(r"result=1$"))
    page.go_back()

    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator("#run-results")).to_be_visible()


def test_drawer_is_open_on_a_page_opened_by_its_link(at: Any, run: Run) -> None:
    page = at("runs:run-detail", run.uid, query="?result=1")

    expect(page.locator("#drawer-heading")).to_have_text("item-1")
    page.click("#drawer [data-close]")
    expect(page.locator("#drawer")).to_be_hidden()


def test_result_is_a_page_on_a_phone(at: Any, run: Run, page: Page) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    at("runs:run-detail", run.uid)

    page.click("#result-link-0")

    page.wait_for_url("**/results/0/")


@pytest.mark.parametrize(
    "route",
    ["home", "experiments:experiment-list", "runs:run-list", "experiments:provider-list", "experiments:provider-new"],
)
def test_page_is_as_wide_as_a_phone(at: Any, page: Page, route: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    at(route)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("name", ["experiments:experiment-board", "experiments:experiment-runs"])
def test_experiment_is_as_wide_as_a_phone(at: Any, page: Page, run: Run, name: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    at(name, run.experiment.uid)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_run_is_as_wide_as_a_phone(at: Any, page: Page, run: Run) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    at("runs:run-detail", run.uid)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize(
    "route", ["experiments:experiment-board", "experiments:experiment-settings", "runs:run-detail"]
)
def test_page_with_long_names_is_as_wide_as_a_phone(at: Any, page: Page, run: Run, route: str) -> None:
    experiment = run.experiment
    experiment.candidates.update(name="c" * 196)
    experiment.scorers.update(name="s" * 96)
    Project.objects.update(name="p" * 96)
    Dataset.objects.update(name="d" * 96)
    Experiment.objects.update(name="e" * 196)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]

    at(route, run.uid if route.startswith("runs:") else experiment.uid)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_row_of_the_board_unfolds_the_rest_on_a_phone(at: Any, page: Page, run: Run) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    at("experiments:experiment-board", run.experiment.uid)
    button = page.get_by_role("button", name="More of this row")

    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".table__rest")).to_contain_text("p95")
    WorkUnit.objects.filter(run=run).update(ok_count=3)
    expect(page.locator("#experiment-progress")).to_contain_text("3/4")
    expect(page.locator(".table__rest")).to_have_count(1)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    button.click()
    expect(page.locator(".table__rest")).to_have_count(0)
