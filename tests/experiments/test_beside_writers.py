"""Long work on SQLite while others write: who reads on may not write any more, once others have written."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from typing import Any

import pytest
from django.db import connection

from experiments.actions import freeze_rows
from experiments.actions.copying import copy_items
from experiments.actions.filling import Cancelled, Filling, fill
from experiments.actions.surveying import survey
from experiments.models import Dataset, Project
from experiments.rows.new_items import NewItem

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL lets who reads write"),
]
ROWS = [NewItem(f"k{number}", number, None, {}, [], "") for number in range(450)]


@pytest.fixture
def _others_write(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another process writes before each transaction of this one."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.2)
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        numbers = count(1)

        def between(execute: Any, *statement: Any) -> Any:
            if not connection.in_atomic_block:
                other.execute(f"PRAGMA user_version = {next(numbers)}")
            return execute(*statement)

        with connection.execute_wrapper(between):
            yield


@pytest.mark.usefixtures("_others_write")
def test_large_version_is_copied_and_tells_its_progress_while_others_write(project: Project) -> None:
    version = freeze_rows(project=project, name="numbers", rows=ROWS, by=None)

    def told(read: int) -> None:
        Project.objects.filter(pk=project.pk).update(name=f"{read} are read")

    made = copy_items(source=version, project=project, name="copy", by=None, note="", read=told).version

    assert (made.item_count, made.content_hash) == (len(ROWS), version.content_hash)
    assert Project.objects.get(pk=project.pk).name == "400 are read"


@pytest.mark.usefixtures("_others_write")
def test_rows_of_a_cancelled_file_are_taken_back_while_others_write(project: Project) -> None:
    def stopped(done: int, _total: int) -> None:
        if done > len(ROWS) // 2:
            raise Cancelled

    filling = Filling(lambda: ROWS, survey(ROWS, "rows"), None, beat=stopped)

    with pytest.raises(Cancelled):
        fill(project=project, name="numbers", filling=filling)

    assert not Dataset.objects.exists()
