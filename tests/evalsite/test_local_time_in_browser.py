"""Times on pages are those of the reader's clock, also in what is swapped in later."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.models import Role
from runs.models import Run
from tests.boards import experiment_in, run_of
from tests.factories import MembershipFactory, ProjectFactory

STARTED = datetime(2020, 2, 28, 20, 30, 5, tzinfo=UTC)
HERE, TITLE = "29 Feb 2020 05:30", "2020-02-29 05:30:05 here, 2020-02-28 20:30:05 UTC"

pytestmark = [pytest.mark.browser, pytest.mark.browser_context_args(timezone_id="Asia/Tokyo")]


@pytest.fixture
def home(live_site: str, page: Page) -> Page:
    """Home of a member of a project with one run, in a browser in Tokyo."""
    run = run_of(experiment_in(ProjectFactory(), items=1))
    Run.objects.update(started_at=STARTED)
    client = Client()
    client.force_login(MembershipFactory(project=run.experiment.project, role=Role.VIEWER).user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])
    page.goto(f"{live_site}{reverse('home')}")
    return page


def test_time_is_that_of_the_readers_clock_with_both_in_its_title(home: Page) -> None:
    started = home.locator("main time")

    expect(started).to_have_text(HERE)
    expect(started).to_have_attribute("title", TITLE)


def test_time_that_is_swapped_in_is_that_of_the_readers_clock(home: Page) -> None:
    home.evaluate("() => htmx.ajax('GET', '/home/now/', {target: '#home-now', swap: 'outerHTML'})")

    expect(home.locator("main time:not([data-local])")).to_have_text(HERE)
    expect(home.locator("main time")).to_have_count(1)
