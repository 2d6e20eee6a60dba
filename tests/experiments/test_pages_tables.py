"""Tables: columns and density that a person chose, the order that the address names; without JavaScript."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments.models import Density, Experiment, Project, TableView
from tests.boards import experiment_in, result_of, run_of
from tests.factories import ExperimentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: Any) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def experiment(project: Project) -> Experiment:
    """An experiment with two runs on its board, the one with fewer errors scored worse."""
    made = experiment_in(project, name="support-qa")
    result_of(run_of(made, score=0.5, ok_count=2))
    run_of(made, score=0.9, ok_count=1, provider_error_count=1)
    return made


def shown(client: Client, address: str) -> str:
    """Return the body of a page."""
    return str(client.get(address).content.decode())


def heads(page: str) -> list[str]:
    """Return the words in the heads of the first table."""
    row = re.search(r"<thead>.*?</thead>", page, re.DOTALL)
    assert row is not None
    words = [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<th\b.*?</th>", row[0], re.DOTALL)]
    return [one for one in words if one]


def test_columns_and_density_are_remembered_per_person(browser: Client, editor: Any, project: Project) -> None:
    ExperimentFactory(project=project)
    chosen = {"every": ["status", "spend", "by"], "column": ["status"], "density": "compact"}

    answer = browser.post(reverse("experiments:table-view", args=["experiments"]), chosen, HTTP_REFERER="/experiments/")
    mine = shown(browser, "/experiments/")
    browser.force_login(editor)
    theirs = shown(browser, "/experiments/")

    assert answer["Location"] == "/experiments/"
    assert heads(mine) == ["Name", "Status", "Dataset", "Candidates", "Best score, of 100", "Started"]
    assert 'data-density="compact"' in mine
    assert {"Spend", "By"} < set(heads(theirs))
    assert TableView.objects.get().density == Density.COMPACT


def test_address_goes_before_what_is_remembered(browser: Client, viewer: Any, project: Project) -> None:
    ExperimentFactory(project=project)
    TableView.of(viewer, "experiments").remember(hidden=["status"], density="compact")

    page = shown(browser, "/experiments/?columns=status,nonsense&density=comfortable")

    assert heads(page) == ["Name", "Status"]
    assert 'data-density="comfortable"' in page


def test_experiments_are_sorted_by_name_and_back(browser: Client, project: Project) -> None:
    _ = [ExperimentFactory(project=project, name=name) for name in ("b", "a", "c")]

    page = browser.get("/experiments/?ordering=name")
    down = browser.get("/experiments/?ordering=-name")

    assert [row.experiment.name for row in page.context["page"].rows] == ["a", "b", "c"]
    assert [row.experiment.name for row in down.context["page"].rows] == ["c", "b", "a"]
    assert 'aria-sort="ascending"' in page.content.decode()
    assert 'href="?ordering=-name"' in page.content.decode()


def test_runs_are_sorted_by_score(browser: Client, experiment: Experiment) -> None:
    page = browser.get("/runs/?ordering=score")

    assert [line.score for line in page.context["page"].lines] == [0.5, 0.9]
    assert browser.get("/runs/?ordering=nonsense").status_code == 200


def test_board_is_by_rank_or_by_a_column(browser: Client, experiment: Experiment) -> None:
    address = reverse("experiments:experiment-board", args=[experiment.uid])

    ranked, by_errors = browser.get(address), browser.get(f"{address}?ordering=errors")

    assert [row.entry.weighted_score for row in ranked.context["board"].rows] == [0.9, 0.5]
    assert [row.entry.weighted_score for row in by_errors.context["board"].rows] == [0.5, 0.9]
    assert "/board/leaderboard/?ordering=errors" in by_errors.content.decode()
    assert 'aria-sort="ascending"' in by_errors.content.decode()


@pytest.mark.parametrize("address", ["/runs/", "board", "outputs"])
def test_every_table_leaves_out_what_is_hidden(
    browser: Client, viewer: Any, experiment: Experiment, address: str
) -> None:
    url = address if address.startswith("/") else reverse(f"experiments:experiment-{address}", args=[experiment.uid])
    before = shown(browser, url)
    for table in ("runs", "board", "outputs"):
        TableView.of(viewer, table).remember(hidden=["errors", "cost", "text", "p95"], density="compact")

    page = shown(browser, url)

    assert 'data-density="comfortable"' in before
    assert 'data-density="compact"' in page
    assert len(page) < len(before)
    assert not {"Errors", "Cost", "$/1000", "p95"}.intersection(heads(page))


def test_odd_choices_are_passed_over(browser: Client) -> None:
    url = reverse("experiments:table-view", args=["runs"])

    assert browser.post(url, {"every": ["a\0b", "x" * 500], "density": "huge"}).status_code == 302
    assert TableView.objects.values_list("hidden", "density").get() == (["ab"], "comfortable")
    assert browser.post(reverse("experiments:table-view", args=["nonsense"])).status_code == 404
