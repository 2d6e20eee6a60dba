"""A board with a hundred candidates and many scorers: its live answers are light, whatever changes."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Project
from experiments.pages.board_charts import MOST
from runs.live.progress import Totals, totals_of
from runs.models import Run, WorkUnit
from scoring.models import RunStanding
from tests.boards import wide_board

pytestmark = pytest.mark.django_db

LIMIT = 20_000
PARTS = ["experiment-progress", "experiment-leaderboard", "experiment-charts"]


@pytest.fixture
def runs(project: Project) -> list[Run]:
    return wide_board(project)


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def shown(page: str) -> str:
    """Return what a page names as shown: the digests of its pieces."""
    return " ".join(re.findall(r'data-digest="([^"]+)"', page))


def board(as_editor: Client, run: Run) -> str:
    """Return the page."""
    return str(as_editor.get(reverse("experiments:experiment-board", args=[run.experiment.uid])).content.decode())


def part_of(as_editor: Client, run: Run, part: str, known: str = "", start: str = "") -> Any:
    """Return the answer to a page that shows what it names."""
    names = {"HX-Request": "true", "Live-Shown": known, "Live-From": start}
    return as_editor.get(reverse(f"experiments:{part}", args=[run.experiment.uid]), headers=names)


def go_on(run: Run) -> None:
    """Let a run have one more result, and a score of its own."""
    WorkUnit.objects.filter(run=run).update(ok_count=2)
    totals = totals_of(run).as_json()
    RunStanding.objects.filter(run=run).update(value=0.45, low=0.42, high=0.48, totals=totals)


@pytest.mark.parametrize("part", PARTS)
def test_live_answer_is_empty_when_nothing_changed(as_editor: Client, runs: list[Run], part: str) -> None:
    known = shown(part_of(as_editor, runs[0], part).content.decode() + board(as_editor, runs[0]))

    answer = part_of(as_editor, runs[0], part, known)

    assert (answer.status_code, answer.content) == (204, b"")


def test_leaderboard_is_sent_the_row_that_changed_only(as_editor: Client, runs: list[Run]) -> None:
    known = shown(board(as_editor, runs[0]))
    go_on(runs[50])

    answer = part_of(as_editor, runs[0], "experiment-leaderboard", known)
    page = answer.content.decode()

    assert len(answer.content) < LIMIT
    assert page.count("data-row-link") == 1
    assert f'id="row-link-{runs[50].pk}"' in page
    assert page.count("hx-preserve></tr>") == 99
    assert page.index(f'id="row-{runs[49].pk}"') < page.index(f'id="row-{runs[50].pk}"')
    assert "data-live-more" not in page


def test_progress_is_sent_the_bar_that_changed_only(as_editor: Client, runs: list[Run]) -> None:
    known = shown(board(as_editor, runs[0]))
    go_on(runs[50])

    page = part_of(as_editor, runs[0], "experiment-progress", known).content.decode()

    assert len(page.encode()) < LIMIT
    assert page.count('class="progress"') == 1
    assert page.count("hx-preserve></li>") == 99


@pytest.mark.parametrize("part", PARTS)
def test_answer_about_everything_comes_in_light_pieces(as_editor: Client, project: Project, part: str) -> None:
    runs = wide_board(project, candidates=30)
    sizes, known, start = [], "", ""
    for _ in range(len(runs)):
        answer = part_of(as_editor, runs[0], part, known, start)
        page = answer.content.decode()
        sizes.append(len(answer.content))
        known, start = f"{known} {shown(page)}", (re.findall(r'data-live-more="([^"]*)"', page) or [""])[0]
        if not start:
            break

    assert max(sizes) < LIMIT
    assert part_of(as_editor, runs[0], part, known).status_code == 204


def test_charts_show_the_best(as_editor: Client, runs: list[Run]) -> None:
    totals = Totals(results=2, cost_usd=Decimal("0.5"), p50_ms=300, p95_ms=800).as_json()
    RunStanding.objects.update(totals=totals)

    page = part_of(as_editor, runs[0], "experiment-charts").content.decode()

    assert page.count("chart__mark--") == 2 * MOST
    assert f"Charts of the {MOST} best" in page


def test_row_that_lacks_many_scorers_says_how_many(as_editor: Client, runs: list[Run]) -> None:
    names = [f"scorer-{number}" for number in range(30)]
    RunStanding.objects.filter(run=runs[0]).update(missing=names, partial={name: [1, 2] for name in names[:2]})

    page = board(as_editor, runs[0])

    assert "missing: 30 scorers" in page
    assert "partial: scorer-0 1 of 2, scorer-1 1 of 2" in page
