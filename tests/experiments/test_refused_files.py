"""Files that cannot be imported: the page, the API and the command line say the same sentence, and keep nothing."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape

from evalsite.commands import CommandFailed
from experiments.actions import DataFile, ImportOptions, preview_file, start_import, upload_file
from experiments.actions.imports import run_import
from experiments.actions.refusals import ActionRefused
from experiments.models import DataImport, Item, Project
from tests.api_client import Api

pytestmark = pytest.mark.django_db

CASES = [
    ("a.csv", b"", "a.csv: the file is empty: it has to hold one row at least"),
    ("a.csv", b"\n \n", "a.csv: the file is empty: it has to hold one row at least"),
    (
        "a.csv",
        b"key,input\n",
        "a.csv holds no items: there has to be one row at least below the line of column names",
    ),
    ("a.json", b"[]", "a.json holds no items: there has to be one row at least"),
    ("a.csv", b"input,input\nx,y\n", 'a.csv: the column "input" is there twice: rename one'),
    ("a.csv", b"input,\nx,lost\n", 'line 2: "lost" stands under no column name'),
    ("a.json", b"[1, 2]", "line 1: row 2 of the list: a row is an object, {...}"),
    ("a.json", b'[{"input": NaN}]', "One good row is needed at least."),
    ("a.json", b'{"input": "x"}', "a.json: a JSON dataset is a list of objects"),
    ("a.csv", b'[{"input": "x"}]', "a.csv: this is JSON, not a table: name it .json"),
    ("a.csv", "input\nGrüße\n".encode() + b"\xff\n", "a.csv: line 3 is no text in UTF-8: save the file as UTF-8"),
    ("a.csv", b"PK\x03\x04rest", "a.csv: this is a zip or a spreadsheet, whatever its name: export it as CSV"),
    ("a.csv.gz", gzip.compress(b"input\nx\n", mtime=0)[:12], "a.csv.gz: the packed file is broken"),
    ("a.xlsx", b"PK\x03\x04rest", "a.xlsx: its name ends in none of .csv, .tsv, .json, .jsonl"),
]


@pytest.fixture(autouse=True)
def own_uploads(tmp_path: Path, settings: LazySettings) -> None:
    """Give each test a data directory of its own."""
    settings.DATA_DIR = tmp_path / "data"


def said_by_command(folder: Path, project: Project, name: str, data: bytes) -> str:
    """Return why the command line does not take a file."""
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(CommandFailed) as caught:
        call_command("import", str(path), dataset="d", project=project.name, stdout=io.StringIO(), stderr=io.StringIO())
    return str(caught.value)


def said_by_api(project: Project, editor: Any, name: str, data: bytes) -> str:
    """Return why the API does not take a file, at once or after a worker has read it."""
    api = Api(editor)
    dataset = api.post("datasets/", {"name": "by API", "project": project.name}).json()
    answer = api.send(f"datasets/{dataset['id']}/import/", {"file": SimpleUploadedFile(name, data)})
    if answer.status_code == 400:
        return str(answer.json()["errors"][0]["detail"])
    run_import(DataImport.objects.get(uid=answer.json()["id"]))
    return str(api.get(f"imports/{answer.json()['id']}/").json()["detail"])


def said_by_page(project: Project, editor: Any, name: str, data: bytes) -> str:
    """Return the page that does not take a file."""
    client = Client()
    client.force_login(editor)
    form = {"project": project.pk, "name": "by page", "file": SimpleUploadedFile(name, data)}
    return client.post("/datasets/import/", form, follow=True).content.decode()


@pytest.mark.parametrize(("name", "data", "sentence"), CASES)
def test_refused_file_is_answered_with_one_sentence_everywhere(
    tmp_path: Path, project: Project, editor: Any, name: str, data: bytes, sentence: str
) -> None:
    assert sentence in said_by_command(tmp_path, project, name, data)
    assert sentence in said_by_api(project, editor, name, data)
    assert escape(sentence) in said_by_page(project, editor, name, data)
    assert not Item.objects.exists()


def test_key_twice_in_one_line_of_a_list_is_a_bad_row_that_may_be_left_out(project: Project, editor: Any) -> None:
    rows = [{"key": "a", "input": "x"}, {"key": "b", "input": "y"}, {"key": "a", "input": "z"}]
    file = SimpleUploadedFile("a.json", json.dumps(rows).encode())
    made = upload_file(project=project, name="d", file=file, by=editor)

    run_import(start_import(data_import=made, by=editor, options={"skips_bad_rows": True}))

    made.refresh_from_db()
    reason = 'row 3 of the list: row 1 of the list and row 3 of the list have the key "a"'
    assert made.bad_rows == [{"line": 1, "reason": reason}]
    assert [item.key for item in Item.objects.order_by("position")] == ["a", "b"]


def test_file_whose_columns_say_nothing_asks_which_is_the_input(tmp_path: Path, project: Project, editor: Any) -> None:
    sentence = 'a.csv: there is no column "input"; there are foo, bar: say which of them is the input'

    assert said_by_command(tmp_path, project, "a.csv", b"foo,bar\n1,2\n") == sentence
    assert said_by_api(project, editor, "a.csv", b"foo,bar\n1,2\n") == sentence


def test_rows_of_which_all_are_bad_are_named_although_bad_rows_may_be_left_out(project: Project, editor: Any) -> None:
    made = upload_file(project=project, name="d", file=SimpleUploadedFile("a.csv", b"input\n \n\x00,y\n"), by=editor)

    run_import(start_import(data_import=made, by=editor, options={"skips_bad_rows": True}))

    made.refresh_from_db()
    assert made.detail == (
        "a.csv: 1 of 1 row is bad, so nothing was imported. One good row is needed at least.\n"
        "  line 3: 2 cells where the first line names 1 column"
    )


def test_page_says_what_to_do_with_more_columns_than_a_form_holds(project: Project, editor: Any) -> None:
    names = ",".join(f"c{number}" for number in range(501)).encode()

    page = said_by_page(project, editor, "a.csv", names + b"\n" + names + b"\n")

    assert "a.csv has 501 columns, and this page maps 500: leave some out" in page
    assert "Choose another file" in page


def test_preview_shows_bad_rows_at_the_beginning_when_a_good_one_follows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("input,x\n" + "short\n" * 30 + "good,1\n")

    found = preview_file(DataFile(tmp_path / "a.csv"), ImportOptions())

    assert (found.columns, len(found.rows)) == (["input", "x"], 20)


def test_preview_of_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match="cannot be read: No such file"):
        preview_file(DataFile(tmp_path / "a.csv"), ImportOptions())
