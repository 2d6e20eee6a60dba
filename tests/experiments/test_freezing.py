"""Freezing the draft of people, and the rows of a file."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments import chunks
from experiments.actions import (
    ActionConflict,
    ActionRefused,
    Cancelled,
    add_item,
    edit_item,
    freeze_dataset,
    freeze_rows,
    remove_item,
)
from experiments.actions.filling import Filling, fill
from experiments.actions.surveying import survey
from experiments.models import Dataset, DatasetVersion, Item, Project
from experiments.rows.new_items import NewItem
from tests.factories import DatasetFactory, DatasetVersionFactory, ItemFactory, ProjectFactory
from tests.transactions import AtTransaction

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def rows_of(*texts: str) -> list[NewItem]:
    """Return one row a text, "key=input"."""
    return [NewItem(*text.split("=")) for text in texts]


def texts_of(version: DatasetVersion) -> list[str]:
    """Return what `rows_of` would make the version from."""
    return [f"{item.key}={item.input}" for item in version.items]


def counts_of(version: DatasetVersion) -> tuple[int, int, int, int]:
    """Return items, added, changed, removed."""
    return version.item_count, version.added_count, version.changed_count, version.removed_count


class Interrupted(Exception):
    """The process died."""


@pytest.fixture
def by_twos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write two rows a transaction, so that a few rows are several transactions."""
    monkeypatch.setattr(chunks, "MOST", 2)


def die() -> None:
    """Be killed."""
    raise Interrupted


def test_freeze_dataset_numbers_the_draft(project: Project, editor: Any) -> None:
    dataset = DatasetFactory(project=project)
    add_item(dataset=dataset, content={"key": "a", "input": "1"}, by=editor)

    version = freeze_dataset(dataset=dataset, note="first", by=editor)

    dataset.refresh_from_db()
    assert (version.number, version.note, version.frozen_by) == (1, "first", editor)
    assert (counts_of(version), dataset.draft_number, dataset.draft_edit_count) == ((1, 1, 0, 0), 2, 0)


def test_freeze_dataset_counts_what_changed() -> None:
    dataset = DatasetFactory()
    first, second, _ = ItemFactory.create_batch(3, dataset=dataset)
    freeze_dataset(dataset=dataset, by=None)
    edit_item(item=first, seen_at=first.changed_at, changes={"input": "new"}, by=None)
    remove_item(item=second, seen_at=second.changed_at, by=None)
    add_item(dataset=dataset, content={"key": "added", "input": "1"}, by=None)

    version = freeze_dataset(dataset=dataset, by=None)

    assert (version.number, counts_of(version)) == (2, (3, 1, 1, 1))


def test_freeze_dataset_without_edits_gives_the_newest_version() -> None:
    dataset = ItemFactory().dataset
    version = freeze_dataset(dataset=dataset, by=None)

    assert freeze_dataset(dataset=dataset, by=None) == version


def test_freeze_with_a_note_that_no_version_holds_is_refused(project: Project) -> None:
    dataset = ItemFactory(dataset__project=project).dataset

    with pytest.raises(ActionRefused, match="the note has 501 characters; 500 are allowed"):
        freeze_dataset(dataset=dataset, by=None, note="x" * 501)
    with pytest.raises(ActionRefused, match="501 characters"):
        freeze_rows(project=project, name="new", rows=rows_of("a=1"), by=None, note="x" * 501)

    assert freeze_dataset(dataset=dataset, by=None, note=" a\x00b ").note == "ab"
    assert not Dataset.objects.filter(name="new").exists()


def test_freeze_dataset_without_items_is_refused() -> None:
    with pytest.raises(ActionRefused, match="has no items"):
        freeze_dataset(dataset=DatasetFactory(), by=None)


@pytest.mark.parametrize("is_frozen", [False, True])
def test_freeze_dataset_while_a_file_fills_it_conflicts(is_frozen: bool) -> None:
    item = ItemFactory(dataset__filling_hash="f" * 64)
    DatasetVersionFactory.create_batch(int(is_frozen), dataset=item.dataset)

    with pytest.raises(ActionConflict, match="A file is being written"):
        freeze_dataset(dataset=item.dataset, by=None)


def test_freeze_dataset_by_viewer_is_denied(viewer: Any, project: Project) -> None:
    item = ItemFactory(dataset__project=project)

    with pytest.raises(PermissionDenied):
        freeze_dataset(dataset=item.dataset, by=viewer)


