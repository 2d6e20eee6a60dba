"""Items as a CSV file: its columns are found without reading the items twice."""

import csv
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import freeze_dataset
from experiments.exporting import version_lines
from experiments.item_names import first_of_their_names
from experiments.models import DatasetVersion
from tests.factories import DatasetFactory, ItemFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]

PARTS: list[dict[str, Any]] = [
    {"input": "plain", "metadata": {}},
    {"input": "plain", "metadata": {"b": 1}},
    {"input": {"": "no name", "question": "ü"}, "metadata": {"b": 2, "a": None}},
    {"input": {"question": "x"}, "metadata": {}},
    {"input": {"größe": [1], "question": "x"}, "metadata": {"a": {"inner": 1}}},
]


def frozen(parts: list[dict[str, Any]]) -> DatasetVersion:
    dataset = DatasetFactory()
    for number, part in enumerate(parts):
        ItemFactory(dataset=dataset, key=f"k{number}", **part)
    return freeze_dataset(dataset=dataset, by=None)


def test_csv_has_every_column_in_the_order_of_its_first_item() -> None:
    version = frozen(PARTS)

    header = next(csv.reader(version_lines(version, "csv")))

    columns = ["key", "input", "expected", "tags", "split", "metadata.b", "input.", "input.question", "metadata.a"]
    assert header == [*columns, "input.größe"]


def test_csv_of_texts_without_metadata_has_the_plain_columns() -> None:
    assert next(csv.reader(version_lines(frozen(PARTS[:1]), "csv"))) == ["key", "input", "expected", "tags", "split"]


def test_columns_are_told_by_the_few_items_that_bring_new_ones() -> None:
    version = frozen([*PARTS, *PARTS, *PARTS])

    with CaptureQueriesContext(connection) as queries:
        telling = [item.key for item in first_of_their_names(version.items)]

    assert (telling, len(queries)) == (["k0", "k1", "k2", "k4"], 2)


def test_columns_of_more_items_than_one_query_names_are_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.item_names.AT_ONCE", 2)

    header = next(csv.reader(version_lines(frozen([{"input": {f"v{n}": n}} for n in range(5)]), "csv")))

    assert [name for name in header if name.startswith("input.")] == [f"input.v{n}" for n in range(5)]
