"""The main pages in a real browser: what axe finds in both themes, at a zoom of 200 %, on paper."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from experiments.models import Experiment, Membership, Role
from tests.accessibility import violations_of
from tests.browsing import sign_in
from tests.factories import ExperimentDraftFactory, UserFactory
from tests.runs.planned import candidate_at, sums
from tests.scoring.compared import scored_run

pytestmark = pytest.mark.browser
ZOOMED = {"width": 640, "height": 400}  # 1280 by 800 at 200 %
WHITE, BLACK = "rgb(255, 255, 255)", "rgb(20, 24, 31)"


@pytest.fixture
def experiment(transactional_db: None) -> Experiment:
    """An experiment with two runs that can be compared, in a project with a draft."""
    experiment = sums(4)
    scored_run(experiment, "1010")
    scored_run(experiment, "1110")
    candidate_at(experiment)
    ExperimentDraftFactory(project=experiment.project)
    return experiment


@pytest.fixture
def addresses(live_site: str, page: Page, experiment: Experiment) -> list[str]:
    """The main pages, for a browser in which an owner with the rights of staff is signed in."""
    staff = UserFactory(is_staff=True, is_superuser=True)
    Membership.objects.create(project=experiment.project, user=staff, role=Role.OWNER)
    sign_in(page, live_site, staff)
    tabs = ("board", "outputs", "compare", "settings")
    return [
        f"{live_site}{path}"
        for path in (
            "/",
            *(reverse(f"experiments:experiment-{tab}", args=[experiment.uid]) for tab in tabs),
            reverse("runs:run-detail", args=[experiment.runs.earliest("pk").uid]),
            reverse("experiments:draft-detail", args=[experiment.project.drafts.get().uid]),
            reverse("experiments:dataset-items", args=[experiment.dataset_version.dataset.uid]),  # type: ignore[union-attr]
            reverse("experiments:provider-new"),
            reverse("experiments:member-list", args=[experiment.project.uid]),
            reverse("admin:experiments_item_changelist"),
        )
    ]


def test_axe_finds_nothing_serious_on_the_main_pages(page: Page, addresses: list[str]) -> None:
    page.emulate_media(reduced_motion="reduce")

    found = {address: violations_of(page) for address in addresses if page.goto(address)}

    assert {address: violations for address, violations in found.items() if violations} == {}


def test_axe_finds_enough_contrast_in_the_dark(page: Page, addresses: list[str]) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")

    found = {address: violations_of(page, "color-contrast") for address in addresses if page.goto(address)}

    assert {address: violations for address, violations in found.items() if violations} == {}


def test_axe_would_find_a_button_without_a_name(page: Page) -> None:
    page.set_content("<html lang='en'><title>x</title><main><h1>x</h1><button></button></main>")

    assert "button-name" in violations_of(page)[0]


def test_pages_scroll_only_down_at_a_zoom_of_200_per_cent(page: Page, addresses: list[str]) -> None:
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]

    ours = [address for address in addresses if "/admin/" not in address]
    widths = {address: page.evaluate("document.documentElement.scrollWidth") for address in ours if page.goto(address)}

    assert {address: width for address, width in widths.items() if width > ZOOMED["width"]} == {}


def test_board_is_black_on_white_and_without_the_sidebar_on_paper(page: Page, addresses: list[str]) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(addresses[1])

    body = page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")

    assert body == [WHITE, BLACK]
    assert not page.locator("#sidebar").is_visible()
    assert page.locator("#experiment-leaderboard table").is_visible()
