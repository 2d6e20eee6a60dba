"""Files into datasets by API: looked at before they are started, listed, sent once under a key."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from experiments.actions.imports import run_import
from experiments.models import DataImport, Dataset, Item
from tests.api_client import Api
from tests.factories import DatasetFactory

ROWS = b"frage,antwort\nHauptstadt von Peru?,Lima\nHauptstadt von Kuba?,Havanna\n"
MAPPING = {"input": "frage", "expected": "antwort"}


@pytest.fixture
def dataset(project: Any) -> Dataset:
    return DatasetFactory(project=project, name="capitals")


def sent(api: Api, dataset: Dataset, key: str = "", rows: bytes = ROWS, **form: Any) -> Any:
    file = SimpleUploadedFile("capitals.csv", rows)
    headers = {**api._headers, **({"Idempotency-Key": key} if key else {})}
    return api._client.post(f"/api/v1/datasets/{dataset.uid}/import/", {"file": file, **form}, headers=headers)


def test_file_is_looked_at_before_it_is_started(editor: Any, dataset: Dataset) -> None:
    api = Api(editor)
    path = f"imports/{sent(api, dataset, start='false').json()['id']}/"

    by_names = api.post(f"{path}preview/", {}).json()
    seen = api.post(f"{path}preview/", {"mapping": MAPPING}).json()
    wrong = api.post(f"{path}preview/", {"mapping": {"inputs": "frage"}})
    started = api.post(f"{path}start/", {"mapping": MAPPING, "note": "first"}).json()

    assert (by_names["items"], by_names["mapping"]) == (seen["items"], MAPPING)
    assert (seen["columns"], seen["mapping"]) == (["frage", "antwort"], MAPPING)
    assert (seen["items"][0]["input"], seen["items"][0]["expected"]) == ("Hauptstadt von Peru?", "Lima")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "mapping")
    assert (started["status"], started["mapping"], started["note"]) == ("running", MAPPING, "first")
    assert api.post(f"{path}start/", {}).status_code == 409


def test_import_without_a_mapping_says_what_was_taken_for_what(editor: Any, dataset: Dataset) -> None:
    made = sent(Api(editor), dataset, rows=b"Nr.,Frage,Antwort\n7,Hauptstadt von Peru?,Lima\n").json()["id"]

    run_import(DataImport.objects.get(uid=made))

    found = Api(editor).get(f"imports/{made}/").json()
    assert (found["status"], found["mapping"]) == (
        "completed",
        {"key": "Nr.", "input": "Frage", "expected": "Antwort"},
    )
    assert (Item.objects.get().key, Item.objects.get().expected) == ("7", "Lima")


def test_mapping_that_was_taken_may_be_sent_again(editor: Any, dataset: Dataset) -> None:
    given = {"input": {"q": "frage"}, "expected": {"column": "antwort", "split": ","}, "tags": "thema"}
    made = sent(Api(editor), dataset, rows=b"frage,antwort,thema\na?,b,c\n", mapping=json.dumps(given)).json()["id"]

    run_import(DataImport.objects.get(uid=made))

    assert Api(editor).get(f"imports/{made}/").json()["mapping"] == given


def test_same_key_imports_a_file_once(editor: Any, dataset: Dataset) -> None:
    api = Api(editor)

    first, second = (sent(api, dataset, key="k") for _ in range(2))
    other = sent(api, dataset, key="k", rows=ROWS.replace(b"Lima", b"Cusco"))

    assert (first.status_code, second.status_code, other.status_code) == (202, 202, 409)
    assert first.json()["id"] == second.json()["id"]
    assert DataImport.objects.count() == 1


def test_imports_are_listed_by_dataset_and_status(editor: Any, stranger: Any, dataset: Dataset) -> None:
    api, other = Api(editor), DatasetFactory(project=dataset.project)
    made = sent(api, dataset, start="false").json()["id"]
    sent(api, other, start="false")

    found = api.get(f"imports/?dataset_id={dataset.uid}&status=uploaded").json()

    assert [one["id"] for one in found["items"]] == [made]
    assert api.get("imports/").json()["total"] == 2
    assert api.get("imports/?status=running").json()["items"] == []
    assert Api(stranger).get("imports/").json()["total"] == 0


def test_same_key_adds_an_item_once(editor: Any, dataset: Dataset) -> None:
    api, body = Api(editor), {"key": "peru", "input": "Peru?"}

    answers = [api.post(f"datasets/{dataset.uid}/items/", body, Idempotency_Key="k").status_code for _ in range(2)]

    assert answers == [201, 201]
    assert Item.objects.filter(dataset=dataset).count() == 1


def test_import_without_a_form_is_told_what_to_send(editor: Any, dataset: Dataset) -> None:
    answer = Api(editor).post(f"datasets/{dataset.uid}/import/", {"mapping": {}})

    assert (answer.status_code, answer.json()["detail"].split(",")[0]) == (415, "Send the file in a form")