def test_freeze_dataset_has_the_hash_of_the_same_rows_of_a_file() -> None:
    row = NewItem("a", "1", expected=["x", "y"], metadata={"level": 2}, tags=("t", "u"), split="test")
    filled = freeze_rows(project=ProjectFactory(), name="capitals", rows=[row], by=None)
    dataset = DatasetFactory()
    add_item(dataset=dataset, content=row.content, by=None)

    version = freeze_dataset(dataset=dataset, by=None)

    assert version.content_hash == filled.content_hash


def test_freeze_rows_of_a_new_name_makes_dataset_and_version(project: Project, editor: Any) -> None:
    version = freeze_rows(project=project, name="capitals", rows=rows_of("b=1", "a=2"), by=editor, note="from a.csv")

    assert (texts_of(version), counts_of(version)) == (["b=1", "a=2"], (2, 2, 0, 0))
    assert (str(version), version.note, version.frozen_by) == ("capitals@1", "from a.csv", editor)


def test_freeze_rows_with_the_same_rows_gives_the_same_version(project: Project) -> None:
    version = freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2"), by=None)

    again = freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2"), by=None)

    assert again == version
    assert Item.objects.count() == 2


def test_freeze_rows_with_changes_keeps_the_rows_that_stay(project: Project) -> None:
    first = freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2", "c=3"), by=None)

    second = freeze_rows(project=project, name="capitals", rows=rows_of("new=0", "a=1", "b=two"), by=None)

    assert (texts_of(second), counts_of(second)) == (["new=0", "a=1", "b=two"], (3, 1, 1, 1))
    assert texts_of(first) == ["a=1", "b=2", "c=3"]
    assert first.items.get(key="a") == second.items.get(key="a")


def test_freeze_rows_in_another_order_is_another_version(project: Project) -> None:
    first = freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2", "c=3"), by=None)

    second = freeze_rows(project=project, name="capitals", rows=rows_of("c=3", "a=1", "b=2"), by=None)

    assert (texts_of(second), counts_of(second)) == (["c=3", "a=1", "b=2"], (3, 0, 1, 0))
    assert first.items.get(key="b") == second.items.get(key="b")


def test_freeze_rows_back_to_an_earlier_content_is_a_version_of_its_own(project: Project) -> None:
    first = freeze_rows(project=project, name="capitals", rows=rows_of("a=1"), by=None)
    freeze_rows(project=project, name="capitals", rows=rows_of("a=2"), by=None)

    third = freeze_rows(project=project, name="capitals", rows=rows_of("a=1"), by=None)

    assert (third.number, third.content_hash) == (3, first.content_hash)


def test_freeze_rows_over_a_draft_that_people_edited_conflicts(project: Project) -> None:
    version = freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2"), by=None)
    item = version.items.get(key="a")
    remove_item(item=item, seen_at=item.changed_at, by=None)

    with pytest.raises(ActionConflict, match="capitals has a draft with edits that no version holds"):
        freeze_rows(project=project, name="capitals", rows=rows_of("a=3"), by=None)

    assert [row.key for row in Item.objects.in_draft()] == ["b"]


def test_freeze_rows_that_are_the_newest_version_leaves_an_edited_draft_alone(project: Project) -> None:
    version = freeze_rows(project=project, name="capitals", rows=rows_of("a=1"), by=None)
    add_item(dataset=version.dataset, content={"key": "b", "input": "2"}, by=None)

    again = freeze_rows(project=project, name="capitals", rows=rows_of("a=1"), by=None)

    assert again == version
    assert Item.objects.in_draft().count() == 2


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "capitals has no items"),
        (rows_of("a=1", "a=2"), 'the key "a" is there twice'),
        ([NewItem("a", " ")], "a: the input is empty"),
        ([NewItem("a" * 201, "1")], "key has 201 characters"),
    ],
)
def test_freeze_rows_that_do_not_fit_is_refused(project: Project, rows: list[NewItem], sentence: str) -> None:
    with pytest.raises(ActionRefused, match=sentence):
        freeze_rows(project=project, name="capitals", rows=rows, by=None)

    assert not Dataset.objects.exists()


