"""The Outputs tab: the grid, its modes and filters, its pages."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments.actions import set_baseline
from experiments.models import Experiment, Item
from runs.models import Result, Run
from scoring.models import Score
from tests.boards import SCRIPT
from tests.people import member_of
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, scored_run
from tests.scoring.standings import run_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over ten sums."""
    return sums(10)


@pytest.fixture
def pair(experiment: Experiment) -> tuple[Run, Run]:
    """A run, and the baseline's."""
    first, second = scored_run(experiment, FIRST), scored_run(experiment, SECOND)
    assert second.candidate is not None
    set_baseline(experiment=experiment, candidate=second.candidate, by=None)
    return first, second


@pytest.fixture
def client(experiment: Experiment) -> Client:
    """A browser of a viewer."""
    client = Client()
    client.force_login(member_of(experiment.project, "viewer"))
    return client


def page(client: Client, experiment: Experiment, query: str = "", name: str = "experiment-outputs") -> str:
    """Return the page of outputs."""
    answer: Any = client.get(reverse(f"experiments:{name}", args=[experiment.uid]) + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_grid_has_a_row_an_item_and_the_baseline_first(
    client: Client, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    first, second = pair

    found = page(client, experiment)

    assert [f'id="item-{position}"' in found for position in (0, 9, 10)] == [True, True, False]
    assert found.index(f'href="/runs/{second.uid}/"') < found.index(f'href="/runs/{first.uid}/"')


def test_modes_show_their_counts(client: Client, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    found = page(client, experiment)

    counts = {"All": 10, "Failures": 5, "Errors": 0, "Different": 3, "Flaky": 0, "Unrated": 10}
    assert [f'{name} <span class="chip__count">{count}<' in found for name, count in counts.items()] == [True] * 6


def test_failures_open_the_candidate_that_failed(client: Client, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    first, second = pair
    assert first.candidate is not None
    set_baseline(experiment=experiment, candidate=first.candidate, by=None)

    opened = [f'data-drawer-result="{run.uid}.1"' for run in (first, second)]

    assert [one in page(client, experiment) for one in opened] == [True, False]
    assert [one in page(client, experiment, "?mode=failures") for one in opened] == [False, True]


def test_mode_leaves_its_items(client: Client, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    found = page(client, experiment, "?mode=different")

    assert [position for position in range(10) if f'id="item-{position}"' in found] == [1, 4, 8]


def test_counts_are_of_what_the_filters_leave(client: Client, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    Item.objects.filter(key__in=["sum-1", "sum-2"]).update(tags="|odd|")

    found = page(client, experiment, "?tag=odd")

    assert 'All <span class="chip__count">2<' in found
    assert 'Different <span class="chip__count">1<' in found


def test_filter_that_nothing_fits_says_so(client: Client, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    assert "No such item" in page(client, experiment, "?text=nowhere")


def test_output_is_escaped_and_cut(client: Client, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    Result.objects.update(preview=(SCRIPT + "x" * 200)[:200])

    found = page(client, experiment)

    assert SCRIPT not in found
    assert "&lt;script&gt;" in found


def test_item_without_a_result_says_so(client: Client, experiment: Experiment) -> None:
    run_of(experiment)

    assert "no result yet" in page(client, experiment)


def test_page_leads_to_the_later_one_and_back(client: Client) -> None:
    experiment = sums(30)
    scored_run(experiment, "1" * 30)
    client.force_login(member_of(experiment.project, "viewer"))

    later = page(client, experiment, "?after=19")

    assert [position for position in range(30) if f'id="item-{position}"' in later] == list(range(20, 30))
    assert "?before=20" in later
    assert "?after=19" in page(client, experiment)
    assert 'rel="next"' not in later


def test_sixth_candidate_is_not_shown_beside_the_others(client: Client, experiment: Experiment) -> None:
    runs = [scored_run(experiment, "1" * 10) for _ in range(6)]
    query = "?" + "&".join(f"run={run.uid}" for run in runs)

    found = page(client, experiment, query)

    assert "At most 5 runs are shown beside each other." in found
    assert found.count('scope="col"') == 6


def test_no_dataset_and_nothing_started_are_told_apart(client: Client, experiment: Experiment) -> None:
    assert "No outputs yet" in page(client, experiment)

    Experiment.objects.filter(pk=experiment.pk).update(dataset_version=None)
    assert "an input of its own" in page(client, experiment)


def test_stranger_finds_nothing(client: Client, experiment: Experiment, stranger: User) -> None:
    client.force_login(stranger)

    answers = [
        client.get(reverse(f"experiments:{name}", args=[experiment.uid]))
        for name in ("experiment-outputs", "outputs-grid")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize(
    "query", ["?mode=odd", "?run=x", "?after=x", "?scorer=%00", "?text=%00%ff", "?result=1", "?tag=|"]
)
def test_odd_query_is_passed_over(client: Client, experiment: Experiment, pair: tuple[Run, Run], query: str) -> None:
    assert 'id="outputs-grid"' in page(client, experiment, query)


def test_largest_fragment_is_below_20_kb(client: Client) -> None:
    experiment = sums(30, trials=3)
    for _ in range(5):
        scored_run(experiment, "10" * 45)
    Result.objects.update(preview="字" * 200)
    Item.objects.update(input="字" * 300)
    client.force_login(member_of(experiment.project, "viewer"))

    found = page(client, experiment, "?figures=1", "outputs-grid")

    assert len(found.encode()) < 20_000


def test_number_of_queries_does_not_depend_on_rows(client: Client) -> None:
    assert _queries(client, sums(1), "1") == _queries(client, sums(20), "1" * 20)


@pytest.mark.parametrize("name", ["experiment-outputs", "experiment-board", "outputs-grid"])
def test_page_of_a_viewer_asks_the_role_once_and_nothing_of_a_plan(
    client: Client, experiment: Experiment, pair: tuple[Run, Run], name: str
) -> None:
    with CaptureQueriesContext(connection) as queries:
        page(client, experiment, name=name)

    asked = [query["sql"] for query in queries]
    assert sum(sql.startswith('SELECT "experiments_membership"') for sql in asked) <= 1
    assert not any(sql.startswith('SELECT "experiments_caselist"') for sql in asked)


def _queries(client: Client, experiment: Experiment, answers: str) -> int:
    scored_run(experiment, answers)
    client.force_login(member_of(experiment.project, "viewer"))
    with CaptureQueriesContext(connection) as queries:
        page(client, experiment)
    return len(queries)


def drawer(client: Client, run: Run, ordinal: int, query: str) -> str:
    """Return the drawer of one result."""
    answer: Any = client.get(
        reverse("runs:result-detail", args=[run.uid, ordinal]) + query, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_drawer_walks_the_list_that_it_was_opened_from(
    client: Client, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    first, _ = pair

    found = drawer(client, first, 4, "?mode=different&list=1.4.8")

    assert f'data-key-previous data-drawer-result="{first.uid}.1"' in found
    assert f'data-key-next data-drawer-result="{first.uid}.8"' in found


def test_drawer_list_stays_when_the_filter_would_leave_other_items(
    client: Client, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    found = drawer(client, pair[0], 4, "?mode=errors&list=2.4.6")

    assert f"{pair[0].uid}.2" in found
    assert f"{pair[0].uid}.6" in found


def test_drawer_goes_on_with_the_next_page_at_the_end_of_the_list(
    client: Client, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    found = drawer(client, pair[0], 4, "?mode=different&list=1.4")

    assert f'data-key-next data-drawer-result="{pair[0].uid}.8"' in found
    assert "data-key-next" not in drawer(client, pair[0], 8, "?mode=different&list=1.4.8")


def test_drawer_has_every_candidate_of_the_grid_as_a_tab(
    client: Client, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    found = drawer(client, pair[0], 4, "?list=1.4.8")

    assert [f'data-drawer-result="{run.uid}.4"' in found for run in pair] == [True, True]


@pytest.mark.parametrize("query", ["?list=x", "?list=4.x", "?list=", "?list=1.2", "?list=4&mode=odd&run=x"])
def test_odd_list_is_passed_over(client: Client, experiment: Experiment, pair: tuple[Run, Run], query: str) -> None:
    assert "sum-4" in drawer(client, pair[0], 4, query)


def test_drawer_marks_what_differs_from_the_expected_answer(client: Client, experiment: Experiment) -> None:
    run = scored_run(experiment, "0")
    Score.objects.update(extracted="0 ")

    assert "0<mark>␣</mark>" in drawer(client, run, 0, "")
