"""The items of a dataset's version as a data file, a line at a time."""

from collections.abc import Iterator

from experiments.item_names import first_of_their_names
from experiments.models import Dataset, DatasetVersion
from experiments.rows.writing_rows import csv_lines, jsonl_lines

ROWS_AT_ONCE = 1000
KINDS = ("jsonl", "csv")
LONGEST_NUMBER = 10


def version_lines(version: DatasetVersion, kind: str, *, is_for_spreadsheets: bool = False) -> Iterator[str]:
    """Yield the lines of a file of kind jsonl, which keeps every type, or csv."""
    contents = (item.content for item in version.items.iterator(ROWS_AT_ONCE))
    if kind == "csv":
        telling = (item.content for item in first_of_their_names(version.items))
        return csv_lines(telling, contents, is_for_spreadsheets=is_for_spreadsheets)
    return jsonl_lines(contents)


def version_numbered(dataset: Dataset, number: str) -> DatasetVersion | None:
    """Return the version of this number, the newest for ""; None: there is none."""
    versions = dataset.versions.select_related("dataset")
    if not number:
        newest: DatasetVersion | None = versions.first()
        return newest
    is_number = number.isascii() and number.isdecimal() and len(number) < LONGEST_NUMBER
    found: DatasetVersion | None = versions.filter(number=int(number)).first() if is_number else None
    return found


def file_name(version: DatasetVersion, kind: str) -> str:
    """Return what the file is called: the dataset's name and the version's number."""
    return f"{safe_name(str(version.dataset))}-{version.number}.{kind}"


def safe_name(text: str) -> str:
    """Return a text as a part of a file's name: letters, digits, -, _ and dots."""
    return "".join(character if character.isalnum() or character in "-_." else "-" for character in text)
