"""Edits of many items as one: chosen, edited in chunks, cancelled, taken over, undone."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    add_item,
    bulk_edits,
    cancel_bulk_edit,
    edit_item,
    freeze_dataset,
    remove_item,
    revert_item,
    start_bulk_edit,
    undo_bulk_edit,
    undo_edit,
)
from experiments.actions.bulk_edits import run_bulk_edit
from experiments.actions.bulk_steps import chosen_steps
from experiments.item_history import history_of
from experiments.models import BulkEdit, BulkKind, BulkStatus, Dataset, Item, ItemEdit, Project
from experiments.tasks import edit_in_bulk
from experiments.version_diffs import removed_items
from tests.api_client import Api
from tests.factories import DatasetFactory, ItemFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def dataset(project: Project) -> Dataset:
    """A dataset with version 1 (a, b) and c in the draft."""
    dataset = DatasetFactory(project=project)
    ItemFactory(dataset=dataset, key="a", tags="|old|")
    ItemFactory(dataset=dataset, key="b", split="test")
    freeze_dataset(dataset=dataset, by=None)
    add_item(dataset=dataset, content={"key": "c", "input": "c"}, by=None)
    return Dataset.objects.get(pk=dataset.pk)


def edited(dataset: Dataset, kind: str, value: str = "", by: Any = None, **narrowed: Any) -> BulkEdit:
    """Edit the items of the draft in bulk."""
    items = Item.objects.filter(dataset=dataset, **narrowed)
    return start_bulk_edit(dataset=dataset, kind=kind, items=items, by=by, value=value)


def draft(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Return tags and split of the draft's items, by key."""
    return {item.key: (item.tags, item.split) for item in dataset.item_rows.filter(until=None).order_by("key")}


def many(dataset: Dataset, count: int = 1050) -> None:
    """Give the draft more items than a request edits."""
    Item.objects.bulk_create(ItemFactory.build(dataset=dataset, since=dataset.draft_number) for _ in range(count))


