"""Edits of a dataset's draft: frozen rows never change."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    StaleEdit,
    add_item,
    create_dataset,
    edit_item,
    freeze_dataset,
    remove_item,
    restore_item,
)
from experiments.models import Dataset, Item, Project
from tests.factories import DatasetFactory, ItemFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def frozen_item(**values: Any) -> Item:
    """Return the only item of a dataset's first version."""
    item = ItemFactory(**values)
    freeze_dataset(dataset=item.dataset, by=None)
    return item


def test_create_dataset_with_taken_name_is_refused(project: Project, editor: Any) -> None:
    create_dataset(project=project, name="capitals", by=editor)

    with pytest.raises(ActionRefused, match='there is a dataset "capitals" in team already'):
        create_dataset(project=project, name=" capitals ", by=editor)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "(ad hoc inputs)"])
def test_create_dataset_with_no_proper_name_is_refused(project: Project, name: str) -> None:
    with pytest.raises(ActionRefused):
        create_dataset(project=project, name=name, by=None)


def test_create_dataset_by_viewer_is_denied(project: Project, viewer: Any) -> None:
    with pytest.raises(PermissionDenied):
        create_dataset(project=project, name="capitals", by=viewer)


def test_add_item_goes_to_the_end_of_the_draft(project: Project, editor: Any) -> None:
    dataset = DatasetFactory(project=project)
    first = add_item(dataset=dataset, content={"key": "a", "input": "1 + 1?", "expected": "2"}, by=editor)

    second = add_item(dataset=dataset, content={"key": "b", "input": {"x": "2"}, "tags": ["sum"]}, by=editor)

    assert list(Item.objects.filter(dataset=dataset).in_draft().order_by("position")) == [first, second]
    assert (second.since, second.tag_list, second.changed_by) == (1, ("sum",), editor)


def test_add_item_with_taken_key_is_refused() -> None:
    item = ItemFactory(key="a")

    with pytest.raises(ActionRefused, match='the key "a" is taken') as refusal:
        add_item(dataset=item.dataset, content={"key": "a", "input": "?"}, by=None)

    assert refusal.value.field == "key"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"input": "?"}, "key"),
        ({"key": " ", "input": "?"}, "key"),
        ({"key": 7, "input": "?"}, "key"),
        ({"key": "k" * 201, "input": "?"}, "key"),
        ({"key": "a"}, "input"),
        ({"key": "a", "input": " "}, "input"),
        ({"key": "a", "input": {}}, "input"),
        ({"key": "a", "input": ["?"]}, "input"),
        ({"key": "a", "input": {"vars": "?"}}, "input"),
        ({"key": "a", "input": "?", "metadata": []}, "metadata"),
        ({"key": "a", "input": "?", "tags": "sum"}, "tags"),
        ({"key": "a", "input": "?", "tags": ["a|b"]}, "tags"),
        ({"key": "a", "input": "?", "split": "s" * 101}, "split"),
        ({"key": "a", "input": "?", "position": 3}, "position"),
    ],
)
def test_add_item_with_unfit_content_names_the_field(content: dict[str, Any], field: str) -> None:
    dataset = DatasetFactory()

    with pytest.raises(ActionRefused) as refusal:
        add_item(dataset=dataset, content=content, by=None)

    assert refusal.value.field == field


def test_add_item_with_characters_no_database_holds_stores_the_rest() -> None:
    item = add_item(
        dataset=DatasetFactory(), content={"key": "a", "input": "n\x00ul", "metadata": {"x": float("nan")}}, by=None
    )

    item.refresh_from_db()
    assert (item.input, item.metadata) == ("nul", {"x": None})


def test_edit_item_of_the_draft_changes_the_row(editor: Any, project: Project) -> None:
    item = ItemFactory(dataset__project=project, input="old")

    edited = edit_item(item=item, seen_at=item.changed_at, changes={"input": "new"}, by=editor)

    assert (edited.pk, edited.input, edited.changed_by) == (item.pk, "new", editor)
    assert edited.changed_at > item.changed_at


