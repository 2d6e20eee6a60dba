"""Experiments changed in a real browser: a candidate added by the keyboard alone."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from experiments.models import Candidate, Experiment, ExperimentDraft, Role
from runs.models import Run
from tests.boards import experiment_in
from tests.factories import CandidateFactory, MembershipFactory, ProjectFactory, ProviderFactory
from tests.scoring.proposed import answered

pytestmark = pytest.mark.browser


@pytest.fixture
def candidate(transactional_db: None) -> Candidate:
    """A candidate of an experiment over four items."""
    experiment = experiment_in(ProjectFactory(), items=4, name="support-qa")
    provider = ProviderFactory(project=experiment.project)
    return CandidateFactory(experiment=experiment, provider=provider, name="small")


def sign_in(page: Page, live_site: str, experiment: Experiment) -> None:
    """Let the browser be that of an editor of the experiment's project."""
    client = Client()
    client.force_login(MembershipFactory(project=experiment.project, role=Role.EDITOR).user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_site}])


def test_candidate_is_added_with_the_keyboard_alone(live_site: str, page: Page, candidate: Candidate) -> None:
    sign_in(page, live_site, candidate.experiment)
    page.goto(f"{live_site}{reverse('experiments:experiment-board', args=[candidate.experiment.uid])}")

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


def test_scorer_is_tried_and_kept_after_its_flips_were_seen(live_site: str, page: Page, transactional_db: None) -> None:
    experiment = answered(2)
    sign_in(page, live_site, experiment)
    page.goto(f"{live_site}{reverse('experiments:experiment-settings', args=[experiment.uid])}")

    page.get_by_role("link", name="correct", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Extract").fill(r"A: (\w+)")
    page.get_by_label("Item", exact=True).fill("sum-1")
    page.get_by_label("Answer").fill("A: 2")
    page.get_by_role("button", name="Try").press("Enter")
    expect(page.locator("#scorer-try")).to_contain_text("✓")
    page.get_by_label("Kind", exact=True).select_option("regex")
    page.get_by_role("button", name="Choose").press("Enter")
    page.get_by_label("Pattern").fill("Paris")
    page.get_by_role("button", name="See what flips").press("Enter")
    expect(page.locator("#scorer-proposal")).to_contain_text("2 of 2 verdicts flip: 2 to a better value")
    page.get_by_role("button", name="Keep it").press("Enter")

    page.wait_for_url("**/board/")
    expect(page.locator("#messages")).to_contain_text("Kept: correct")
    expect(page.locator("#experiment-leaderboard tbody")).to_contain_text("100.0")


def test_draft_is_saved_while_it_is_written_and_a_second_window_overwrites_nothing(
    live_site: str, page: Page, candidate: Candidate, console_errors: list[str]
) -> None:
    sign_in(page, live_site, candidate.experiment)
    page.goto(f"{live_site}{reverse('experiments:experiment-new')}")
    page.get_by_role("button", name="Begin").press("Enter")
    page.wait_for_url("**/experiment-drafts/**")
    second = page.context.new_page()
    second.goto(page.url)

    page.get_by_label("Name", exact=True).first.fill("mine")
    page.get_by_label("Or rows, pasted").fill("question,expected\nCapital of Peru?,Lima")
    page.get_by_label("Text of message 1").fill("In one word: {{ question }}")
    expect(page.locator("#prompt-preview")).to_contain_text("In one word: Capital of Peru?")
    second.get_by_label("Name", exact=True).first.fill("theirs")

    expect(second.locator("#draft-state")).to_contain_text("yours is still here")
    assert second.get_by_label("Name", exact=True).first.input_value() == "theirs"
    assert ExperimentDraft.objects.get().fields["name"] == "mine"
    second.close()
    console_errors.clear()  # the browser notes the answer 412


def test_draft_is_started_with_the_keyboard_alone(live_site: str, page: Page, candidate: Candidate) -> None:
    sign_in(page, live_site, candidate.experiment)
    page.goto(f"{live_site}{reverse('experiments:experiment-list')}")
    page.get_by_role("link", name="New experiment").press("Enter")
    page.get_by_role("button", name="Begin").press("Enter")
    page.wait_for_url("**/experiment-drafts/**")

    page.locator("#draft-name").press_sequentially("capitals")
    page.locator("#draft-rows").fill("question,expected\nCapital of Peru?,Lima")
    page.locator("#message-content-1").fill("In one word: {{ question }}")
    page.locator("#candidate-model-1").press_sequentially("small")
    page.locator("#scorer-name-1").press_sequentially("correct")
    expect(page.locator("#draft-state")).to_contain_text("1 item × 1 trial × 1 candidate: 1 call at most")
    page.get_by_role("button", name="Start", exact=True).press("Enter")

    page.wait_for_url("**/board/")
    assert [run.experiment.name for run in Run.objects.all()] == ["capitals"]


def test_draft_that_was_sent_is_not_saved_by_itself_after_it(live_site: str, page: Page, candidate: Candidate) -> None:
    sign_in(page, live_site, candidate.experiment)
    page.goto(f"{live_site}{reverse('experiments:experiment-new')}")
    page.get_by_role("button", name="Begin").press("Enter")
    page.wait_for_url("**/experiment-drafts/**")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url.rsplit("/", 2)[1]) if one.method == "POST" else None)
    page.route("**/start/", lambda route: route.abort("aborted"))
    page.clock.install()

    page.locator("#draft-name").fill("capitals")
    page.get_by_role("button", name="Start", exact=True).press("Enter")
    page.clock.fast_forward(2000)

    assert asked == ["start"]
