"""Journeys with the keyboard alone in a real browser: each step is reached by Tab and seen where it has the focus."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from experiments.actions.imports import run_import
from experiments.models import AccessToken, DataImport, Experiment, Invitation, Item, Project, Prompt
from runs.models import Run
from tests.boards import run_of as board_run_of
from tests.browsing import choose, press, sign_in, type_into
from tests.factories import ProviderFactory, ScorerSpecFactory
from tests.runs.planned import sums
from tests.scoring.compared import scored_run

pytestmark = pytest.mark.browser
IS_ON_TOP = """link => {
  const { left, top, height } = link.getBoundingClientRect();
  return link.contains(document.elementFromPoint(left + 4, top + height / 2));
}"""
LINE = "getComputedStyle(document.body, '::before')"
MOVING = """[...document.querySelectorAll("*")].filter((element) => {
  const { animationName, transitionDuration } = getComputedStyle(element);
  return animationName !== "none" || transitionDuration !== "0s";
}).map((element) => element.outerHTML.slice(0, 80))"""


@pytest.fixture
def experiment(transactional_db: None) -> Experiment:
    """An experiment with two scorers, whose two candidates answered."""
    experiment = sums(4, name="sums")
    scored_run(experiment, "1010")
    scored_run(experiment, "1110")
    ScorerSpecFactory(experiment=experiment, name="shape", weight=0)
    return experiment


@pytest.fixture
def project(experiment: Experiment) -> Project:
    """The project of the experiment."""
    return experiment.project


@pytest.fixture
def site(live_site: str, page: Page, project: Project, owner: Any) -> str:
    """The address of the site, for a browser in which an owner is signed in."""
    sign_in(page, live_site, owner)
    return live_site


def test_weights_are_tried_and_saved_and_a_baseline_is_set(site: str, page: Page, experiment: Experiment) -> None:
    first = experiment.candidates.earliest("pk")
    page.goto(f"{site}{reverse('experiments:experiment-board', args=[experiment.uid])}")

    press(page, page.locator(".weights summary"))
    type_into(page, page.get_by_role("spinbutton", name="correct"), "-1")
    expect(page.get_by_role("alert")).to_contain_text("correct")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    expect(page.locator("#leaderboard-heading")).to_contain_text("weights tried, not saved")
    press(page, page.get_by_role("button", name="Save weights"))
    expect(page.locator("#messages")).to_contain_text("Saved: every board ranks by these weights now.")
    press(page, page.get_by_role("row", name=first.name).get_by_label("Actions of this row"))
    press(page, page.get_by_role("button", name="Set as baseline"))
    expect(page.locator("#messages")).to_contain_text(f"{first.name} is the baseline now")

    experiment.refresh_from_db()
    assert experiment.baseline == first
    assert experiment.scorers.get(name="correct").weight == 2


def test_menu_closes_with_escape_and_help_gives_the_focus_back(site: str, page: Page, experiment: Experiment) -> None:
    page.goto(f"{site}{reverse('experiments:experiment-board', args=[experiment.uid])}")
    menu = page.get_by_label("Actions of this row").first

    press(page, menu)
    expect(page.get_by_role("link", name="Open the run")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Open the run")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(menu).to_be_focused()


def test_item_is_written_and_frozen(site: str, page: Page, experiment: Experiment) -> None:
    dataset = experiment.dataset_version.dataset  # type: ignore[union-attr]
    page.goto(f"{site}{reverse('experiments:dataset-items', args=[dataset.uid])}")

    press(page, page.get_by_role("link", name="Add item"))
    page.wait_for_url("**/items/new/**")
    type_into(page, page.get_by_label("Key", exact=True), "half")
    type_into(page, page.get_by_label("Input", exact=True), "1 / 2 = ?")
    type_into(page, page.get_by_label("Expected optional"), "0.5")
    press(page, page.get_by_role("button", name="Add"))
    expect(page.locator("#messages")).to_be_visible()
    page.goto(f"{site}{reverse('experiments:dataset-items', args=[dataset.uid])}")
    type_into(page, page.locator("#freeze-note"), "one quotient")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("is frozen")

    assert Item.objects.filter(dataset=dataset, key="half").exists()
    assert dataset.versions.get(number=2).note == "one quotient"


def test_prompt_is_written_and_versioned(site: str, page: Page, project: Project) -> None:
    page.goto(f"{site}{reverse('experiments:prompt-new')}")

    type_into(page, page.get_by_label("Name", exact=True), "short")
    type_into(page, page.get_by_label("Text of message 1"), "In one word: {{ input }}")
    press(page, page.get_by_role("button", name="Save"))
    page.wait_for_url("**/prompts/*-*/")
    type_into(page, page.get_by_label("Text of message 1"), "In a word: {{ input }}")
    press(page, page.get_by_role("button", name="Save as version 2"))
    expect(page.locator("#messages")).to_be_visible()

    assert Prompt.objects.get(project=project, name="short").versions.count() == 2


def test_form_with_errors_has_the_focus_on_the_first_and_keeps_what_was_typed(
    site: str, page: Page, console_errors: list[str]
) -> None:
    page.goto(f"{site}{reverse('experiments:provider-new')}")

    type_into(page, page.get_by_label("Name", exact=True), "local")
    price = page.get_by_role("group", name="Prices").get_by_label("Input, row 1", exact=True)
    type_into(page, price, "cheap")
    press(page, page.get_by_role("button", name="Connect"))
    expect(page.get_by_label("Base URL")).to_be_focused()

    assert page.get_by_label("Name", exact=True).input_value() == "local"
    assert price.input_value() == "cheap"
    console_errors.clear()  # the browser notes the answer 422


def test_experiment_is_deleted_once_its_name_is_typed(
    site: str, page: Page, experiment: Experiment, console_errors: list[str]
) -> None:
    board_run_of(experiment, ok_count=4)
    page.goto(f"{site}{reverse('experiments:experiment-settings', args=[experiment.uid])}")
    name, button = page.locator("#typed-name"), page.get_by_role("button", name="Delete the experiment")

    type_into(page, name, "sum")
    press(page, button)
    expect(page.locator("#delete-problem")).to_contain_text("Nothing is deleted")
    expect(name).to_be_focused()
    page.keyboard.type("s")
    press(page, button)
    page.wait_for_url("**/experiments/")

    expect(page.locator("#messages")).to_contain_text("sums is deleted.")
    assert not Experiment.objects.exists()
    console_errors.clear()  # the browser notes the answer 422


def test_file_is_imported(site: str, page: Page, project: Project, tmp_path: Path, console_errors: list[str]) -> None:
    file = tmp_path / "capitals.csv"
    file.write_text("question,answer,note\nFrance?,Paris,easy\nPeru?,Lima,hard\n")
    page.goto(f"{site}{reverse('experiments:dataset-import-new')}")

    type_into(page, page.get_by_label("Dataset"), "capitals")
    with page.expect_file_chooser() as chooser:
        press(page, page.get_by_label("File", exact=True))
    chooser.value.set_files(file)
    press(page, page.get_by_role("button", name="Continue"))
    page.wait_for_url("**/imports/*/")
    with page.expect_response("**/preview/"):
        choose(page, page.get_by_role("combobox", name="note"), "tags")
    expect(page.locator("#import-preview").get_by_text("hard")).to_be_visible()
    ended = [error for error in console_errors if "htmx:afterRequest" not in error and "htmx:sendAbort" not in error]
    console_errors[:] = ended  # each step through the list ends the preview that was asked for before
    type_into(page, page.get_by_label("Note optional"), "by hand")
    press(page, page.get_by_role("button", name="Import"))
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    run_import(DataImport.objects.get())
    expect(page.locator("#main")).to_contain_text("2 added")

    version = project.datasets.get(name="capitals").versions.get()
    assert (version.note, [item.tag_list for item in version.items]) == ("by hand", [("easy",), ("hard",)])


def test_run_is_paused_and_resumed(site: str, page: Page, experiment: Experiment) -> None:
    run = board_run_of(experiment, status="running", score=None)
    page.goto(f"{site}{reverse('runs:run-detail', args=[run.uid])}")

    press(page, page.get_by_role("button", name="Pause"))
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    run.refresh_from_db()
    paused = run.status
    press(page, page.get_by_role("button", name="Resume"))
    expect(page.get_by_role("button", name="Pause")).to_be_visible()

    run.refresh_from_db()
    assert (paused, run.status in ("pending", "running")) == ("paused", True)


def test_project_is_deleted_once_its_runs_have_ended_and_its_name_is_typed(
    site: str, page: Page, experiment: Experiment, console_errors: list[str]
) -> None:
    project, run = experiment.project, board_run_of(experiment, status="running", score=None)
    page.goto(f"{site}{reverse('experiments:project-settings', args=[project.uid])}")
    name, button = page.locator("#typed-name"), page.get_by_role("button", name="Delete the project")

    expect(page.get_by_text("For good, with 1 experiment, 3 runs")).to_contain_text("1 dataset of 4 items")
    expect(page.get_by_text("Not now: something of it goes on.")).to_be_visible()
    expect(button).to_be_disabled()
    Run.objects.filter(pk=run.pk).update(status="completed", completed_at=timezone.now())
    page.reload()
    type_into(page, name, project.name[:-1])
    press(page, button)
    expect(page.locator("#delete-problem")).to_contain_text(f'type the name of the project, "{project.name}"')
    expect(name).to_be_focused()
    page.keyboard.type(project.name[-1])
    press(page, button)
    page.wait_for_url("**/projects/")

    expect(page.locator("#messages")).to_contain_text(f"{project.name} is deleted.")
    assert not Project.objects.filter(pk=project.pk).exists()
    console_errors.clear()  # the browser notes the answers 422


def test_member_is_invited_and_a_token_is_made(site: str, page: Page, project: Project) -> None:
    page.goto(f"{site}{reverse('experiments:member-list', args=[project.uid])}")
    press(page, page.get_by_role("button", name="Make a link"))
    expect(page.locator("main")).to_contain_text("It works once")

    page.goto(f"{site}{reverse('experiments:token-list')}")
    type_into(page, page.get_by_label("Name", exact=True), "nightly job")
    press(page, page.get_by_role("button", name="Make the token"))
    expect(page.locator("main")).to_contain_text("Copy it now")

    assert [Invitation.objects.count(), AccessToken.objects.count()] == [1, 1]


def test_row_that_has_the_focus_stands_below_the_head_of_its_table(
    site: str, page: Page, experiment: Experiment
) -> None:
    page.set_viewport_size({"width": 1280, "height": 260})
    page.goto(f"{site}{reverse('experiments:dataset-items', args=[experiment.dataset_version.dataset.uid])}")  # type: ignore[union-attr]
    links = page.locator("[data-row-link]")

    [page.keyboard.press("j") for _ in range(4)]
    [page.keyboard.press("k") for _ in range(3)]

    expect(links.first).to_be_focused()
    assert links.first.evaluate(IS_ON_TOP)


def test_nothing_moves_where_less_motion_is_asked_for(site: str, page: Page, experiment: Experiment) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{site}{reverse('experiments:experiment-outputs', args=[experiment.uid])}")

    page.locator("[data-row-link]").first.press("Enter")
    expect(page.locator("#drawer")).to_be_visible()

    assert page.evaluate(MOVING) == []


def test_drawer_is_left_by_its_button_and_gives_the_focus_back(site: str, page: Page, experiment: Experiment) -> None:
    page.goto(f"{site}{reverse('experiments:experiment-outputs', args=[experiment.uid])}")
    row = page.locator("[data-row-link]").first

    press(page, row)
    expect(page.locator("#drawer")).to_be_visible()
    press(page, page.locator("#drawer [data-close]"))

    expect(page.locator("#drawer")).to_be_hidden()
    expect(row).to_be_focused()


def first_held(page: Page, held: list[Route]) -> Route:
    """Return the request that is held as soon as it is known here: the page may show earlier that it goes on."""
    for _ in range(500):
        if held:
            break
        page.wait_for_timeout(20)
    return held[0]


def test_slow_answer_is_announced_by_the_button_and_by_a_line(site: str, page: Page, experiment: Experiment) -> None:
    held: list[Route] = []
    page.goto(f"{site}{reverse('experiments:experiment-outputs', args=[experiment.uid])}")
    page.route("**/results/**", lambda route: held.append(route))

    page.locator("[data-row-link]").first.press("Enter")
    page.wait_for_function(f"{LINE}.backgroundColor !== 'rgba(0, 0, 0, 0)'")
    first_held(page, held).continue_()
    expect(page.locator("#drawer")).to_be_visible()

    assert page.evaluate(f"{LINE}.content") == "none"


def test_button_shows_that_its_call_goes_on_and_is_pressed_once(site: str, page: Page, project: Project) -> None:
    held: list[Route] = []
    page.goto(f"{site}{reverse('experiments:provider-detail', args=[ProviderFactory(project=project).uid])}")
    button = page.locator("form:has(#test-model) button")
    page.route("**/test/", lambda route: held.append(route))

    button.press("Enter")
    expect(button).to_be_disabled()
    expect(button).to_have_text("Calling …")
    first_held(page, held).fulfill(body='<div id="provider-test">pong</div>')

    expect(page.locator("#provider-test")).to_have_text("pong")
    expect(button).to_be_enabled()


def test_pages_are_read_and_left_without_scripts(
    live_site: str, browser: Browser, owner: Any, experiment: Experiment
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, live_site, owner)
        page.goto(f"{live_site}{reverse('experiments:experiment-board', args=[experiment.uid])}")
        page.locator("#experiment-leaderboard [data-row-link]").first.click()
        page.locator("#run-results [data-row-link]").first.click()

        expect(page.get_by_role("heading", level=1)).to_have_text("sum-0")
        expect(page.locator("main")).to_contain_text("0 + 0 = ?")
