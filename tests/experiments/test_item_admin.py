"""The admin's list of items: drafts of the curator's projects, narrowed and changed by the site's own actions."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Success

from experiments.models import Dataset, Item, Project
from tests.factories import DatasetFactory, DatasetVersionFactory, ItemFactory

LIST = "admin:experiments_item_changelist"


@pytest.fixture
def dataset(project: Project) -> Dataset:
    """A dataset of the project with version 1 frozen and two items in the draft."""
    dataset = DatasetFactory(project=project, name="capitals", draft_number=2)
    DatasetVersionFactory(dataset=dataset, number=1, item_count=1)
    ItemFactory(dataset=dataset, key="frozen-one", since=1, split="test", tags="|easy|")
    ItemFactory(dataset=dataset, key="draft-one", since=2)
    return dataset


def curator(user: User) -> Client:
    """Return a client signed in as this person, made a member of the group "Curators"."""
    import_module("experiments.migrations.0013_curators").make_group(apps, None)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=False)
    user.groups.add(Group.objects.get(name="Curators"))
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def listed(client: Client, **query: Any) -> str:
    """Return the list of items as this client sees it."""
    return client.get(reverse(LIST), query, follow=True).content.decode()


def bulk(client: Client, action: str, items: list[Item], **more: str) -> str:
    """Ask for an action on items and return the page that answers."""
    if "confirmed" in more:
        more["confirmed"] = str(len(items))
    posted = {"action": action, "_selected_action": [item.pk for item in items], **more}
    address = f"{reverse(LIST)}?dataset={items[0].dataset_id}"
    return client.post(address, posted, follow=True).content.decode()


def test_item_list_offers_archived_datasets_only_while_one_is_chosen(editor: User, dataset: Dataset) -> None:
    other, client = DatasetFactory(project=dataset.project, name="rivers"), curator(editor)
    Dataset.objects.filter(pk=other.pk).update(archived_at=timezone.now())

    assert f"?dataset={other.pk}" not in listed(client, dataset=str(dataset.pk))
    assert f"?dataset={other.pk}" in listed(client, dataset=str(other.pk))


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ({"split": "test"}, "frozen-one", "draft-one"),
        ({"tag": "easy"}, "frozen-one", "draft-one"),
        ({"version": "1"}, "frozen-one", "draft-one"),
        ({"q": "draft-"}, "draft-one", "frozen-one"),
    ],
)
def test_item_list_is_narrowed(editor: User, dataset: Dataset, query: dict[str, str], shown: str, hidden: str) -> None:
    page = listed(curator(editor), dataset=str(dataset.pk), **query)

    assert f">{shown}</a>" in page
    assert f">{hidden}</a>" not in page


def test_item_list_leaves_out_rows_that_an_edit_closed(editor: User, dataset: Dataset) -> None:
    Item.objects.filter(key="frozen-one").update(until=2)

    assert ">frozen-one</a>" not in listed(curator(editor))


@pytest.mark.parametrize("name", ["dataset", "version", "dataset__id"])
def test_item_list_survives_nonsense(editor: User, dataset: Dataset, name: str) -> None:
    assert curator(editor).get(reverse(LIST), {name: "99999999999999999999x"}, follow=True).status_code == 200


def test_item_list_shows_strangers_neither_items_nor_names(stranger: User, dataset: Dataset) -> None:
    page = listed(curator(stranger), dataset=str(dataset.pk))

    assert "draft-one" not in page
    assert "capitals" not in page
    assert "easy" not in page


def test_item_list_gives_its_times_to_the_readers_clock_and_other_lists_name_theirs(
    editor: User, dataset: Dataset
) -> None:
    client = curator(editor)
    items = listed(client)
    versions = client.get(reverse("admin:experiments_datasetversion_changelist")).content.decode()

    assert 'data-local="moment"' in items
    assert "local-time.js" in items
    assert f"{dataset.versions.get().frozen_at:%H:%M} UTC" in versions


def test_item_list_asks_as_often_for_twenty_items_as_for_two(editor: User, dataset: Dataset) -> None:
    client = curator(editor)
    listed(client)
    with CaptureQueriesContext(connection) as few:
        listed(client)
    ItemFactory.create_batch(18, dataset=dataset)
    with CaptureQueriesContext(connection) as many:
        listed(client)

    assert len(many) == len(few)


def test_item_list_of_a_draft_is_counted_and_cut_by_its_index(editor: User, dataset: Dataset) -> None:
    client = curator(editor)
    with CaptureQueriesContext(connection) as asked:
        listed(client, dataset=str(dataset.pk))

    reads = [query["sql"] for query in asked if 'FROM "experiments_item"' in query["sql"] and "SELECT" in query["sql"]]
    with connection.cursor() as cursor:
        plans = [str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in reads[:2]]
    assert all("INDEX item_d" in plan and "B-TREE" not in plan for plan in plans)


def test_item_list_that_is_narrowed_counts_up_to_ten_thousand(
    editor: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.admin.item_list.COUNTED", 60)
    ItemFactory.create_batch(75, dataset=dataset, split="train")

    page = listed(curator(editor), dataset=str(dataset.pk), split="train", p="2")

    assert "60+ items" in page
    assert page.count('class="action-select"') == 10


@pytest.mark.parametrize(("query", "of"), [({}, "1,060"), ({"q": "o"}, "of more than 1,000")])
def test_item_list_offers_all_of_it_with_the_thousands_parted(
    editor: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], of: str
) -> None:
    monkeypatch.setattr("experiments.admin.item_list.COUNTED", 1000)
    Item.objects.bulk_create(ItemFactory.build_batch(1058, dataset=dataset, since=2))

    page = listed(curator(editor), dataset=str(dataset.pk), **query)

    assert f"Select all {of} items" in page
    assert f"All {of} items selected" in page


def test_item_list_offers_the_names_that_edits_gave(editor: User, dataset: Dataset) -> None:
    client = curator(editor)
    bulk(client, "tag", [Item.objects.get(key="draft-one")], confirmed="yes", value="brand-new")

    assert f"?dataset={dataset.pk}&amp;tag=brand-new" in listed(client, dataset=str(dataset.pk))


@pytest.mark.parametrize("page", ["change", "history"])
def test_item_of_a_draft_opens_where_it_is_edited_and_has_its_history(
    editor: User, dataset: Dataset, page: str
) -> None:
    item = Item.objects.get(key="draft-one")

    opened = curator(editor).get(reverse(f"admin:experiments_item_{page}", args=[item.pk]))

    assert opened.headers["Location"] == reverse("experiments:item-detail", args=[dataset.uid, item.pk])


@pytest.mark.parametrize("page", ["change", "history"])
def test_item_of_strangers_does_not_open(stranger: User, dataset: Dataset, page: str) -> None:
    item = Item.objects.get(key="draft-one")

    opened = curator(stranger).get(reverse(f"admin:experiments_item_{page}", args=[item.pk]))

    assert opened.headers["Location"] == reverse("admin:index")


def test_bulk_action_shows_the_count_before_it_changes_anything(editor: User, dataset: Dataset) -> None:
    page = bulk(curator(editor), "tag", list(dataset.item_rows.all()))

    assert "Tag: 2 items" in page
    assert Item.objects.get(key="draft-one").tags == ""


def test_bulk_tag_keeps_the_frozen_row_and_writes_a_new_one(editor: User, dataset: Dataset) -> None:
    page = bulk(curator(editor), "tag", list(dataset.item_rows.all()), confirmed="yes", value="hard")

    assert "2 items edited" in page
    assert Item.objects.get(key="frozen-one", until=2).tags == "|easy|"
    assert Item.objects.get(key="frozen-one", until=None).tags == "|easy|hard|"
    assert Item.objects.get(key="frozen-one", until=None).changed_by == editor


@pytest.mark.parametrize(
    ("action", "value", "tags", "split"),
    [("untag", "easy", "", "test"), ("move_to_split", "train", "|easy|", "train")],
)
def test_bulk_edit_changes_its_part_alone(
    editor: User, dataset: Dataset, action: str, value: str, tags: str, split: str
) -> None:
    bulk(curator(editor), action, [Item.objects.get(key="frozen-one")], confirmed="yes", value=value)

    held = Item.objects.get(key="frozen-one", until=None)
    assert (held.tags, held.split) == (tags, split)


def test_bulk_remove_takes_items_out_of_the_draft_only(editor: User, dataset: Dataset) -> None:
    bulk(curator(editor), "remove", list(dataset.item_rows.all()), confirmed="yes")

    assert not dataset.item_rows.filter(until=None).exists()
    assert dataset.item_rows.filter(key="frozen-one", until=2).exists()


def test_bulk_action_of_a_viewer_changes_nothing_and_says_who_may(viewer: User, dataset: Dataset) -> None:
    page = bulk(curator(viewer), "remove", list(dataset.item_rows.all()), confirmed="yes")

    assert "may do this (edit dataset)" in page
    assert dataset.item_rows.filter(until=None).count() == 2


def test_bulk_action_of_strangers_finds_nothing(stranger: User, dataset: Dataset) -> None:
    bulk(curator(stranger), "remove", list(dataset.item_rows.all()), confirmed="yes")

    assert dataset.item_rows.filter(until=None).count() == 2


@pytest.mark.parametrize("chosen", ["abc", "1" * 30, "-1", ""])
def test_bulk_action_on_what_is_no_item_says_so(editor: User, dataset: Dataset, chosen: str) -> None:
    posted = {"action": "remove", "_selected_action": [chosen], "confirmed": "1"}

    answer = curator(editor).post(f"{reverse(LIST)}?dataset={dataset.pk}", posted, follow=True)

    assert (answer.status_code, "Tick the items in the list" in answer.content.decode()) == (200, True)
    assert Item.objects.in_draft().count() == 2


def test_bulk_restore_brings_removed_items_back(editor: User, dataset: Dataset) -> None:
    client = curator(editor)
    bulk(client, "remove", [Item.objects.get(key="frozen-one")], confirmed="yes")

    page = client.post(
        f"{reverse(LIST)}?dataset={dataset.pk}&version=removed",
        {"action": "restore", "_selected_action": [Item.objects.get(key="frozen-one").pk], "confirmed": "1"},
        follow=True,
    ).content.decode()

    assert "1 item edited" in page
    assert Item.objects.get(key="frozen-one").until is None


def test_bulk_action_on_all_of_the_list_names_their_count(editor: User, dataset: Dataset) -> None:
    ItemFactory.create_batch(60, dataset=dataset)
    client, address = curator(editor), f"{reverse(LIST)}?dataset={dataset.pk}"
    posted = {"action": "tag", "_selected_action": ["1"], "select_across": "1"}

    asked = client.post(address, posted, follow=True).content.decode()
    client.post(address, {**posted, "confirmed": "62", "value": "all"})

    assert "Tag: 62 items" in asked
    assert dataset.item_rows.in_draft().tagged(["all"]).count() == 62


def test_bulk_action_on_a_list_that_changed_meanwhile_asks_again(editor: User, dataset: Dataset) -> None:
    posted = {"action": "remove", "_selected_action": ["1"], "select_across": "1", "confirmed": "1"}

    page = curator(editor).post(f"{reverse(LIST)}?dataset={dataset.pk}", posted, follow=True).content.decode()

    assert "The list has changed meanwhile" in page
    assert dataset.item_rows.in_draft().count() == 2


@pytest.mark.parametrize("more", [{}, {"confirmed": "1", "value": ""}, {"confirmed": "7", "value": "hard"}])
def test_bulk_action_that_is_not_done_leads_to_an_address_that_asks(
    editor: User, dataset: Dataset, more: dict[str, str]
) -> None:
    item, client = Item.objects.get(key="frozen-one"), curator(editor)
    posted = {"action": "tag", "_selected_action": [item.pk], **more}

    answer = client.post(f"{reverse(LIST)}?dataset={dataset.pk}&split=test", posted)
    page = client.get(answer.headers["Location"]).content.decode()

    assert answer.status_code == 302
    assert "Tag: 1 item" in page
    assert f'name="value" value="{more.get("value", "")}"' in page
    assert f'name="_selected_action" value="{item.pk}"' in page
    assert f'action="{reverse(LIST)}?dataset={dataset.pk}&amp;split=test"' in page


@pytest.mark.parametrize("asked", ["bulk=tag&chosen=abc", "bulk=tag", "bulk=nothing&chosen=all", "bulk=tag&chosen=0"])
def test_bulk_question_about_nothing_leads_to_the_list(editor: User, dataset: Dataset, asked: str) -> None:
    page = curator(editor).get(f"{reverse(LIST)}?dataset={dataset.pk}&{asked}", follow=True)

    assert "None of these items can be changed" in page.content.decode()
    assert page.redirect_chain == [(f"{reverse(LIST)}?dataset={dataset.pk}", 302)]


def test_bulk_question_of_a_page_that_is_gone_leads_to_the_list(editor: User, dataset: Dataset) -> None:
    page = curator(editor).get(f"{reverse(LIST)}?dataset={dataset.pk}&p=99&bulk=tag&chosen=all", follow=True)

    assert page.status_code == 200


def test_bulk_action_reaches_no_other_dataset(editor: User, dataset: Dataset) -> None:
    other = ItemFactory(dataset__project=dataset.project)

    address = f"{reverse(LIST)}?dataset={other.dataset_id}"
    chosen = [other.pk, Item.objects.get(key="draft-one").pk]
    posted = {"action": "remove", "_selected_action": chosen, "confirmed": "1"}
    page = curator(editor).post(address, posted, follow=True).content.decode()

    assert "1 item edited" in page
    assert dataset.item_rows.filter(until=None).count() == 2


@pytest.mark.parametrize(
    ("name", "status"), [("experiments_dataset", 200), ("runs_run", 403), ("django_q_success", 403)]
)
def test_curators_see_datasets_and_nothing_else(editor: User, name: str, status: int) -> None:
    assert curator(editor).get(reverse(f"admin:{name}_changelist")).status_code == status


@pytest.mark.parametrize("name", ["experiments_item", "experiments_dataset", "experiments_datasetversion"])
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_objects_of_strangers_have_no_page(stranger: User, dataset: Dataset, name: str, page: str) -> None:
    rows = {"experiments_item": dataset.item_rows, "experiments_datasetversion": dataset.versions}
    row = rows[name].all()[0] if name in rows else dataset

    shown = curator(stranger).get(reverse(f"admin:{name}_{page}", args=[row.pk]), follow=True).content.decode()

    assert "capitals" not in shown
    assert "frozen-one" not in shown


@pytest.mark.parametrize("name", ["experiments_item", "experiments_dataset", "experiments_datasetversion"])
def test_searches_and_filters_of_strangers_find_nothing(stranger: User, dataset: Dataset, name: str) -> None:
    client = curator(stranger)
    query = {"q": "capitals", "dataset": dataset.pk, "dataset__id__exact": dataset.pk, "tag": "easy", "split": "test"}

    pages = [client.get(reverse(f"admin:{name}_changelist"), {key: value}, follow=True) for key, value in query.items()]

    assert all("frozen-one" not in page.content.decode() for page in pages)
    assert all(">capitals" not in page.content.decode() for page in pages)


def test_autocomplete_shows_strangers_nothing(stranger: User, dataset: Dataset) -> None:
    asked = {"app_label": "experiments", "model_name": "item", "field_name": "dataset", "term": "cap"}

    found = curator(stranger).get(reverse("admin:autocomplete"), asked)

    assert found.json()["results"] == []


@pytest.mark.parametrize("model", ["success", "failure", "ormq", "schedule"])
def test_queue_is_for_superusers_and_shows_no_arguments(owner: User, model: str) -> None:
    Success.objects.create(
        id="1", name="import", func="experiments.tasks.import_data", args=("secret-argument",), kwargs={},
        result="secret-result", started=timezone.now(), stopped=timezone.now(), success=True,
    )  # fmt: skip
    staff, superuser = curator(owner), Client()
    superuser.force_login(User.objects.create_superuser("root"))
    everything = Permission.objects.filter(content_type__app_label="django_q")
    owner.user_permissions.add(*everything)

    shown = superuser.get(reverse(f"admin:django_q_{model}_changelist")).content.decode()
    opened = superuser.get(reverse("admin:django_q_success_change", args=["1"]), follow=True).content.decode()

    assert staff.get(reverse(f"admin:django_q_{model}_changelist")).status_code == 403
    assert "secret" not in shown + opened


def test_search_goes_through_a_stretch_at_a_time_and_names_the_item_with_the_key(
    editor: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.item_search.LOOKED", 4)
    for number in range(8):
        ItemFactory(dataset=dataset, key=f"w{number}", position=1000 + number, input="a rare word" * (number == 6))
    client, narrowed = curator(editor), {"dataset": str(dataset.pk), "q": "rare"}

    first = client.get(reverse(LIST), narrowed)
    further = client.get(reverse(LIST) + first.context["cl"].further).content.decode()
    named = listed(client, **{**narrowed, "q": "w7"})

    assert ">w6</a>" not in first.content.decode()
    assert ">w6</a>" in further
    assert "The item with this key" in named


def test_item_of_the_list_leads_back_to_it_when_it_is_saved(editor: User, dataset: Dataset) -> None:
    client, item = curator(editor), Item.objects.get(key="draft-one")
    opened = client.get(reverse(LIST), {"dataset": dataset.pk, "q": "draft-"}).context["cl"].rows[0].url
    form = client.get(opened).context
    typed = {"key": "draft-one", "input": "new", "input_kind": "text", "expected_kind": "text"}

    saved = client.post(opened, {**typed, "seen_at": form["page"].seen_at, "back": form["back"]})
    abroad = client.post(
        opened, {**typed, "seen_at": item.changed_at.isoformat(), "back": "https://elsewhere.example/"}
    )

    assert saved.headers["Location"] == f"{reverse(LIST)}?dataset={dataset.pk}&q=draft-"
    assert "elsewhere" not in abroad.headers.get("Location", "")


def test_item_list_shows_the_parts_of_an_item(editor: User, dataset: Dataset) -> None:
    Item.objects.filter(key="frozen-one").update(input={"q": "France?"}, expected=["Paris"])

    page = listed(curator(editor), dataset=str(dataset.pk))

    assert [f">{part}</td>" in page for part in ("q: France?", "[&quot;Paris&quot;]", "test", "easy")] == [True] * 4


def test_item_list_of_a_draft_that_a_file_is_written_into_says_so(editor: User, dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(filling_hash="x" * 64, draft_edit_count=1)

    page = listed(curator(editor), dataset=str(dataset.pk))

    assert "A file is being written into this draft" in page
    assert "Freeze as version" not in page
