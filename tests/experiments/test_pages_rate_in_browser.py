"""Rating in a real browser: by keys alone, and with a thumb."""

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.models import Experiment, Role
from scoring.models import Score
from tests.boards import experiment_in, result_of, run_of
from tests.factories import MembershipFactory, ProjectFactory, ScorerRevisionFactory, ScorerSpecFactory

pytestmark = pytest.mark.browser
TALL_ENOUGH = 44


@pytest.fixture
def experiment(transactional_db: None) -> Experiment:
    made = experiment_in(ProjectFactory(), items=3)
    for name in ("helpful", "safe"):
        scorer = ScorerSpecFactory(experiment=made, name=name, kind="person", range_low=1, range_high=5)
        ScorerRevisionFactory(scorer=scorer, options={"scale": [1.0, 5.0]})
    run = run_of(made, ok_count=3)
    _ = [result_of(run, ordinal) for ordinal in range(3)]
    return made


@pytest.fixture
def rate_page(live_site: str, page: Page, experiment: Experiment) -> Page:
    """The page, opened by somebody who may rate."""
    client = Client()
    client.force_login(MembershipFactory(project=experiment.project, role=Role.VIEWER).user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])
    page.goto(f"{live_site}{reverse('experiments:experiment-rate', args=[experiment.uid])}?order=item")
    return page


def test_rating_by_keys_alone(rate_page: Page) -> None:
    rate_page.keyboard.press("4")
    rate_page.keyboard.press("2")
    rate_page.keyboard.press("ArrowRight")
    rate_page.keyboard.press("Control+Enter")
    expect(rate_page.locator("#rate-count")).to_contain_text("1 of 3")

    assert dict(Score.objects.by_people().values_list("scorer__name", "value")) == {"helpful": 4, "safe": 3}
    rate_page.keyboard.press("s")
    expect(rate_page.locator("#rate-count")).to_contain_text("1 skipped")
    rate_page.keyboard.press("u")
    expect(rate_page.locator("#rate-count")).not_to_contain_text("skipped")
    rate_page.keyboard.press("u")
    expect(rate_page.locator("#rate-count")).to_contain_text("0 of 3")
    expect(rate_page.locator("input[name=value-helpful][value='4']")).to_be_checked()


def test_digit_in_the_comment_is_text(rate_page: Page) -> None:
    rate_page.click("summary:has-text('Comment')")
    rate_page.fill("textarea", "")
    rate_page.type("textarea", "4s")

    expect(rate_page.locator("textarea")).to_have_value("4s")
    assert rate_page.locator("input:checked").count() == 0


def test_value_that_is_missing_is_asked_for_in_place(rate_page: Page, console_errors: list[str]) -> None:
    rate_page.keyboard.press("3")
    rate_page.keyboard.press("Control+Enter")

    expect(rate_page.locator(".rate__form")).to_contain_text("choose a value for safe")
    expect(rate_page.locator("input[name=value-helpful][value='3']")).to_be_checked()
    expect(rate_page.locator("input[name=value-safe]").first).to_be_focused()
    console_errors.clear()  # the answer 422


def test_rating_with_a_thumb(rate_page: Page) -> None:
    rate_page.set_viewport_size({"width": 390, "height": 844})

    boxes = [
        box for one in rate_page.locator(".rate__choice, .rate__actions button").all() if (box := one.bounding_box())
    ]

    assert len(boxes) == 12
    assert min(min(box["height"], box["width"]) for box in boxes) >= TALL_ENOUGH
    assert rate_page.evaluate("document.documentElement.scrollWidth") == 390
    rate_page.locator(".rate__choice").nth(2).click()
    rate_page.get_by_role("link", name="Markdown").click()
    expect(rate_page.locator(".rate__answer .markdown")).to_be_visible()
    rate_page.locator(".rate__choice").nth(7).click()
    rate_page.click("[data-rate-save]")
    expect(rate_page.locator("#rate-count")).to_contain_text("1 of 3")
    expect(rate_page.locator(".rate__answer .markdown")).to_be_in_viewport()


def test_what_was_typed_when_the_session_had_ended_is_kept(rate_page: Page, console_errors: list[str]) -> None:
    person = get_user_model().objects.get()
    person.set_password("staple seventeen words")
    person.save()
    rate_page.keyboard.press("4")
    rate_page.keyboard.press("2")
    rate_page.click("summary:has-text('Comment')")
    rate_page.fill("textarea", "my long thought")
    Session.objects.all().delete()

    rate_page.keyboard.press("Control+Enter")
    rate_page.wait_for_url("**/sign-in/**")
    expect(rate_page.locator("[data-typed-kept]")).to_be_visible()
    rate_page.fill("input[name=username]", person.username)
    rate_page.fill("input[name=password]", "staple seventeen words")
    rate_page.click("button[type=submit]")

    expect(rate_page.locator("textarea")).to_have_value("my long thought")
    expect(rate_page.locator("input[name=value-helpful][value='4']")).to_be_checked()
    expect(rate_page.locator("#messages")).to_contain_text("not saved yet")
    rate_page.keyboard.press("Control+Enter")
    expect(rate_page.locator("#rate-count")).to_contain_text("1 of 3")
    assert Score.objects.by_people().count() == 2
    console_errors.clear()  # the answer 401


def test_rating_while_the_network_is_cut_keeps_what_was_typed_and_says_so_until_it_is_back(
    rate_page: Page, console_errors: list[str]
) -> None:
    rate_page.keyboard.press("4")
    rate_page.keyboard.press("2")
    rate_page.click("summary:has-text('Comment')")
    rate_page.fill("textarea[name=comment]", "typed offline")

    rate_page.context.set_offline(True)
    rate_page.click("[data-rate-save]")

    expect(rate_page.locator("#messages")).to_contain_text("did not answer")
    expect(rate_page.locator("input[name=value-helpful][value='4']")).to_be_checked()
    expect(rate_page.locator("textarea[name=comment]")).to_have_value("typed offline")
    rate_page.context.set_offline(False)
    rate_page.click("[data-rate-save]")
    expect(rate_page.locator("#rate-count")).to_contain_text("1 of 3")
    expect(rate_page.locator("#messages")).to_be_empty()
    assert any("ERR_INTERNET_DISCONNECTED" in complaint for complaint in console_errors)
    console_errors.clear()