def test_freeze_rows_by_viewer_is_denied(project: Project, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        freeze_rows(project=project, name="capitals", rows=rows_of("a=1"), by=viewer)


OLD = ("a=1", "b=2", "c=3", "d=4", "e=5")
NEW = ("f=0", "a=1", "b=two", "c=three", "e=5", "g=6", "h=7")


@pytest.mark.usefixtures("by_twos")
@pytest.mark.parametrize("number", range(1, 8))
def test_freeze_rows_interrupted_anywhere_is_completed_by_the_same_file(project: Project, number: int) -> None:
    first = freeze_rows(project=project, name="capitals", rows=rows_of(*OLD), by=None)
    with connection.execute_wrapper(AtTransaction(number, die)), pytest.raises(Interrupted):
        freeze_rows(project=project, name="capitals", rows=rows_of(*NEW), by=None)

    second = freeze_rows(project=project, name="capitals", rows=rows_of(*NEW), by=None)

    assert (texts_of(first), first.dataset.versions.first()) == (list(OLD), second)
    assert (texts_of(second), counts_of(second)) == (list(NEW), (7, 3, 2, 1))


@pytest.mark.usefixtures("by_twos")
@pytest.mark.parametrize("number", range(1, 8))
def test_freeze_rows_interrupted_anywhere_gives_way_to_another_file(project: Project, number: int) -> None:
    first = freeze_rows(project=project, name="capitals", rows=rows_of(*OLD), by=None)
    with connection.execute_wrapper(AtTransaction(number, die)), pytest.raises(Interrupted):
        freeze_rows(project=project, name="capitals", rows=rows_of(*NEW), by=None)

    second = freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2", "d=four"), by=None)

    assert (texts_of(second), counts_of(second)) == (["a=1", "b=2", "d=four"], (3, 0, 1, 2))
    assert first.items.get(key="b") == second.items.get(key="b")
    assert texts_of(first) == list(OLD)


@pytest.mark.usefixtures("by_twos")
def test_freeze_rows_overtaken_by_another_file_conflicts(project: Project) -> None:
    other = AtTransaction(3, lambda: freeze_rows(project=project, name="capitals", rows=rows_of(*OLD), by=None))

    with (
        connection.execute_wrapper(other),
        pytest.raises(ActionConflict, match="Another file was written into capitals"),
    ):
        freeze_rows(project=project, name="capitals", rows=rows_of(*NEW), by=None)

    assert [texts_of(version) for version in DatasetVersion.objects.all()] == [list(OLD)]


@pytest.mark.usefixtures("by_twos")
@pytest.mark.parametrize("number", range(1, 6))
def test_freeze_rows_twice_at_once_makes_one_version(project: Project, number: int) -> None:
    other = AtTransaction(number, lambda: freeze_rows(project=project, name="capitals", rows=rows_of(*NEW), by=None))

    with connection.execute_wrapper(other):
        version = freeze_rows(project=project, name="capitals", rows=rows_of(*NEW), by=None)

    assert list(DatasetVersion.objects.all()) == [version]
    assert texts_of(version) == list(NEW)


def filling_of(source: Callable[[], list[NewItem]], beat: Any = lambda _written, _planned: None) -> Filling:
    return Filling(source, survey(source(), "rows"), None, beat=beat)


def cancelled_at(written: int) -> Callable[[int, int], None]:
    def beat(done: int, _planned: int) -> None:
        if done >= written:
            raise Cancelled

    return beat


@pytest.mark.usefixtures("by_twos")
@pytest.mark.parametrize("written", [0, 2, 4])
def test_fill_that_is_cancelled_leaves_nothing_behind(project: Project, written: int) -> None:
    first = freeze_rows(project=project, name="capitals", rows=rows_of(*OLD), by=None)
    before = list(Item.objects.values())
    filling = filling_of(lambda: rows_of(*NEW), cancelled_at(written))

    with pytest.raises(Cancelled):
        fill(project=project, name="capitals", filling=filling)

    assert list(Item.objects.values()) == before
    assert Dataset.objects.get().filling_hash == ""
    assert list(DatasetVersion.objects.all()) == [first]


def test_fill_of_a_new_dataset_that_is_cancelled_leaves_no_dataset(project: Project) -> None:
    with pytest.raises(Cancelled):
        fill(project=project, name="new", filling=filling_of(lambda: rows_of(*NEW), cancelled_at(1)))

    assert not Dataset.objects.exists()


@pytest.mark.parametrize("others", [("f=0", "a=changed"), ("f=0",)])
def test_fill_of_a_file_that_changes_between_its_readings_is_refused(project: Project, others: tuple[str, ...]) -> None:
    rows = [rows_of("f=0", "a=1"), rows_of(*others)]
    filling = filling_of(lambda: rows.pop(0))

    with pytest.raises(ActionRefused, match="changed while it was read"):
        fill(project=project, name="capitals", filling=filling)

    assert not Item.objects.exists()


def test_keys_are_looked_up_by_their_index_however_many_items_the_draft_has(project: Project) -> None:
    with CaptureQueriesContext(connection) as queries:
        freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=2"), by=None)
        freeze_rows(project=project, name="capitals", rows=rows_of("a=1", "b=3", "c=4"), by=None)

    lookups = [one["sql"] for one in queries if '"key" IN' in one["sql"]]
    assert len(lookups) >= 2
    assert [sql for sql in lookups if "ORDER BY" in sql] == []  # SQLite would walk the whole dataset in that order
