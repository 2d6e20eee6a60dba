"""Imports as jobs: uploaded, mapped, written by a worker; cancelled with nothing kept; taken over after a kill."""

import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    cancel_import,
    create_dataset,
    freeze_dataset,
    start_import,
    upload_file,
)
from experiments.actions.imports import run_import
from experiments.models import DataImport, Dataset, ImportStatus, Item, Project
from tests.api_client import Api
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]
CAPITALS = b"id,question,answer,topic\n1,Capital of France?,Paris,europe\n2,Capital of Peru?,Lima,america\n"
MAPPING = {"key": "id", "input": "question", "expected": "answer", "metadata": {"topic": "topic"}}


@pytest.fixture(autouse=True)
def own_uploads(tmp_path: Path, settings: LazySettings) -> None:
    """Give each test a data directory of its own."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def uploaded(project: Project, editor: Any) -> Callable[..., DataImport]:
    """Upload a file into the dataset "capitals"."""

    def upload(data: bytes = CAPITALS, name: str = "capitals.csv") -> DataImport:
        return upload_file(project=project, name="capitals", file=SimpleUploadedFile(name, data), by=editor)

    return upload


def started(data_import: DataImport, by: Any = None, **options: Any) -> DataImport:
    """Start an import as the page does."""
    return start_import(data_import=data_import, by=by, options={"mapping": MAPPING, **options})


def worked(data_import: DataImport) -> DataImport:
    """Do a worker's part and return the import as it is then."""
    run_import(DataImport.objects.get(pk=data_import.pk))
    data_import.refresh_from_db()
    return data_import


def test_import_makes_a_version_and_leaves_no_file(uploaded: Callable[..., DataImport], editor: Any) -> None:
    done = worked(started(uploaded(), editor, note="first"))

    assert (done.status, done.detail, done.is_new_version) == (ImportStatus.COMPLETED, "", True)
    assert done.version is not None
    assert (str(done.version), done.version.item_count, done.version.note) == ("capitals@1", 2, "first")
    item = done.version.items.get(key="2")
    assert (item.input, item.expected, item.metadata) == ("Capital of Peru?", "Lima", {"topic": "america"})
    assert item.changed_by == editor
    assert not done.path.exists()


def test_same_file_again_makes_no_new_version(uploaded: Callable[..., DataImport]) -> None:
    worked(started(uploaded()))

    again = worked(started(uploaded()))

    assert (again.status, again.is_new_version) == (ImportStatus.COMPLETED, False)
    assert Dataset.objects.get().versions.count() == 1


@pytest.mark.parametrize(("is_merge", "keys"), [(True, ["1", "2", "3"]), (False, ["2", "3"])])
def test_merge_keeps_what_the_file_has_not(
    uploaded: Callable[..., DataImport], is_merge: bool, keys: list[str]
) -> None:
    worked(started(uploaded()))
    more = b"id,question,answer,topic\n2,Capital of Peru now?,Lima,america\n3,Capital of Chad?,N'Djamena,africa\n"

    done = worked(started(uploaded(more), is_merge=is_merge))

    assert done.version is not None
    assert [item.key for item in done.version.items] == keys
    assert done.version.items.get(key="2").input == "Capital of Peru now?"


def test_bad_rows_stop_an_import_and_are_told_by_line(uploaded: Callable[..., DataImport]) -> None:
    data = CAPITALS + b"2,Again?,x,y\n,No key?,x,y\n"

    failed = worked(started(uploaded(data)))

    assert (failed.status, failed.bad_row_count, Item.objects.count()) == (ImportStatus.FAILED, 2, 0)
    assert [row["line"] for row in failed.bad_rows] == [4, 5]
    assert 'lines 3 and 4 have the key "2"' in failed.detail
    mended = worked(started(failed, skips_bad_rows=True))
    assert (mended.status, mended.detail, mended.bad_row_count) == (ImportStatus.COMPLETED, "", 2)
    assert mended.version is not None
    assert (mended.version.item_count, mended.version.bad_row_count) == (2, 2)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.csv", b"", "is empty"),
        ("items.xlsx", b"PK\x03\x04", "export it as CSV"),
        ("noname", b"a,b\n1,2\n", "its name ends in none of"),
    ],
)
def test_upload_of_what_is_no_data_file_is_refused(
    uploaded: Callable[..., DataImport], name: str, data: bytes, sentence: str
) -> None:
    with pytest.raises(ActionRefused, match=sentence):
        uploaded(data, name)

    assert not DataImport.objects.exists()


def test_spreadsheet_renamed_fails_with_a_sentence(uploaded: Callable[..., DataImport]) -> None:
    failed = worked(started(uploaded(b"PK\x03\x04xxxx", "items.csv")))

    assert (failed.status, "export it as CSV" in failed.detail) == (ImportStatus.FAILED, True)
    assert failed.detail.startswith("items.csv")


