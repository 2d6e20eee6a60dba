"""What SQLite reads for a chunk of a bulk edit: the rows of the chunk, never all of a dataset, which is quadratic."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import bulk_edits, edit_item, freeze_dataset, start_bulk_edit, undo_bulk_edit
from experiments.actions.bulk_edits import run_bulk_edit
from experiments.models import BulkEdit, Dataset, Item
from experiments.version_diffs import removed_items
from tests.factories import DatasetFactory, ItemFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="plans are SQLite's"),
]
ROWS = ("experiments_item ", "experiments_itemedit ")
BY_ONE = ("rowid=?", "key=?")
"""What stands in the plan of a statement that finds each row by its id or its key."""


@pytest.fixture
def dataset() -> Dataset:
    """A dataset with frozen items, an item of the draft, and one whose key was changed."""
    dataset = DatasetFactory()
    ItemFactory.create_batch(4, dataset=dataset, tags="|old|")
    freeze_dataset(dataset=dataset, by=None)
    ItemFactory(dataset=dataset, since=2, tags="|old|")
    item = dataset.item_rows.earliest("pk")
    edit_item(item=item, seen_at=item.changed_at, changes={"key": "renamed"}, by=None)
    return Dataset.objects.get(pk=dataset.pk)


@pytest.fixture(autouse=True)
def _by_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the work of each bulk edit to the test."""
    monkeypatch.setattr(bulk_edits, "IN_REQUEST", 0)


def started(dataset: Dataset, kind: str, value: str) -> BulkEdit:
    """Begin an edit of all items of the draft; to restore, of those that it has no more."""
    items = removed_items(dataset) if kind == "restore" else Item.objects.filter(dataset=dataset)
    return start_bulk_edit(dataset=dataset, kind=kind, items=items, by=None, value=value)


def walks(bulk: BulkEdit) -> list[str]:
    """Do the work and return the steps of SQLite's plans that find rows of items and edits in another way."""
    with CaptureQueriesContext(connection) as queries:
        run_bulk_edit(bulk)
    bulk.refresh_from_db()
    assert bulk.edited_count == bulk.total_count > 0
    steps = [(step, query["sql"]) for query in queries for step in plan(query["sql"])]
    assert [step for step, _ in steps if step.startswith(tuple(f"SEARCH {rows}" for rows in ROWS))]
    return [f"{step}: {sql}" for step, sql in steps if is_about_rows(step) and not any(one in step for one in BY_ONE)]


def is_about_rows(step: str) -> bool:
    """Return whether a step of a plan reads items or edits."""
    return any(f" {rows}" in f"{step} " for rows in ROWS)


def plan(sql: str) -> list[str]:
    """Return the steps in which SQLite finds the rows of a statement."""
    if not sql.startswith(("SELECT", "UPDATE", "DELETE")):
        return []
    with connection.cursor() as cursor:
        return [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}").fetchall()]


@pytest.mark.parametrize(("kind", "value"), [("tag", "new"), ("untag", "old"), ("move", "test"), ("remove", "")])
def test_bulk_edit_and_its_undo_find_each_row_by_itself(dataset: Dataset, kind: str, value: str) -> None:
    bulk = started(dataset, kind, value)

    assert walks(bulk) == []
    assert walks(undo_bulk_edit(bulk=bulk, by=None)) == []


def test_restoring_many_finds_each_row_by_itself(dataset: Dataset) -> None:
    run_bulk_edit(started(dataset, "remove", ""))

    assert walks(started(dataset, "restore", "")) == []


def test_a_walk_is_told_from_a_search() -> None:
    assert is_about_rows("SCAN experiments_item")
    assert is_about_rows("SEARCH experiments_itemedit USING INDEX item_edit_bulk (bulk_id=?)")
    assert not is_about_rows("SEARCH experiments_bulkedit USING INTEGER PRIMARY KEY (rowid=?)")
