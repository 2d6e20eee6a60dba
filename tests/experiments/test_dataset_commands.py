"""`evalsite import` and `evalsite export-dataset`: what comes in comes out again, and bad files change nothing."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from evalsite.commands import CommandFailed
from experiments.actions import add_item
from experiments.models import Dataset, DatasetVersion, Item

CSV = "id,Question,Answer,topic\n007,France?,Paris,europe\nb,Peru?,Lima,america\n"
MAPPED = ("--key", "id", "--input", "question=Question", "--expected", "Answer", "--metadata", "topic")
JSONL = """{"key": "a", "input": "one?", "expected": [1, "one"], "metadata": {"n": 1}, "tags": ["x", "y"], "split": "t"}
{"key": "b", "input": {"q": "=two?"}, "expected": null, "metadata": {}, "tags": [], "split": ""}
"""

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> str:
    """Return what a command prints."""
    output = io.StringIO()
    call_command(name, *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def written(folder: Path, text: str, name: str = "rows.csv") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def keys() -> list[str]:
    """Return the keys of the newest version in their order."""
    version = DatasetVersion.objects.get(dataset__name="capitals", number=DatasetVersion.objects.count())
    return [item.key for item in version.items]


@pytest.fixture
def imported(tmp_path: Path) -> Dataset:
    """The dataset of CSV at version 1."""
    run("import", written(tmp_path, CSV), "--dataset", "capitals", *MAPPED, "--note", "first")
    return Dataset.objects.get(name="capitals")


def test_import_maps_the_named_columns(imported: Dataset) -> None:
    first = Item.objects.get(key="007")

    assert (first.input, first.expected, first.metadata) == ({"question": "France?"}, "Paris", {"topic": "europe"})
    assert imported.versions.get().note == "first"


def test_import_without_options_takes_the_usual_names_and_says_so(tmp_path: Path) -> None:
    said = io.StringIO()
    path = written(tmp_path, "id,Question,Answer,topic\n007,France?,Paris,europe\n")

    call_command("import", path, "--dataset", "capitals", stdout=io.StringIO(), stderr=said)

    item = Item.objects.get(key="007")
    assert (item.input, item.expected, item.metadata) == ("France?", "Paris", {"topic": "europe"})
    assert "taken for key = id, input = Question, expected = Answer, metadata.topic = topic;" in said.getvalue()


def test_import_of_the_same_file_again_makes_no_version(imported: Dataset, tmp_path: Path) -> None:
    said = run("import", written(tmp_path, CSV), "--dataset", "capitals", *MAPPED)

    assert "no new version" in said
    assert imported.versions.count() == 1


@pytest.mark.parametrize(("option", "expected"), [((), ["b", "c"]), (("--merge",), ["007", "b", "c"])])
def test_import_replaces_or_merges(
    imported: Dataset, tmp_path: Path, option: tuple[str, ...], expected: list[str]
) -> None:
    file = written(tmp_path, "key,input\nb,Bolivia?\nc,Chad?\n")

    said = run("import", file, "--dataset", "capitals", *option)

    assert "1 added, 1 changed" in said
    assert keys() == expected


def test_import_with_a_bad_row_names_its_line_and_keeps_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, "key,input\na,one\na,two\n")

    with pytest.raises(CommandFailed, match=r'1 of 2 rows is bad(.|\n)*line 3: lines 2 and 3 have the key "a"'):
        run("import", file, "--dataset", "capitals")

    assert not Dataset.objects.exists()


def test_import_that_skips_bad_rows_keeps_the_good_ones(tmp_path: Path) -> None:
    run("import", written(tmp_path, "key,input\na,one\n,two\n"), "--dataset", "capitals", "--skip-bad-rows")

    assert keys() == ["a"]
    assert Dataset.objects.get().versions.get().bad_rows == [{"line": 3, "reason": "the key is empty"}]


def test_import_into_a_draft_that_people_edited_is_refused_without_loss(imported: Dataset, tmp_path: Path) -> None:
    add_item(dataset=imported, content={"key": "mine", "input": "by hand"}, by=None)

    with pytest.raises(CommandFailed, match="freeze it first"):
        run("import", written(tmp_path, "key,input\nb,Bolivia?\n"), "--dataset", "capitals")

    assert Item.objects.in_draft().filter(key="mine").exists()


@pytest.mark.parametrize(
    ("text", "name", "arguments", "sentence"),
    [
        ("", "rows.csv", (), "rows.csv"),
        ("key,input\n", "rows.csv", (), "holds no items"),
        (CSV, "rows.csv", ("--input", "Qestion"), 'no column "Qestion"; there are id, Question'),
        (CSV, "rows.csv", ("--input", "a=Question", "--input", "Answer"), "--input question=Answer"),
        (CSV, "rows.txt", (), "ends in none of"),
        ('[{"key": "a", "input": "x", "metadata": 3}]', "rows.json", (), "holds no object"),
    ],
)
def test_import_of_what_does_not_fit_says_what_to_do(
    tmp_path: Path, text: str, name: str, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandFailed, match=sentence):
        run("import", written(tmp_path, text, name), "--dataset", "capitals", *arguments)


def test_import_of_a_missing_file_or_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(CommandFailed, match="cannot be read: No such file"):
        run("import", str(tmp_path / "none.csv"), "--dataset", "capitals")
    with pytest.raises(CommandFailed, match="is a directory: name the file in it"):
        run("import", str(tmp_path / "folder.csv"), "--dataset", "capitals")


@pytest.mark.parametrize("file", ["-", "/dev/null"])
def test_import_of_what_cannot_be_read_twice_says_what_to_do(file: str) -> None:
    with pytest.raises(CommandFailed, match="cannot be read twice, as an import is: write its rows to a file"):
        run("import", file, "--dataset", "capitals", "--format", "csv")


def test_export_as_json_lines_keeps_every_type(tmp_path: Path) -> None:
    run("import", written(tmp_path, JSONL, "rows.jsonl"), "--dataset", "capitals")

    assert run("export_dataset", "capitals") == JSONL


@pytest.mark.parametrize("mapped", [(), ("--key", "key", "--input", "input", "--expected", "expected")])
def test_import_of_json_lines_takes_what_only_later_rows_have(tmp_path: Path, mapped: tuple[str, ...]) -> None:
    lines = '{"key": "a", "input": "one?"}\n{"key": "b", "input": "two?", "expected": 2}\n'

    run("import", written(tmp_path, lines, "rows.jsonl"), "--dataset", "capitals", *mapped)

    assert Item.objects.get(key="b").expected == 2


def test_import_of_json_lines_keeps_a_text_that_looks_like_a_list(tmp_path: Path) -> None:
    run(
        "import",
        written(tmp_path, '{"key": "a", "input": "x", "expected": "[1]"}\n', "r.jsonl"),
        "--dataset",
        "capitals",
    )

    assert Item.objects.get().expected == "[1]"


def test_import_that_merges_the_same_rows_again_makes_no_version(imported: Dataset, tmp_path: Path) -> None:
    said = run("import", written(tmp_path, CSV), "--dataset", "capitals", *MAPPED, "--merge")

    assert "no new version" in said
    assert Dataset.objects.get().filling_hash == ""


def test_import_that_merges_has_the_hash_of_a_file_with_all_rows(imported: Dataset, tmp_path: Path) -> None:
    run("import", written(tmp_path, "key,input\nb,Bolivia?\nc,Chad?\n"), "--dataset", "capitals", "--merge")

    exported = written(tmp_path, run("export_dataset", "capitals"), "all.jsonl")

    assert "no new version" in run("import", exported, "--dataset", "capitals")


def test_export_as_csv_comes_in_again_as_the_same_version(imported: Dataset, tmp_path: Path) -> None:
    file = written(tmp_path, run("export_dataset", "capitals@1", "--format", "csv"), "again.csv")

    assert "no new version" in run("import", file, "--dataset", "capitals")


def test_export_for_spreadsheets_marks_formulas_and_the_faithful_one_does_not(tmp_path: Path) -> None:
    run("import", written(tmp_path, JSONL, "rows.jsonl"), "--dataset", "capitals")

    assert ",=two?" in run("export_dataset", "capitals", "--format", "csv")
    assert ",'=two?" in run("export_dataset", "capitals", "--format", "csv", "--for-spreadsheets")


def test_export_of_a_version_that_is_not_there_is_refused(imported: Dataset) -> None:
    with pytest.raises(CommandFailed, match="has no version 7: its versions go up to 1"):
        run("export_dataset", "capitals@7")
