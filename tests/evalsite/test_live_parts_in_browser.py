"""Live parts in a real browser: rows that did not change stay, much news comes in several answers."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Response, expect

from experiments.models import Project, Role
from runs.models import Run, WorkUnit
from scoring.models import RunScore, RunStanding
from tests.boards import wide_board
from tests.browsing import sign_in
from tests.factories import LaneFactory, MembershipFactory, ProjectFactory

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
OFTEN = """for (const name of ["DOMContentLoaded", "htmx:afterSwap"]) {
  document.addEventListener(name, () => {
    const board = document.getElementById("experiment-leaderboard");
    if (board) board.dataset.liveEvery = "100";
  });
}"""
MARK = "row => { row.isTheSame = true; }"
IS_SAME = "row => row.isTheSame === true"


@pytest.fixture
def project(transactional_db: None) -> Project:
    LaneFactory(kind="host")
    return ProjectFactory()


@pytest.fixture
def runs(project: Project) -> list[Run]:
    return wide_board(project, candidates=24)


@pytest.fixture
def answers(page: Page) -> list[Response]:
    """The answers about the leaderboard, as they come."""
    found: list[Response] = []
    page.on("response", lambda answer: found.append(answer) if "/board/leaderboard/" in answer.url else None)
    return found


@pytest.fixture
def board(live_site: str, page: Page, runs: list[Run]) -> Any:
    """Opens the board in a browser that is signed in."""
    sign_in(page, live_site, MembershipFactory(project=runs[0].experiment.project, role=Role.EDITOR).user)

    def open_board() -> Page:
        page.add_init_script(OFTEN)
        page.goto(live_site + reverse("experiments:experiment-board", args=[runs[0].experiment.uid]))
        return page

    return open_board


def rise(run: Run) -> None:
    """Let a run have one more result, with which it is the best, on the same axis."""
    RunStanding.objects.filter(run=run).update(value=0.587, low=0.58, high=0.59)
    WorkUnit.objects.filter(run=run).update(ok_count=2)


def test_row_that_did_not_change_stays_where_another_rises(board: Any, runs: list[Run]) -> None:
    page = board()
    expect(page.locator("#live-state")).to_have_text("live")
    kept, risen = page.locator(f"#row-{runs[3].pk}"), page.locator(f"#row-{runs[9].pk}")
    kept.locator("[data-row-link]").focus()
    page.keyboard.press("x")
    page.evaluate("document.activeElement.blur()")
    kept.evaluate(MARK)
    risen.evaluate(MARK)

    rise(runs[9])

    expect(risen).to_contain_text("58.7")
    assert (kept.evaluate(IS_SAME), risen.evaluate(IS_SAME)) == (True, False)
    expect(kept).to_have_attribute("data-chosen", "")
    assert page.locator("#experiment-leaderboard tbody tr").first.get_attribute("id") == f"row-{runs[9].pk}"
    assert page.locator("#experiment-leaderboard tbody tr").count() == len(runs)


def test_much_that_is_new_comes_in_light_answers(board: Any, runs: list[Run], answers: list[Response]) -> None:
    page = board()
    expect(page.locator("#live-state")).to_have_text("live")

    RunScore.objects.update(mean=0.765)
    rise(runs[0])

    expect(page.locator("#experiment-leaderboard tbody").get_by_text("76.5")).to_have_count(30 * len(runs))
    assert len(answers) > 2
    assert max(len(answer.body()) for answer in answers) < 20_000


def test_weights_are_tried_on_a_wide_board_that_has_ended(board: Any, runs: list[Run], answers: list[Response]) -> None:
    _ = [run.complete() for run in runs]
    page = board()
    first, last = (page.locator(f"#row-{run.pk}") for run in (runs[0], runs[-1]))
    before = first.inner_text(), last.inner_text()
    page.get_by_text("Try other weights").click()

    page.locator("input[name='w.scorer-1']").fill("0")

    expect(page.get_by_text("weights tried, not saved")).to_be_visible()
    expect(page.locator("#experiment-leaderboard[data-live-more]")).to_have_count(0)
    assert first.inner_text() != before[0]
    assert last.inner_text() != before[1]
    assert max(len(answer.body()) for answer in answers) < 20_000


def test_row_that_stays_keeps_what_is_unfolded_on_a_phone(board: Any, page: Page, runs: list[Run]) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    board()
    expect(page.locator("#live-state")).to_have_text("live")
    page.locator(f"#row-{runs[3].pk} [data-unfolds]").click()
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)

    rise(runs[9])

    expect(page.locator(f"#row-{runs[9].pk}")).to_contain_text("58.7")
    expect(page.locator(f"#row-{runs[3].pk} + #row-{runs[3].pk}-rest")).to_contain_text("p95")


def test_wide_board_keeps_its_names_in_sight_and_the_bars_their_place(board: Any, runs: list[Run]) -> None:
    page = board()
    expect(page.locator("#live-state")).to_have_text("live")
    page.evaluate("document.getElementById('paces').scrollTo(0, 150)")
    page.evaluate("document.getElementById('leaderboard-scroll').scrollTo(900, 0)")
    name, table = page.locator(f"#row-link-{runs[3].pk}"), page.locator("#leaderboard-scroll")

    rise(runs[9])

    expect(page.locator(f"#row-{runs[9].pk}")).to_contain_text("58.7")
    assert table.evaluate("table => table.scrollLeft") == 900
    assert name.bounding_box()["x"] - table.bounding_box()["x"] < 80  # type: ignore[index]
    assert page.locator("#paces").evaluate("list => list.scrollTop") == 150
    assert page.evaluate("document.documentElement.scrollWidth") == page.evaluate("innerWidth")