def test_packed_json_lines_are_imported(uploaded: Callable[..., DataImport]) -> None:
    rows = [{"id": n, "question": f"{n}?", "answer": [n, str(n)], "topic": "numbers"} for n in range(3)]
    data = gzip.compress("\n".join(map(json.dumps, rows)).encode())

    done = worked(started(uploaded(data, "numbers.jsonl.gz")))

    assert done.version is not None
    assert [item.expected for item in done.version.items] == [[0, "0"], [1, "1"], [2, "2"]]


def test_import_over_a_draft_that_people_edited_fails_and_keeps_it(
    uploaded: Callable[..., DataImport], project: Project, editor: Any
) -> None:
    from experiments.actions import add_item

    dataset = create_dataset(project=project, name="capitals", by=editor)
    add_item(dataset=dataset, content={"key": "mine", "input": "?"}, by=editor)

    failed = worked(started(uploaded()))

    assert (failed.status, "freeze it first" in failed.detail) == (ImportStatus.FAILED, True)
    assert [item.key for item in Item.objects.all()] == ["mine"]


def test_viewer_may_neither_upload_nor_cancel(
    uploaded: Callable[..., DataImport], project: Project, viewer: Any
) -> None:
    made = uploaded()

    with pytest.raises(PermissionDenied):
        upload_file(project=project, name="x", file=SimpleUploadedFile("a.csv", CAPITALS), by=viewer)
    with pytest.raises(PermissionDenied):
        start_import(data_import=made, by=viewer, options={})
    with pytest.raises(PermissionDenied):
        cancel_import(data_import=made, by=viewer)


@pytest.mark.parametrize(
    "mapping",
    [[], {}, {"inputs": "question"}, {"input": 7}, {"input": {"a b": "question"}}, {"key": {"a": "b"}, "input": "x"}],
)
def test_mapping_that_is_none_is_refused(uploaded: Callable[..., DataImport], mapping: Any) -> None:
    made = uploaded()

    with pytest.raises(ActionRefused) as refusal:
        started(made, mapping=mapping)

    assert refusal.value.field == "mapping"


def test_column_that_is_not_there_is_named(uploaded: Callable[..., DataImport]) -> None:
    failed = worked(started(uploaded(), mapping={"input": "qestion"}))

    assert 'there is no column "qestion"' in failed.detail
    assert 'did you mean "question"?' in failed.detail


def test_import_starts_once(uploaded: Callable[..., DataImport]) -> None:
    made = started(uploaded())

    with pytest.raises(ActionConflict):
        started(made)
    worked(made)
    with pytest.raises(ActionConflict):
        started(made)
    run_import(DataImport.objects.get(pk=made.pk))
    assert Dataset.objects.get().versions.count() == 1


def test_import_cancelled_before_it_began_keeps_nothing(uploaded: Callable[..., DataImport]) -> None:
    made = cancel_import(data_import=uploaded(), by=None)

    assert (made.status, made.path.exists(), made.is_over) == (ImportStatus.CANCELLED, False, True)
    with pytest.raises(ActionConflict):
        cancel_import(data_import=made, by=None)


MANY = b"id,question,answer,topic\n" + b"".join(b"%d,What is %d?,%d,n\n" % (n, n, n) for n in range(450))


class Interrupted(Exception):
    """The process of the job is gone."""


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, Callable[[], object]], None]]:
    """Call something when the watch of an import has been asked so many times while rows are written."""
    from experiments import chunks
    from experiments.actions import imports

    monkeypatch.setattr(imports, "TOLD_EVERY_S", 0.0)
    monkeypatch.setattr(chunks, "MOST", 50)
    original = imports._Watch.wrote

    def set_up(at: int, act: Callable[[], object]) -> None:
        asked = iter(range(1_000))

        def watched(watch: Any, done: int, total: int) -> None:
            if next(asked) == at:
                act()
            original(watch, done, total)

        monkeypatch.setattr(imports._Watch, "wrote", watched)

    return set_up


@pytest.mark.parametrize("moment", [0, 2, 4])
def test_import_cancelled_while_it_writes_takes_everything_back(
    uploaded: Callable[..., DataImport], interrupt: Callable[..., None], moment: int
) -> None:
    worked(started(uploaded()))
    before = list(Item.objects.order_by("pk").values())
    made = started(uploaded(MANY))
    interrupt(moment, lambda: cancel_import(data_import=made, by=None))

    ended = worked(made)

    assert (ended.status, ended.ended_at is not None, ended.path.exists()) == (ImportStatus.CANCELLED, True, False)
    assert list(Item.objects.order_by("pk").values()) == before
    dataset = Dataset.objects.get()
    assert (dataset.filling_hash, dataset.versions.count()) == ("", 1)
    assert freeze_dataset(dataset=dataset, by=None).number == 1