def killed_at(bulk: BulkEdit, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work on a bulk edit until its process is killed in the midst of this chunk."""

    with monkeypatch.context() as patch:
        patch.setattr(bulk_edits, "chosen_steps", Dying(chunk))
        with pytest.raises(KeyboardInterrupt):
            run_bulk_edit(BulkEdit.objects.get(pk=bulk.pk))


class Dying:
    """Chooses the steps of so many chunks, then dies."""

    def __init__(self, chunks: int) -> None:
        self.left = chunks

    def __call__(self, *args: Any) -> Any:
        """Choose, or die."""
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return chosen_steps(*args)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("tag", "new", {"a": ("|old|new|", ""), "b": ("|new|", "test"), "c": ("|new|", "")}),
        ("untag", "old", {"a": ("", ""), "b": ("", "test"), "c": ("", "")}),
        ("move", "train", {"a": ("|old|", "train"), "b": ("", "train"), "c": ("", "train")}),
        ("remove", "", {}),
    ],
)
def test_bulk_edit_changes_the_draft_and_undo_brings_it_back(
    dataset: Dataset, kind: str, value: str, expected: dict[str, Any]
) -> None:
    before = draft(dataset)

    bulk = edited(dataset, kind, value)
    assert draft(dataset) == expected
    undo_bulk_edit(bulk=bulk, by=None)

    assert (bulk.status, bulk.total_count) == (BulkStatus.COMPLETED, 3)
    assert draft(dataset) == before
    assert set(dataset.item_rows.filter(until=None).values_list("key", "since")) == {("a", 1), ("b", 1), ("c", 2)}


def test_bulk_edit_leaves_frozen_versions_alone_and_says_who_edited(dataset: Dataset, editor: Any) -> None:
    edited(dataset, "tag", "new", editor)

    assert {item.key: item.tags for item in dataset.versions.get().items} == {"a": "|old|", "b": ""}
    assert set(ItemEdit.objects.filter(bulk__kind="tag").values_list("changed_by", flat=True)) == {editor.pk}


def test_undo_of_an_undo_edits_again(dataset: Dataset) -> None:
    undo = undo_bulk_edit(bulk=edited(dataset, "remove"), by=None)

    undo_bulk_edit(bulk=undo, by=None)

    assert draft(dataset) == {}


def test_bulk_edit_is_undone_once(dataset: Dataset) -> None:
    bulk = edited(dataset, "tag", "new")
    undo_bulk_edit(bulk=bulk, by=None)

    with pytest.raises(ActionRefused, match="Nothing of this bulk edit is left"):
        undo_bulk_edit(bulk=bulk, by=None)


def test_undo_keeps_what_people_changed_since(dataset: Dataset) -> None:
    bulk = edited(dataset, "move", "train")
    item = Item.objects.get(key="a", until=None)
    edit_item(item=item, seen_at=item.changed_at, changes={"split": "mine"}, by=None)

    undo = undo_bulk_edit(bulk=bulk, by=None)

    assert (undo.edited_count, undo.left_count) == (2, 1)
    assert "a: somebody changed split since" in undo.left[0]
    assert draft(dataset)["a"][1] == "mine"


def test_undo_of_a_tag_keeps_tags_that_were_given_since(dataset: Dataset) -> None:
    bulk = edited(dataset, "tag", "wrong")
    edited(dataset, "tag", "right")

    undo_bulk_edit(bulk=bulk, by=None)

    assert draft(dataset)["a"][0] == "|old|right|"


def test_item_that_somebody_changed_after_it_was_chosen_stays(dataset: Dataset) -> None:
    many(dataset)
    bulk = edited(dataset, "remove")
    item = Item.objects.get(key="a")
    edit_item(item=item, seen_at=item.changed_at, changes={"split": "mine"}, by=None)

    edit_in_bulk(bulk.pk)

    bulk.refresh_from_db()
    assert (bulk.edited_count, bulk.left_count) == (1052, 1)
    assert draft(dataset) == {"a": ("|old|", "mine")}


def test_restore_leaves_items_whose_keys_are_in_use(dataset: Dataset) -> None:
    edited(dataset, "remove", key__in=["a", "b"])
    add_item(dataset=dataset, content={"key": "a", "input": "another"}, by=None)

    bulk = edited(dataset, "restore")

    assert (bulk.edited_count, bulk.left) == (1, ["a: its key is in use."])


def test_many_items_are_a_workers(dataset: Dataset) -> None:
    many(dataset)

    bulk = edited(dataset, "tag", "new")

    assert (bulk.status, bulk.done_count, bulk.total_count) == (BulkStatus.RUNNING, 0, 1053)
    edit_in_bulk(bulk.pk)
    assert dataset.item_rows.in_draft().tagged(["new"]).count() == 1053


def test_bulk_edit_whose_job_was_killed_is_done_by_the_next(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    many(dataset)
    bulk = edited(dataset, "tag", "new")
    killed_at(bulk, 3, monkeypatch)

    edit_in_bulk(bulk.pk)

    bulk.refresh_from_db()
    assert (bulk.status, bulk.edited_count, bulk.left_count) == (BulkStatus.COMPLETED, 1053, 0)
    assert bulk.edits.count() == 1053


def test_bulk_edit_that_was_taken_over_is_undone_whole(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    many(dataset)
    before = draft(dataset)
    bulk = edited(dataset, "tag", "new")
    killed_at(bulk, 3, monkeypatch)
    edit_in_bulk(bulk.pk)
    tagged = dataset.item_rows.in_draft().tagged(["new"]).count()

    undoing = undo_bulk_edit(bulk=BulkEdit.objects.get(pk=bulk.pk), by=None)
    edit_in_bulk(undoing.pk)

    assert (tagged, draft(dataset)) == (1053, before)


def test_bulk_edit_of_items_that_another_has_yet_to_come_to_is_refused(
    dataset: Dataset, editor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(dataset)
    first = edited(dataset, BulkKind.TAG, "x", by=editor)
    killed_at(first, 2, monkeypatch)
    ids = list(Item.objects.in_draft().filter(dataset=dataset).order_by("position", "id").values_list("pk", flat=True))
    done = BulkEdit.objects.get(pk=first.pk).done_count

    with pytest.raises(ActionConflict, match=rf'"tag x" by {editor} has yet to come to 5 items of these: wait for it'):
        edited(dataset, BulkKind.UNTAG, "old", pk__in=ids[: done + 5])

    assert 0 < done < 1000
    assert edited(dataset, BulkKind.UNTAG, "old", pk__in=ids[:done]).left_count == 0
    assert BulkEdit.objects.count() == 2


def test_cancelled_bulk_edit_keeps_what_is_done_and_can_be_undone(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(dataset)
    bulk = edited(dataset, "tag", "new")
    killed_at(bulk, 2, monkeypatch)

    cancel_bulk_edit(bulk=bulk, by=None)
    edit_in_bulk(bulk.pk)
    assert dataset.item_rows.in_draft().tagged(["new"]).count() == bulk.done_count > 0
    undo_bulk_edit(bulk=bulk, by=None)

    assert (bulk.status, bulk.edits.count()) == (BulkStatus.CANCELLED, bulk.done_count)
    assert not dataset.item_rows.in_draft().tagged(["new"]).exists()


def test_running_bulk_edit_is_neither_frozen_nor_undone(dataset: Dataset) -> None:
    many(dataset)
    bulk = edited(dataset, "tag", "new")

    with pytest.raises(ActionConflict, match="A bulk edit of"):
        freeze_dataset(dataset=dataset, by=None)
    with pytest.raises(ActionConflict, match="cancel it, then undo it"):
        undo_bulk_edit(bulk=bulk, by=None)


def test_bulk_edit_of_a_draft_that_a_file_is_written_into_fails_with_a_sentence(dataset: Dataset) -> None:
    Dataset.objects.update(filling_hash="x")

    bulk = edited(dataset, "remove")

    assert bulk.status == BulkStatus.FAILED
    assert "A file is being written" in bulk.detail


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("tag", " ", "Name the tag"),
        ("tag", "a|b", "may not hold"),
        ("tag", "x" * 201, "201 characters"),
        ("move", "x" * 101, "101 characters"),
        ("undo", "", "the action is one of"),
        ("restore", "", "No items are chosen"),
    ],
)
def test_bulk_edit_that_does_not_fit_is_refused(dataset: Dataset, kind: str, value: str, sentence: str) -> None:
    with pytest.raises(ActionRefused, match=sentence):
        edited(dataset, kind, value)

    assert not BulkEdit.objects.exists()


def test_viewer_edits_nothing_in_bulk(dataset: Dataset, viewer: Any) -> None:
    bulk = edited(dataset, "tag", "new")

    with pytest.raises(PermissionDenied):
        edited(dataset, "remove", by=viewer)
    with pytest.raises(PermissionDenied):
        undo_bulk_edit(bulk=bulk, by=viewer)
    with pytest.raises(PermissionDenied):
        cancel_bulk_edit(bulk=bulk, by=viewer)


def test_single_edit_is_undone_but_once(dataset: Dataset, editor: Any) -> None:
    item = Item.objects.get(key="a")
    edit_item(item=item, seen_at=item.changed_at, changes={"input": "other", "key": "z"}, by=editor)
    edit = ItemEdit.objects.get(key="z")

    undo_edit(edit=edit, by=editor)

    assert Item.objects.get(key="a", until=None).pk == item.pk
    with pytest.raises(ActionConflict, match="undone already"):
        undo_edit(edit=edit, by=editor)


def test_item_that_only_the_draft_had_comes_back_from_its_history(dataset: Dataset) -> None:
    item = Item.objects.get(key="c")
    remove_item(item=item, seen_at=item.changed_at, by=None)

    undo_edit(edit=ItemEdit.objects.filter(key="c")[0], by=None)

    assert Item.objects.get(key="c").position == item.position


def test_history_of_an_item_says_who_changed_what(dataset: Dataset, editor: Any) -> None:
    edited(dataset, "tag", "new", editor, key="a")

    newest, oldest = history_of(dataset, "a")

    assert (newest.kind, newest.changed_by, newest.number) == ("changed", editor, 2)
    assert [(part.part, part.before, part.after) for part in newest.differences] == [("tags", "old", "old | new")]
    assert (oldest.kind, oldest.number) == ("added", 1)


def test_earlier_row_of_an_item_is_what_it_holds_again(dataset: Dataset) -> None:
    row = Item.objects.get(key="a")
    edit_item(item=row, seen_at=row.changed_at, changes={"input": "other"}, by=None)

    revert_item(row=Item.objects.get(pk=row.pk), by=None)

    assert Item.objects.get(key="a", until=None).input == row.input


def test_pages_lead_from_the_history_to_the_undoing(dataset: Dataset, editor: Any, client: Any) -> None:
    bulk = edited(dataset, "tag", "new", editor)
    client.force_login(editor)

    history = client.get(reverse("experiments:dataset-history", args=[dataset.uid])).content.decode()
    each = client.get(reverse("experiments:dataset-history", args=[dataset.uid]), {"bulk": bulk.uid}).content.decode()
    item = client.get(
        reverse("experiments:item-detail", args=[dataset.uid, Item.objects.get(key="b", until=None).pk])
    ).content.decode()
    undone = client.post(reverse("experiments:bulk-edit-undo", args=[bulk.uid]), follow=True).content.decode()
    after = client.get(reverse("experiments:dataset-history", args=[dataset.uid])).content.decode()

    assert "tag new" in history
    assert [page.count('aria-label="Undo tag new"') for page in (history, after)] == [1, 0]
    assert each.count('id="edit-') == 3
    assert "tag new" in item
    assert "3 items edited" in undone


def test_strangers_find_neither_history_nor_bulk_edit(dataset: Dataset, stranger: Any, client: Any) -> None:
    bulk = edited(dataset, "tag", "new")
    edit = ItemEdit.objects.all()[0]
    client.force_login(stranger)

    asked = [
        client.get(reverse("experiments:dataset-history", args=[dataset.uid])),
        client.get(reverse("experiments:bulk-edit", args=[bulk.uid])),
        client.get(reverse("experiments:bulk-edit-progress", args=[bulk.uid])),
        client.post(reverse("experiments:bulk-edit-undo", args=[bulk.uid])),
        client.post(reverse("experiments:bulk-edit-cancel", args=[bulk.uid])),
        client.post(reverse("experiments:item-edit-undo", args=[dataset.uid, edit.pk])),
    ]

    assert {answer.status_code for answer in asked} == {404}
    assert not BulkEdit.objects.filter(kind=BulkKind.UNDO).exists()


def test_api_edits_in_bulk_and_undoes(dataset: Dataset, editor: Any) -> None:
    api = Api(editor)

    sent = api.post(
        f"datasets/{dataset.uid}/bulk-edits/", {"action": "tag", "value": "new", "where": {"split": "test"}}
    )
    edits = api.get(f"datasets/{dataset.uid}/edits/?bulk={sent.json()['id']}").json()
    undone = api.post(f"bulk-edits/{sent.json()['id']}/undo/")

    assert (sent.status_code, sent.json()["status"], sent.json()["edited_count"]) == (202, "completed", 1)
    assert [(edit["key"], edit["before"], edit["after"]) for edit in edits["items"]] == [
        ("b", {"tags": []}, {"tags": ["new"]})
    ]
    assert (undone.status_code, undone.json()["undoes_id"]) == (202, sent.json()["id"])
    assert api.get(f"datasets/{dataset.uid}/bulk-edits/").json()["total"] == 2
    assert draft(dataset)["b"] == ("", "test")


def test_api_chooses_by_keys_and_restores(dataset: Dataset, editor: Any) -> None:
    api = Api(editor)
    address = f"datasets/{dataset.uid}/bulk-edits/"
    api.post(address, {"action": "remove", "where": {}})

    restored = api.post(address, {"action": "restore", "keys": ["a", "nowhere"]}).json()

    assert restored["edited_count"] == 1
    assert list(draft(dataset)) == ["a"]


def test_api_undoes_one_edit(dataset: Dataset, editor: Any) -> None:
    api = Api(editor)
    api.call("PATCH", f"datasets/{dataset.uid}/items/a/", {"split": "test"})
    number = api.get(f"datasets/{dataset.uid}/edits/?key=a").json()["items"][0]["number"]

    undone, again = (api.post(f"datasets/{dataset.uid}/edits/{number}/undo/") for _ in range(2))

    assert (undone.status_code, undone.json()["is_undone"], again.status_code) == (200, True, 409)
    assert draft(dataset)["a"] == ("|old|", "")


@pytest.mark.parametrize(
    "body",
    [
        {"action": "undo", "where": {}},
        {"action": "tag", "value": "x"},
        {"action": "tag", "value": "x", "keys": ["a"], "where": {}},
        {"action": "tag", "value": "", "where": {}},
        {"action": "tag", "value": "x", "keys": []},
        {"action": "tag", "value": "x", "where": {"tags": "a"}},
        {"action": "tag", "value": "x", "keys": ["a"] * 1001},
    ],
)
def test_api_refuses_what_is_no_bulk_edit(dataset: Dataset, editor: Any, body: dict[str, Any]) -> None:
    assert Api(editor).post(f"datasets/{dataset.uid}/bulk-edits/", body).status_code == 400


def test_api_shows_strangers_nothing_and_viewers_change_nothing(dataset: Dataset, stranger: Any, viewer: Any) -> None:
    bulk = edited(dataset, "tag", "new")
    edit = ItemEdit.objects.all()[0]
    writes = [
        (f"datasets/{dataset.uid}/bulk-edits/", {"action": "remove", "where": {}}),
        (f"bulk-edits/{bulk.uid}/undo/", None),
        (f"bulk-edits/{bulk.uid}/cancel/", None),
        (f"datasets/{dataset.uid}/edits/{edit.pk}/undo/", None),
    ]
    reads = [f"datasets/{dataset.uid}/bulk-edits/", f"datasets/{dataset.uid}/edits/", f"bulk-edits/{bulk.uid}/"]

    assert {Api(stranger).post(*write).status_code for write in writes} == {404}
    assert {Api(stranger).get(read).status_code for read in reads} == {404}
    assert {Api(viewer).post(*write).status_code for write in writes} == {403}
    assert {Api(viewer).get(read).status_code for read in reads} == {200}


def rekeyed(dataset: Dataset, key: str, new: str) -> None:
    """Give an item of the draft another key."""
    item = dataset.item_rows.in_draft().get(key=key)
    edit_item(item=item, seen_at=item.changed_at, changes={"key": new}, by=None)


def told(dataset: Dataset, key: str) -> list[tuple[str, str]]:
    """Return kind and key of what happened to an item, newest first."""
    return [(event.kind, event.edit.key if event.edit else event.row.key) for event in history_of(dataset, key)]  # type: ignore[union-attr]


def test_history_of_an_item_follows_its_changed_keys_and_leaves_those_of_others_out(dataset: Dataset) -> None:
    rekeyed(dataset, "a", "b2")
    rekeyed(dataset, "b2", "a2")
    rekeyed(dataset, "c", "a")

    assert told(dataset, "a2") == [("changed", "a2"), ("changed", "b2"), ("added", "a")]
    assert told(dataset, "a") == [("changed", "a"), ("added", "c")]
    assert told(dataset, "b") == [("added", "b")]


def test_undo_finds_items_whose_keys_were_changed_since(dataset: Dataset) -> None:
    bulk = edited(dataset, "move", "train")
    rekeyed(dataset, "a", "a2")
    rekeyed(dataset, "c", "a")

    undo = undo_bulk_edit(bulk=bulk, by=None)

    assert undo.left == []
    assert {key: split for key, (_, split) in draft(dataset).items()} == {"a": "", "a2": "", "b": "test"}


def test_revert_finds_the_item_whose_key_was_changed_since(dataset: Dataset) -> None:
    edited(dataset, "move", "train")
    rekeyed(dataset, "a", "a2")

    revert_item(row=Item.objects.get(dataset=dataset, key="a", since=1), by=None)

    assert draft(dataset)["a2"] == ("|old|", "")
    assert "a" not in draft(dataset)
    assert not removed_items(dataset).exists()