def test_edit_item_of_a_frozen_version_closes_and_inserts() -> None:
    item = frozen_item(input="old", expected="Paris", tags="|a|", split="test")

    edited = edit_item(item=item, seen_at=item.changed_at, changes={"input": "new"}, by=None)

    version = item.dataset.versions.get()
    assert [row.input for row in version.items] == ["old"]
    assert (edited.since, edited.until, edited.position) == (2, None, item.position)
    assert edited.content == {**item.content, "input": "new"}


def test_edit_item_to_a_taken_key_is_refused() -> None:
    item = ItemFactory(key="a")
    ItemFactory(key="b", dataset=item.dataset)

    with pytest.raises(ActionRefused, match='the key "b" is taken'):
        edit_item(item=item, seen_at=item.changed_at, changes={"key": "b"}, by=None)


def test_edit_item_that_somebody_changed_since_is_stale() -> None:
    item = ItemFactory(input="old")
    edit_item(item=item, seen_at=item.changed_at, changes={"input": "theirs"}, by=None)

    with pytest.raises(StaleEdit, match="Somebody else changed this item"):
        edit_item(item=item, seen_at=item.changed_at, changes={"input": "mine"}, by=None)

    item.refresh_from_db()
    assert item.input == "theirs"


def test_edit_item_that_was_closed_is_stale() -> None:
    item = frozen_item()
    edit_item(item=item, seen_at=item.changed_at, changes={"input": "theirs"}, by=None)

    with pytest.raises(StaleEdit):
        edit_item(item=item, seen_at=item.changed_at, changes={"input": "mine"}, by=None)


def test_edit_item_by_stranger_is_denied(stranger: Any) -> None:
    item = ItemFactory()

    with pytest.raises(PermissionDenied):
        edit_item(item=item, seen_at=item.changed_at, changes={"input": "new"}, by=stranger)


def test_edit_item_while_a_file_fills_the_draft_conflicts() -> None:
    item = ItemFactory()
    Dataset.objects.update(filling_hash="f" * 64)

    with pytest.raises(ActionConflict, match="A file is being written"):
        edit_item(item=item, seen_at=item.changed_at, changes={"input": "new"}, by=None)


def test_remove_item_of_the_draft_deletes_the_row() -> None:
    item = ItemFactory()

    remove_item(item=item, seen_at=item.changed_at, by=None)

    assert not Item.objects.filter(pk=item.pk).exists()


def test_remove_item_of_a_frozen_version_leaves_the_version() -> None:
    item = frozen_item()

    remove_item(item=item, seen_at=item.changed_at, by=None)

    assert list(item.dataset.versions.get().items) == [item]
    assert not Item.objects.filter(dataset=item.dataset).in_draft().exists()


def test_remove_item_that_was_edited_is_stale() -> None:
    item = ItemFactory()

    with pytest.raises(StaleEdit):
        remove_item(item=item, seen_at=item.changed_at - timedelta(seconds=1), by=None)


def test_restored_item_is_the_frozen_row_again() -> None:
    item = frozen_item(tags="|a|")
    remove_item(item=item, seen_at=item.changed_at, by=None)

    restored = restore_item(item=item, by=None)

    assert (restored.pk, restored.until) == (item.pk, None)


def test_restored_item_that_was_another_meanwhile_is_a_copy_where_it_was() -> None:
    item = frozen_item(tags="|a|")
    edited = edit_item(item=item, seen_at=item.changed_at, changes={"split": "test"}, by=None)
    freeze_dataset(dataset=item.dataset, by=None)
    remove_item(item=edited, seen_at=edited.changed_at, by=None)

    restored = restore_item(item=item, by=None)

    assert restored.pk not in (item.pk, edited.pk)
    assert (restored.content, restored.position, restored.since) == (item.content, item.position, 3)


def test_edit_that_changes_nothing_is_no_edit() -> None:
    item = frozen_item()

    assert edit_item(item=item, seen_at=item.changed_at, changes={"split": item.split}, by=None) == item
    assert not item.dataset.item_edits.exists()


def test_restore_item_whose_key_is_in_use_conflicts() -> None:
    item = frozen_item(key="a")
    remove_item(item=item, seen_at=item.changed_at, by=None)
    add_item(dataset=item.dataset, content={"key": "a", "input": "another"}, by=None)

    with pytest.raises(ActionConflict, match='the key "a" is in use'):
        restore_item(item=item, by=None)
