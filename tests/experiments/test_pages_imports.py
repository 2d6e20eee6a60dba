"""What the page of an import offers for the columns of a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from experiments.actions import ActionRefused, add_item, start_import, upload_file
from experiments.actions.imports import run_import
from experiments.models import DataImport, Item, Project
from experiments.pages.imports import MappingPage
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db
EXPORTED = {"key": "a", "input": "2 + 2?", "expected": "4", "metadata": {"topic": "sums"}, "tags": ["x"], "split": "t"}


@pytest.fixture(autouse=True)
def own_uploads(tmp_path: Path, settings: LazySettings) -> None:
    """Give each test a data directory of its own."""
    settings.DATA_DIR = tmp_path


def uploaded(project: Project, row: dict[str, Any]) -> DataImport:
    """Upload a file of one row."""
    file = SimpleUploadedFile("sums.jsonl", json.dumps(row).encode())
    return upload_file(project=project, name="sums", file=file, by=None)


def test_export_in_json_comes_in_again_as_it_was(project: Project) -> None:
    data_import = uploaded(project, EXPORTED)

    start_import(data_import=data_import, by=None, options=MappingPage.build(data_import).options)
    run_import(DataImport.objects.get(pk=data_import.pk))

    item = Item.objects.get()
    assert (item.key, item.metadata, item.tag_list, item.split) == ("a", {"topic": "sums"}, ("x",), "t")


def test_text_called_metadata_is_metadata_of_this_name(project: Project) -> None:
    data_import = uploaded(project, {"input": "2 + 2?", "metadata": "sums"})
    chosen = QueryDict("role-0=input&role-1=metadata")

    assert MappingPage.build(data_import, chosen).options["mapping"]["metadata"] == {"metadata": "metadata"}


def test_columns_beside_the_whole_metadata_are_refused(project: Project) -> None:
    data_import = uploaded(project, {"input": "2 + 2?", "metadata": {"topic": "sums"}, "level": "easy"})
    page = MappingPage.build(data_import, QueryDict("role-0=input&role-1=metadata&role-2=metadata"))

    with pytest.raises(ActionRefused, match="leave level out, or it"):
        _ = page.options

    assert "leave level out, or it" in page.preview.problem


def test_import_into_a_draft_with_edits_says_so_before_a_file_is_chosen(
    client: Client, editor: User, project: Project
) -> None:
    client.force_login(editor)
    dataset = DatasetFactory(project=project)
    address = reverse("experiments:dataset-import", args=[dataset.uid])
    before = client.get(address).content.decode()
    add_item(dataset=dataset, content={"key": "a", "input": "2 + 2?"}, by=None)

    after = client.get(address).content.decode()

    assert "that no version holds" not in before
    assert "The draft has 1 edit that no version holds" in after
