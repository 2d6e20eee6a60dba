"""Writing items on the page: added, changed as they were seen, removed, restored; nothing typed is lost."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.actions import edit_item, freeze_dataset
from experiments.models import Dataset, Item, Project
from tests.factories import DatasetFactory, ItemFactory

FORM = {
    "key": "fr",
    "input": '{"question": "France?"}',
    "input_kind": "json",
    "expected": '["Paris", 75]',
    "expected_kind": "json",
    "metadata": '{"topic": "europe"}',
    "tags": "easy | short, or not",
    "split": "test",
}


@pytest.fixture
def dataset(project: Project) -> Dataset:
    return DatasetFactory(project=project, name="capitals")


@pytest.fixture
def item(dataset: Dataset) -> Item:
    """An item of the draft that no version holds."""
    return ItemFactory(dataset=dataset, key="a", input="one?", expected="1")


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def address(name: str, dataset: Dataset, *arguments: object) -> str:
    return reverse(f"experiments:{name}", args=[dataset.uid, *arguments])


def form_of(client: Client, item: Item, **changes: str) -> dict[str, str]:
    """Return what the item's form would send, with some parts changed."""
    page = client.get(address("item-detail", item.dataset, item.pk)).context["page"]
    parts = {name: getattr(page.typed, name) for name in page.typed.__dataclass_fields__}
    return {**parts, "seen_at": page.seen_at, **changes}


def post(client: Client, name: str, item: Item, data: Any) -> Any:
    return client.post(address(name, item.dataset, item.pk), data)


def test_item_new_adds_every_part_with_its_type(as_editor: Client, dataset: Dataset, editor: User) -> None:
    answer = as_editor.post(address("item-new", dataset), FORM)

    added = Item.objects.get()
    assert answer.status_code == 302
    assert added.content == {
        "key": "fr",
        "input": {"question": "France?"},
        "expected": ["Paris", 75],
        "metadata": {"topic": "europe"},
        "tags": ["easy", "short, or not"],
        "split": "test",
    }
    assert added.changed_by == editor


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"key": " "}, "an item needs a key"),
        ({"input": " ", "input_kind": "text"}, "the input is empty"),
        ({"input": "{"}, "the input is no JSON: a key in double quotes is expected in line 1, column 2; write it like"),
        (
            {"input": '{"a": 1,\n "b" 2}'},
            'no JSON: ":" is expected in line 2, column 6; write it like {"name": "value"}',
        ),
        ({"metadata": "[" * 100_000}, "the metadata is no JSON: the values are nested too deeply"),
        ({"expected": "NaN"}, "NaN is no number of JSON"),
        ({"metadata": "[1]"}, "metadata is an object"),
    ],
)
def test_item_new_that_does_not_fit_says_so_and_keeps_what_was_typed(
    as_editor: Client, dataset: Dataset, changes: dict[str, str], sentence: str
) -> None:
    answer = as_editor.post(address("item-new", dataset), {**FORM, **changes})

    assert answer.status_code == 422
    assert sentence in answer.context["page"].problem
    assert answer.context["page"].typed.tags == FORM["tags"]
    assert not Item.objects.exists()


def test_item_new_with_a_key_that_is_taken_is_refused(as_editor: Client, item: Item) -> None:
    answer = as_editor.post(address("item-new", item.dataset), {**FORM, "key": "a"})

    assert answer.status_code == 422
    assert 'the key "a" is taken' in answer.context["page"].problem


def test_item_detail_saved_unchanged_keeps_every_type(as_editor: Client, dataset: Dataset) -> None:
    as_editor.post(address("item-new", dataset), FORM)
    before = Item.objects.get()

    post(as_editor, "item-detail", before, form_of(as_editor, before))

    assert Item.objects.get().content == before.content


def test_item_detail_of_a_frozen_item_changes_the_draft_only(as_editor: Client, item: Item) -> None:
    version = freeze_dataset(dataset=item.dataset, by=None)

    post(as_editor, "item-detail", item, form_of(as_editor, item, input="two?"))

    assert [row.input for row in version.items] == ["one?"]
    assert [row.input for row in Item.objects.in_draft()] == ["two?"]


