"""The pages about datasets: for members, for strangers, searched, paged, with a constant number of queries."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from experiments.models import Dataset, Project
from tests.factories import DatasetFactory, DatasetVersionFactory, ItemFactory

TABS = ["dataset-items", "dataset-versions"]


@pytest.fixture
def dataset(project: Project) -> Dataset:
    """A dataset with version 1."""
    version = DatasetVersionFactory(
        dataset__project=project, dataset__name="capitals", note="first", item_count=2, added_count=2
    )
    ItemFactory(dataset=version.dataset, key="a", tags="|easy|", split="test", input="<b>France?")
    ItemFactory(dataset=version.dataset, key="b", expected=None)
    found: Dataset = version.dataset
    return found


@pytest.fixture
def as_viewer(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def page_of(client: Client, name: str, *arguments: object, query: str = "") -> Any:
    return client.get(reverse(f"experiments:{name}", args=arguments) + query)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def query_count(client: Client, name: str, *arguments: object) -> int:
    with CaptureQueriesContext(connection) as queries:
        page_of(client, name, *arguments)
    return len(queries)


def test_dataset_list_shows_mine_and_not_the_hidden(as_viewer: Client, dataset: Dataset) -> None:
    DatasetFactory(project=dataset.project, name="hidden-one", is_hidden=True)

    page = text(page_of(as_viewer, "dataset-list"))

    assert "capitals" in page
    assert "hidden-one" not in page


def test_dataset_list_of_a_stranger_is_empty(client: Client, stranger: User, dataset: Dataset) -> None:
    client.force_login(stranger)

    assert "capitals" not in text(page_of(client, "dataset-list"))


@pytest.mark.parametrize("tab", TABS)
def test_dataset_tabs_are_404_for_strangers(client: Client, stranger: User, dataset: Dataset, tab: str) -> None:
    client.force_login(stranger)

    assert page_of(client, tab, dataset.uid).status_code == 404


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["a", "b"]),
        ("?key=B", ["b"]),
        ("?tag=easy", ["a"]),
        ("?split=test", ["a"]),
        ("?tag=eas", []),
        ("?after=x.y", ["a", "b"]),
        ("?key=%00", ["a", "b"]),
        ("?after=99999999999999999999.1", ["a", "b"]),
    ],
)
def test_dataset_items_shows_what_the_search_leaves(
    as_viewer: Client, dataset: Dataset, query: str, shown: list[str]
) -> None:
    answer = page_of(as_viewer, "dataset-items", dataset.uid, query=query)

    assert [row.item.key for row in answer.context["page"].rows] == shown


def test_dataset_items_escapes_what_an_item_holds(as_viewer: Client, dataset: Dataset) -> None:
    assert "&lt;b&gt;France?" in text(page_of(as_viewer, "dataset-items", dataset.uid))


def test_dataset_items_pages_lose_and_repeat_none(as_viewer: Client, dataset: Dataset) -> None:
    ItemFactory.create_batch(60, dataset=dataset, position=10**9)

    first = page_of(as_viewer, "dataset-items", dataset.uid).context["page"]
    second = page_of(as_viewer, "dataset-items", dataset.uid, query=first.next_query).context["page"]

    assert len({row.item.pk for row in [*first.rows, *second.rows]}) == len(first.rows) + len(second.rows) == 62
    assert second.next_query == ""


def test_dataset_versions_shows_note_and_counts(as_viewer: Client, dataset: Dataset) -> None:
    assert "first" in text(page_of(as_viewer, "dataset-versions", dataset.uid))


def test_dataset_versions_says_which_rows_were_left_out(as_viewer: Client, dataset: Dataset) -> None:
    dataset.versions.update(bad_row_count=1, bad_rows=[{"line": 3, "reason": "no <key>"}])

    shown = text(page_of(as_viewer, "dataset-versions", dataset.uid))

    assert "1 bad row left out" in shown
    assert "line 3: no &lt;key&gt;" in shown


def test_dataset_pages_make_as_many_queries_for_20_rows_as_for_one(as_viewer: Client, dataset: Dataset) -> None:
    before = (query_count(as_viewer, "dataset-list"), query_count(as_viewer, "dataset-items", dataset.uid))
    DatasetFactory.create_batch(20, project=dataset.project)
    ItemFactory.create_batch(20, dataset=dataset)

    assert (query_count(as_viewer, "dataset-list"), query_count(as_viewer, "dataset-items", dataset.uid)) == before


def test_import_says_to_viewers_who_lets_them(as_viewer: Client) -> None:
    page = as_viewer.get(reverse("experiments:dataset-import-new")).content.decode()

    assert "An owner of a project makes you an editor." in page
    assert "Continue" not in page