def test_cancelled_import_of_bad_rows_stays_cancelled(uploaded: Callable[..., DataImport]) -> None:
    made = started(uploaded(CAPITALS + b",No key?,x,y\n"))
    cancel_import(data_import=made, by=None)

    ended = worked(made)

    assert (ended.status, ended.detail, ended.path.exists()) == (ImportStatus.CANCELLED, "", False)


def test_import_whose_job_was_killed_is_done_by_the_next(
    uploaded: Callable[..., DataImport], interrupt: Callable[..., None]
) -> None:
    made = started(uploaded(MANY))

    def die() -> None:
        raise Interrupted

    interrupt(3, die)
    with pytest.raises(Interrupted):
        run_import(DataImport.objects.get(pk=made.pk))
    assert 0 < Item.objects.count() < 450

    done = worked(made)

    assert done.version is not None
    assert (done.status, done.lease, done.version.item_count) == (ImportStatus.COMPLETED, 2, 450)


def test_import_cancelled_after_its_job_was_killed_takes_everything_back(
    uploaded: Callable[..., DataImport], interrupt: Callable[..., None]
) -> None:
    made = started(uploaded(MANY))

    def die() -> None:
        raise Interrupted

    interrupt(3, die)
    with pytest.raises(Interrupted):
        run_import(DataImport.objects.get(pk=made.pk))
    cancel_import(data_import=made, by=None)
    assert list(DataImport.objects.unfinished()) == [made]

    ended = worked(made)

    assert (ended.status, Item.objects.count(), Dataset.objects.count()) == ("cancelled", 0, 0)
    assert not DataImport.objects.unfinished().exists()


def test_cancelled_import_leaves_a_dataset_that_people_made(
    project: Project, uploaded: Callable[..., DataImport], interrupt: Callable[..., None]
) -> None:
    create_dataset(project=project, name="capitals", by=None)
    made = started(uploaded(MANY))

    def die() -> None:
        raise Interrupted

    interrupt(3, die)
    with pytest.raises(Interrupted):
        run_import(DataImport.objects.get(pk=made.pk))
    cancel_import(data_import=made, by=None)
    worked(made)

    assert (Item.objects.count(), Dataset.objects.get().filling_hash) == (0, "")


def test_job_that_was_overtaken_leaves_the_draft_to_the_other(
    uploaded: Callable[..., DataImport], interrupt: Callable[..., None]
) -> None:
    made = started(uploaded(MANY))
    interrupt(2, lambda: DataImport.objects.get(pk=made.pk).take())

    late = worked(made)

    assert (late.status, Item.objects.count() > 0) == (ImportStatus.RUNNING, True)
    assert worked(made).status == ImportStatus.COMPLETED


def test_page_leads_from_a_file_to_a_version(project: Project, editor: Any, client: Client) -> None:
    client.force_login(editor)
    form = {"project": project.pk, "name": "capitals", "file": SimpleUploadedFile("capitals.csv", CAPITALS)}

    mapping = client.post("/datasets/import/", form, follow=True)
    page, shown = mapping.request["PATH_INFO"], mapping.content.decode()
    assert "Capital of France?" in shown
    for number, role in enumerate(["key", "input", "expected", "metadata"]):
        assert f'name="role-{number}"' in shown
        assert f'value="{role}" selected' in shown

    answers = {f"role-{number}": role for number, role in enumerate(["key", "input", "expected", "tags"])}
    preview = client.post(f"{page}preview/", answers)
    assert '<span class="tag" dir="auto">europe</span>' in preview.content.decode()
    twice = client.post(page, {**answers, "role-3": "input"})
    assert (twice.status_code, "cannot both be the input" in twice.content.decode()) == (422, True)

    running = client.post(page, {**answers, "note": "by hand"}, follow=True)
    assert "Waiting for a worker" in running.content.decode()
    assert "HX-Refresh" not in client.get(f"{page}progress/").headers
    run_import(DataImport.objects.get())
    assert client.get(f"{page}progress/").headers["HX-Refresh"] == "true"
    done = client.get(page).content.decode()
    assert "capitals@1" in done
    assert "New experiment with it" in done
    assert "2 added" in done


def test_page_counts_the_items_that_are_there_and_keeps_them_unless_told_otherwise(
    uploaded: Callable[..., DataImport], editor: Any, client: Client
) -> None:
    client.force_login(editor)
    worked(started(uploaded(CAPITALS)))
    other = uploaded(b"id,question,answer\n9,Capital of Spain?,Madrid\n", "more.csv")
    answers = {f"role-{number}": role for number, role in enumerate(["key", "input", "expected"])}

    shown = client.get(f"/imports/{other.uid}/").content.decode()
    client.post(f"/imports/{other.uid}/", answers)

    there = Item.objects.in_draft().count()
    assert f"{there} items are there" in shown
    assert 'value="merge" checked' in shown
    assert DataImport.objects.get(pk=other.pk).is_merge