def test_item_detail_changed_by_somebody_else_shows_both_and_loses_none(as_editor: Client, item: Item) -> None:
    mine = form_of(as_editor, item, input="mine?")
    edit_item(item=item, seen_at=item.changed_at, changes={"input": "theirs?"}, by=None)

    refused = post(as_editor, "item-detail", item, mine)

    page = refused.context["page"]
    assert refused.status_code == 422
    assert (page.typed.input, page.theirs.input) == ("mine?", "theirs?")
    assert Item.objects.in_draft().get().input == "theirs?"

    post(as_editor, "item-detail", page.item, {**mine, "seen_at": page.seen_at})

    assert Item.objects.in_draft().get().input == "mine?"


def test_item_detail_shows_what_somebody_else_wrote_as_people_write_it(as_editor: Client, item: Item) -> None:
    mine = form_of(as_editor, item, input="mine?")
    changes = {"metadata": {"city": "Paris"}, "tags": ["easy", "sums"]}
    edit_item(item=item, seen_at=item.changed_at, changes=changes, by=None)

    page = post(as_editor, "item-detail", item, mine).content.decode()

    assert "{&quot;city&quot;: &quot;Paris&quot;}</dd>" in page
    assert "easy | sums</dd>" in page


def test_item_detail_of_a_frozen_item_changed_by_somebody_else_leads_to_their_row(
    as_editor: Client, item: Item
) -> None:
    freeze_dataset(dataset=item.dataset, by=None)
    mine = form_of(as_editor, item, input="mine?")
    theirs = edit_item(item=item, seen_at=item.changed_at, changes={"input": "theirs?"}, by=None)

    page = post(as_editor, "item-detail", item, mine).context["page"]

    assert page.item == theirs


def test_item_remove_and_restore(as_editor: Client, item: Item) -> None:
    freeze_dataset(dataset=item.dataset, by=None)

    post(as_editor, "item-remove", item, {"seen_at": item.changed_at.isoformat()})
    removed = as_editor.get(address("dataset-items", item.dataset) + "?removed=1").context["page"].rows

    assert not Item.objects.in_draft().exists()
    assert [row.item.key for row in removed] == ["a"]

    post(as_editor, "item-restore", item, {})

    assert [row.key for row in Item.objects.in_draft()] == ["a"]
    assert as_editor.get(address("dataset-items", item.dataset) + "?removed=1").context["page"].rows == []


def test_item_remove_of_an_item_that_somebody_changed_keeps_it(as_editor: Client, item: Item) -> None:
    seen = item.changed_at.isoformat()
    edit_item(item=item, seen_at=item.changed_at, changes={"input": "theirs?"}, by=None)

    post(as_editor, "item-remove", item, {"seen_at": seen})

    assert Item.objects.in_draft().exists()


@pytest.mark.parametrize("name", ["item-detail", "item-remove", "item-restore"])
def test_item_views_by_a_viewer_or_a_stranger_change_nothing(
    client: Client, item: Item, viewer: User, stranger: User, name: str
) -> None:
    data = {**FORM, "seen_at": item.changed_at.isoformat()}
    client.force_login(viewer)
    assert post(client, name, item, data).status_code == 403
    client.force_login(stranger)
    assert post(client, name, item, data).status_code == 404

    item.refresh_from_db()
    assert (item.input, item.until) == ("one?", None)


def test_item_detail_of_another_dataset_is_404(as_editor: Client, item: Item, project: Project) -> None:
    other = DatasetFactory(project=project)

    assert as_editor.get(address("item-detail", other, item.pk)).status_code == 404


@pytest.mark.parametrize(("text", "keys"), [("ONE", ["a"]), ("été", ["b"]), ('say "hi"', ["b"]), ("none", [])])
@pytest.mark.both
def test_dataset_items_are_found_by_text(as_editor: Client, item: Item, text: str, keys: list[str]) -> None:
    ItemFactory(dataset=item.dataset, key="b", input={"q": 'say "hi"'}, expected="été")

    page = as_editor.get(address("dataset-items", item.dataset), {"text": text}).context["page"]

    assert [row.item.key for row in page.rows] == keys


def test_dataset_items_look_for_a_text_a_stretch_at_a_time(
    as_editor: Client, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.item_search.LOOKED", 4)
    for number in range(9):
        ItemFactory(
            dataset=dataset, key=f"w{number}", position=100 + number, input="found" if number in (0, 8) else "-"
        )
    pages, query = [], "?text=found"
    while query:
        pages.append(as_editor.get(address("dataset-items", dataset) + query))
        query = pages[-1].context["page"].next_query

    assert [[row.item.key for row in page.context["page"].rows] for page in pages] == [["w0"], [], ["w8"]]
    assert ["Nothing found so far" in page.content.decode() for page in pages] == [False, True, False]
