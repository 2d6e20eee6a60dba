"""Items and versions by API: what the page can do, with conditional edits."""

from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.models import Dataset, Item, Project
from tests.api_client import Api
from tests.factories import DatasetFactory, DatasetVersionFactory, ExperimentFactory, ItemFactory

CONTENT = {
    "key": "fr",
    "input": {"question": "France?"},
    "expected": ["Paris", 75],
    "metadata": {"n": 1},
    "tags": ["easy"],
    "split": "test",
}


@pytest.fixture
def dataset(project: Project) -> Dataset:
    return DatasetFactory(project=project, name="capitals")


@pytest.fixture
def api(editor: Any) -> Api:
    return Api(editor)


def content(body: Any) -> Any:
    return {name: body[name] for name in CONTENT}


def test_item_is_added_and_read_with_every_type(api: Api, dataset: Dataset) -> None:
    added = api.post(f"datasets/{dataset.uid}/items/", CONTENT)
    read = api.get(f"datasets/{dataset.uid}/items/fr")

    assert (added.status_code, content(added.json())) == (201, CONTENT)
    assert (read.json(), read["ETag"]) == (added.json(), added["ETag"])
    assert read.json()["changed_by"] == "editor"


@pytest.mark.parametrize("key", ["a b", "a/b", "ü", "a%2F", "restore", "a.b?c"])
def test_item_is_found_by_its_key_whatever_that_is(api: Api, dataset: Dataset, key: str) -> None:
    api.post(f"datasets/{dataset.uid}/items/", {"key": key, "input": "x"})

    assert api.get(f"datasets/{dataset.uid}/items/{quote(key, safe='')}/").json()["key"] == key


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": " "}, "key"),
        ({"input": ["x"]}, "input"),
        ({"input": "  "}, "input"),
        ({"metadata": []}, "metadata"),
        ({"tags": ["a|b"]}, "tags"),
        ({"tags": "a"}, "tags"),
        ({"split": 3}, "split"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_item_that_does_not_fit_is_400_naming_the_field(
    api: Api, dataset: Dataset, change: dict[str, Any], field: str
) -> None:
    answer = api.post(f"datasets/{dataset.uid}/items/", {**CONTENT, **change})

    assert answer.status_code == 400
    assert field in answer.json()["errors"][0]["field"]
    assert not Item.objects.exists()


def test_item_edit_with_the_etag_of_before_is_412_and_changes_nothing(api: Api, dataset: Dataset) -> None:
    etag = api.post(f"datasets/{dataset.uid}/items/", CONTENT)["ETag"]
    path = f"datasets/{dataset.uid}/items/fr/"

    first = api.patch(path, {"expected": "Paris"}, If_Match=etag)
    second = api.patch(path, {"expected": "Lyon"}, If_Match=etag)
    removed = api.delete(path, If_Match=etag)

    assert [answer.status_code for answer in (first, second, removed)] == [200, 412, 412]
    assert Item.objects.get().expected == "Paris"
    assert api.patch(path, {"expected": None}, If_Match=first["ETag"]).json()["expected"] is None


def test_item_removed_is_listed_and_comes_back(api: Api, dataset: Dataset) -> None:
    api.post(f"datasets/{dataset.uid}/items/", CONTENT)
    api.post(f"datasets/{dataset.uid}/freeze/", {"note": "first"})

    assert api.delete(f"datasets/{dataset.uid}/items/fr/").status_code == 204
    assert api.get(f"datasets/{dataset.uid}/items/").json()["total"] == 0
    assert api.get(f"datasets/{dataset.uid}/items/?removed=true").json()["items"][0]["key"] == "fr"

    restored = api.post(f"datasets/{dataset.uid}/restore/", {"key": "fr"})

    assert (restored.status_code, content(restored.json())) == (201, CONTENT)
    assert api.post(f"datasets/{dataset.uid}/restore/", {"key": "fr"}).status_code == 404


def test_items_are_listed_by_cursor_and_filtered(api: Api, dataset: Dataset) -> None:
    for key in "abc":
        api.post(f"datasets/{dataset.uid}/items/", {"key": key, "input": f"{key}?", "tags": [key]})

    first = api.get(f"datasets/{dataset.uid}/items/?limit=2").json()

    assert [item["key"] for item in first["items"] + api.get(first["next"]).json()["items"]] == ["a", "b", "c"]
    assert [item["key"] for item in api.get(f"datasets/{dataset.uid}/items/?tag=b").json()["items"]] == ["b"]
    assert [item["key"] for item in api.get(f"datasets/{dataset.uid}/items/?text=c%3F").json()["items"]] == ["c"]


@pytest.fixture
def wide(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """A dataset of more items than a page looks through for a text; the first and the last hold it."""
    monkeypatch.setattr("experiments.item_search.LOOKED", 4)
    texts = ["found", *["-"] * 7, "found"]
    for number, text in enumerate(texts):
        ItemFactory(dataset=dataset, key=f"w{number}", position=number, input=text)
    return dataset


def test_text_is_looked_for_a_stretch_at_a_time(api: Api, wide: Dataset) -> None:
    pages, address = [], f"datasets/{wide.uid}/items/?text=found"
    while address:
        pages.append(api.get(address).json())
        address = pages[-1]["next"]

    assert [[item["key"] for item in page["items"]] for page in pages] == [["w0"], [], ["w8"]]
    assert {page["total"] for page in pages} == {None}


def test_pages_of_a_text_lose_and_repeat_nothing(api: Api, wide: Dataset) -> None:
    keys, address = [], f"datasets/{wide.uid}/items/?text=-&limit=2"
    while address:
        page = api.get(address).json()
        keys += [item["key"] for item in page["items"]]
        address = page["next"]

    assert keys == [f"w{number}" for number in range(1, 8)]


def test_text_in_a_small_dataset_is_counted(api: Api, dataset: Dataset) -> None:
    for key in "abc":
        ItemFactory(dataset=dataset, key=key, input="found")

    first = api.get(f"datasets/{dataset.uid}/items/?text=found&limit=1").json()

    assert [first["total"], api.get(first["next"]).json()["total"]] == [3, 3]


@pytest.mark.parametrize(("query", "field"), [("offset=2", "offset"), ("cursor=WyJhIiwgbnVsbCwgMV0", "cursor")])
def test_place_that_means_nothing_for_a_text_is_refused(api: Api, wide: Dataset, query: str, field: str) -> None:
    answer = api.get(f"datasets/{wide.uid}/items/?text=found&{query}")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_freeze_answers_201_then_200_and_says_what_changed(api: Api, dataset: Dataset) -> None:
    api.post(f"datasets/{dataset.uid}/items/", CONTENT)

    first, again = (api.post(f"datasets/{dataset.uid}/freeze/", {"note": "n"}) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (first.json()["note"], first.json()["added_count"]) == ("n", 1)


def test_freeze_of_an_empty_draft_is_400(api: Api, dataset: Dataset) -> None:
    assert api.post(f"datasets/{dataset.uid}/freeze/", {}).status_code == 400


@pytest.fixture
def versions(api: Api, dataset: Dataset) -> list[str]:
    """Two versions, their ids: one item, then changed with another beside it."""
    api.post(f"datasets/{dataset.uid}/items/", CONTENT)
    first = api.post(f"datasets/{dataset.uid}/freeze/", {}).json()["id"]
    api.patch(f"datasets/{dataset.uid}/items/fr/", {"expected": "Paris"})
    api.post(f"datasets/{dataset.uid}/items/", {"key": "pe", "input": "Peru?"})
    return [first, api.post(f"datasets/{dataset.uid}/freeze/", {}).json()["id"]]


def test_diff_of_versions_and_of_the_draft(api: Api, dataset: Dataset, versions: list[str]) -> None:
    body = api.get(f"versions/{versions[1]}/diff/").json()
    api.delete(f"datasets/{dataset.uid}/items/pe/")
    draft = api.get(f"datasets/{dataset.uid}/diff/?show=removed").json()

    assert body["counts"] == {"added": 1, "changed": 1, "removed": 0}
    assert body["items"][0]["differences"] == [{"part": "expected", "before": '["Paris", 75]', "after": "Paris"}]
    assert api.get(f"versions/{versions[0]}/diff/?with={versions[1]}&show=added").json()["items"][0]["key"] == "pe"
    assert (draft["counts"]["removed"], draft["items"][0]["after"]) == (1, None)
    assert api.get(f"versions/{versions[1]}/diff/?show=all").status_code == 400


def test_diff_with_a_version_of_another_dataset_is_404(api: Api, project: Project, versions: list[str]) -> None:
    other = DatasetVersionFactory(dataset__project=project)

    assert api.get(f"versions/{versions[1]}/diff/?with={other.uid}").status_code == 404


def test_version_is_read_listed_and_restored(api: Api, versions: list[str]) -> None:
    items = api.get(f"versions/{versions[0]}/items/").json()["items"]
    restored = api.post(f"versions/{versions[0]}/restore/")

    assert [content(item) for item in items] == [CONTENT]
    assert restored.json()["content_hash"] == api.get(f"versions/{versions[0]}/").json()["content_hash"]


def test_dataset_is_renamed_archived_and_deleted_by_its_name(owner: Any, dataset: Dataset) -> None:
    api = Api(owner)
    path = f"datasets/{dataset.uid}/"
    etag = api.get(path)["ETag"]

    changed = api.patch(path, {"name": "cities", "archived": True}, If_Match=etag)

    assert (changed.json()["name"], changed.json()["archived_at"] is None) == ("cities", False)
    assert api.patch(path, {"name": "x"}, If_Match=etag).status_code == 412
    assert api.delete(f"{path}?name=capitals").status_code == 400
    assert api.delete(f"{path}?name=cities").status_code == 204
    assert api.get(path).status_code == 404


def test_dataset_in_use_is_not_deleted(owner: Any, project: Project) -> None:
    version = DatasetVersionFactory(dataset__project=project, dataset__name="used")
    ExperimentFactory(project=project, dataset_version=version, name="daily")

    answer = Api(owner).delete(f"datasets/{version.dataset.uid}/?name=used")

    assert (answer.status_code, "used by daily" in answer.json()["detail"]) == (409, True)


WRITES = [
    ("POST", "datasets/{d}/items/", CONTENT),
    ("PATCH", "datasets/{d}/items/a/", {"split": "x"}),
    ("DELETE", "datasets/{d}/items/a/", None),
    ("POST", "datasets/{d}/freeze/", {}),
    ("POST", "versions/{v}/restore/", None),
    ("PATCH", "datasets/{d}/", {"name": "x"}),
    ("DELETE", "datasets/{d}/?name=mine", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_writes_are_403_for_viewers_and_404_for_strangers(
    viewer: Any, stranger: Any, project: Project, method: str, path: str, body: Any
) -> None:
    version = DatasetVersionFactory(dataset__project=project, dataset__name="mine")
    ItemFactory(dataset=version.dataset, key="a")
    address = path.format(d=version.dataset.uid, v=version.uid)

    answers = [Api(person).call(method, address, body).status_code for person in (viewer, stranger)]

    assert answers == [403, 404]


def test_lists_make_as_many_queries_for_20_rows_as_for_one(api: Api, project: Project) -> None:
    version = DatasetVersionFactory(dataset__project=project, dataset__draft_number=2)
    ItemFactory(dataset=version.dataset)
    paths = [f"datasets/{version.dataset.uid}/items/", f"versions/{version.uid}/items/"]
    paths += [f"versions/{version.uid}/diff/?show=added"]

    before = [queries(api, path) for path in paths]
    ItemFactory.create_batch(20, dataset=version.dataset)

    assert [queries(api, path) for path in paths] == before


def queries(api: Api, path: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert api.get(path).status_code == 200
    return len(found)


@pytest.mark.parametrize(("query", "cell"), [("", "=1+1"), ("&for_spreadsheets=true", "'=1+1")])
def test_dataset_is_exported_faithfully_or_for_spreadsheets(api: Api, dataset: Dataset, query: str, cell: str) -> None:
    DatasetVersionFactory(dataset=dataset, number=1)
    ItemFactory(dataset=dataset, input="=1+1")

    answer = api.get(f"datasets/{dataset.uid}/export/?format=csv{query}")

    assert cell in b"".join(answer).decode().splitlines()[1].split(",")


@pytest.mark.parametrize("query", ["for_spreadsheets=true", "format=csv&for=spreadsheets", "format=xlsx"])
def test_dataset_is_not_exported_as_what_there_is_not(api: Api, dataset: Dataset, query: str) -> None:
    DatasetVersionFactory(dataset=dataset)

    assert api.get(f"datasets/{dataset.uid}/export/?{query}").status_code == 400
