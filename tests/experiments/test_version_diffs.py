"""Versions on the page: frozen, compared with each other and the draft, brought back."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from experiments.actions import (
    ActionConflict,
    add_item,
    edit_item,
    freeze_dataset,
    freeze_rows,
    remove_item,
    restore_version,
)
from experiments.models import Dataset, Item, Project
from experiments.rows.new_items import NewItem
from experiments.version_diffs import KINDS, VersionDiff
from tests.factories import DatasetFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def dataset(project: Project) -> Dataset:
    """Two versions: a, b, c; then b changed, c removed, d added; and e added to the draft."""
    rows = [NewItem(key, key.upper(), expected=1) for key in "abc"]
    made: Dataset = freeze_rows(project=project, name="letters", rows=rows, by=None).dataset
    second, third = (Item.objects.get(key=key) for key in "bc")
    edit_item(item=second, seen_at=second.changed_at, changes={"input": "B2", "tags": ["x", "y"]}, by=None)
    remove_item(item=third, seen_at=third.changed_at, by=None)
    add_item(dataset=made, content={"key": "d", "input": "D"}, by=None)
    freeze_dataset(dataset=made, by=None)
    add_item(dataset=made, content={"key": "e", "input": "E"}, by=None)
    made.refresh_from_db()
    return made


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [(0, 1, (3, 0, 0)), (1, 2, (1, 1, 1)), (2, 3, (1, 0, 0)), (1, 3, (2, 1, 1)), (0, 2, (3, 0, 0)), (2, 2, (0, 0, 0))],
)
def test_counts_of_a_diff(dataset: Dataset, first: int, second: int, counts: tuple[int, ...]) -> None:
    assert tuple(VersionDiff(dataset, first, second).counts().values()) == counts


def test_changes_say_which_parts_differ(dataset: Dataset) -> None:
    diff = VersionDiff(dataset, 1, 2)

    changed = diff.changes("changed", list(diff.rows("changed")))
    removed = diff.changes("removed", list(diff.rows("removed")))

    parts = {one.part: (one.before, one.after) for one in changed[0].differences}
    assert parts == {"input": ("B", "B2"), "tags": ("", "x | y")}
    assert [(one.item.key, one.after) for one in removed] == [("c", None)]


def test_version_diff_page_shows_draft_against_newest(as_editor: Client, dataset: Dataset) -> None:
    page = as_editor.get(reverse("experiments:version-diff", args=[dataset.uid])).context["page"]

    assert [change.item.key for change in page.changes] == ["e"]
    assert (page.first, page.second) == (2, "draft")


@pytest.mark.parametrize("query", ["?to=9", "?from=x", "?from=-1", "?to=99999999999999999999"])
def test_version_diff_page_of_no_such_version_is_404(as_editor: Client, dataset: Dataset, query: str) -> None:
    assert as_editor.get(reverse("experiments:version-diff", args=[dataset.uid]) + query).status_code == 404


def test_version_diff_page_is_404_for_strangers(client: Client, stranger: User, dataset: Dataset) -> None:
    client.force_login(stranger)

    assert client.get(reverse("experiments:version-diff", args=[dataset.uid])).status_code == 404


def test_dataset_freeze_on_the_page_numbers_the_draft(as_editor: Client, dataset: Dataset, editor: User) -> None:
    as_editor.post(reverse("experiments:dataset-freeze", args=[dataset.uid]), {"note": "with e"})

    newest = dataset.versions.first()
    assert newest is not None
    assert (newest.number, newest.note, newest.frozen_by) == (3, "with e", editor)


def test_restore_version_makes_its_items_the_next_version(dataset: Dataset) -> None:
    freeze_dataset(dataset=dataset, by=None)
    first = dataset.versions.get(number=1)

    restored = restore_version(version=first, by=None)

    assert (restored.number, restored.content_hash, restored.note) == (4, first.content_hash, "version 1 again")
    assert [item.key for item in restored.items] == ["a", "b", "c"]


def test_restore_version_over_a_draft_that_people_edited_is_refused(dataset: Dataset) -> None:
    with pytest.raises(ActionConflict, match="freeze it first"):
        restore_version(version=dataset.versions.get(number=1), by=None)

    assert Item.objects.in_draft().filter(key="e").exists()


def test_version_restore_by_a_viewer_is_forbidden(client: Client, viewer: User, dataset: Dataset) -> None:
    client.force_login(viewer)

    assert client.post(reverse("experiments:version-restore", args=[dataset.uid, 1])).status_code == 403
    assert client.post(reverse("experiments:dataset-freeze", args=[dataset.uid])).status_code == 403


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="plans are SQLite's")
@pytest.mark.parametrize("kind", KINDS)
def test_differences_find_the_other_state_of_an_item_by_its_key(kind: str) -> None:
    rows = VersionDiff(DatasetFactory(), 1, 2).rows(kind)

    sql, params = rows.order_by().query.sql_with_params()
    with connection.cursor() as cursor:
        plan = str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())

    assert "key=?" in plan