def test_page_replaces_items_when_that_is_chosen(
    uploaded: Callable[..., DataImport], editor: Any, client: Client
) -> None:
    client.force_login(editor)
    worked(started(uploaded(CAPITALS)))
    other = uploaded(CAPITALS)

    client.post(f"/imports/{other.uid}/", {"role-0": "key", "role-1": "input", "how": "replace"})

    assert not DataImport.objects.get(pk=other.pk).is_merge


def test_page_names_the_dataset_after_its_file(project: Project, editor: Any, client: Client) -> None:
    client.force_login(editor)
    packed = SimpleUploadedFile("capitals.CSV.gz", gzip.compress(CAPITALS))

    client.post("/datasets/import/", {"project": project.pk, "name": "", "file": packed})

    assert DataImport.objects.get().dataset_name == "capitals"


def test_page_keeps_bad_rows_to_be_mended(uploaded: Callable[..., DataImport], editor: Any, client: Client) -> None:
    client.force_login(editor)
    failed = worked(started(uploaded(CAPITALS + b"2,Again?,x,y\n")))

    page = client.get(f"/imports/{failed.uid}/").content.decode()

    assert "lines 3 and 4 have the key" in page
    assert "Leave bad rows out" in page


def test_page_of_a_file_that_cannot_be_read_says_why(
    uploaded: Callable[..., DataImport], editor: Any, client: Client
) -> None:
    client.force_login(editor)
    broken = uploaded(b"PK\x03\x04xxxx", "items.csv")

    page = client.get(f"/imports/{broken.uid}/")

    assert (page.status_code, "export it as CSV" in page.content.decode()) == (200, True)


def test_strangers_see_no_import(uploaded: Callable[..., DataImport], client: Client) -> None:
    made, stranger = uploaded(), UserFactory()
    client.force_login(stranger)

    pages = ["", "progress/"]
    assert {client.get(f"/imports/{made.uid}/{page}").status_code for page in pages} == {404}
    assert {client.post(f"/imports/{made.uid}/{page}").status_code for page in ["", "preview/", "cancel/"]} == {404}
    assert Api(stranger).get(f"/api/v1/imports/{made.uid}/").status_code == 404


def test_api_imports_and_exports(project: Project, editor: Any) -> None:
    api = Api(editor)
    dataset = api.post("/api/v1/datasets/", {"name": "capitals", "description": "of the world"}).json()
    body = {"file": SimpleUploadedFile("capitals.csv", CAPITALS), "mapping": json.dumps(MAPPING), "note": "by API"}

    sent = api.send(f"datasets/{dataset['id']}/import/", body)

    assert sent.status_code == 202, sent.content
    run_import(DataImport.objects.get())
    done = api.get(f"/api/v1/imports/{sent.json()['id']}/").json()
    assert (done["status"], done["done_count"], done["is_new_version"]) == ("completed", 2, True)
    exported = api.get(f"/api/v1/datasets/{dataset['id']}/export/?format=csv&version=1")
    text = b"".join(exported.streaming_content).decode()
    assert text.splitlines()[0] == "key,input,expected,metadata.topic,tags,split"
    assert 'filename="capitals-1.csv"' in exported.headers["Content-Disposition"]
    assert api.get(f"/api/v1/datasets/{dataset['id']}/export/?version=9").status_code == 404
    assert api.get(f"/api/v1/datasets/{dataset['id']}/export/?format=xlsx").status_code == 400


def test_api_refuses_what_is_no_import(project: Project, editor: Any) -> None:
    api = Api(editor)
    dataset = create_dataset(project=project, name="capitals", by=editor)
    address = f"datasets/{dataset.uid}/import/"
    wrong = {"file": SimpleUploadedFile("capitals.csv", CAPITALS), "mapping": "{"}

    assert api.send(address, wrong).status_code == 400
    assert api.send(address, {"note": "no file"}).status_code == 400
    assert api.post(address, {"file": "x"}).status_code == 415
    assert not DataImport.objects.filter(status=ImportStatus.RUNNING).exists()


def test_command_imports_in_the_foreground(tmp_path: Path, project: Project) -> None:
    path = tmp_path / "more.csv"
    path.write_bytes(CAPITALS)

    call_command(
        "import",
        str(path),
        dataset="more",
        project=project.name,
        input=["question"],
        key="id",
        stdout=(said := io.StringIO()),
    )

    assert said.getvalue() == "more@1: 2 items (2 added, 0 changed, 0 removed).\n"
