"""Versions brought back and datasets cloned: at once where they are small, by a worker with progress where not."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from experiments.actions import (
    ActionConflict,
    ActionRefused,
    cancel_import,
    clone_dataset,
    freeze_rows,
    restore_version,
)
from experiments.actions.restoring import IN_REQUEST
from experiments.models import DataImport, Dataset, DatasetVersion, Project
from experiments.rows.new_items import NewItem
from experiments.tasks import import_data
from tests.api_client import Api
from tests.factories import DatasetFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


def versions(project: Project, count: int) -> tuple[DatasetVersion, DatasetVersion]:
    """Return two versions of a dataset: one of so many items, one of a single item."""
    rows = [NewItem(f"k{number}", {"q": number}, [number], {"n": None}, ["even"], "test") for number in range(count)]
    first = freeze_rows(project=project, name="numbers", rows=rows, by=None)
    return first, freeze_rows(project=project, name="numbers", rows=rows[:1], by=None)


def test_large_version_is_restored_by_a_worker(project: Project, editor: Any) -> None:
    large, small = versions(project, IN_REQUEST + 1)

    made = restore_version(version=large, by=editor)

    assert isinstance(made, DataImport)
    assert (made.status, made.file_name, large.dataset.versions.count()) == ("running", "numbers@1", 2)
    import_data(made.pk)
    made.refresh_from_db()
    assert made.version is not None
    assert (made.status, made.version.number, made.version.content_hash) == ("completed", 3, large.content_hash)
    assert (made.version.note, made.created_by) == ("version 1 again", editor)
    assert small.dataset == made.version.dataset


def test_restoring_that_is_cancelled_keeps_nothing(project: Project, editor: Any) -> None:
    large, small = versions(project, IN_REQUEST + 1)
    made = restore_version(version=large, by=editor)
    assert isinstance(made, DataImport)

    cancel_import(data_import=made, by=editor)
    import_data(made.pk)

    made.refresh_from_db()
    small.dataset.refresh_from_db()
    assert (made.status, made.ended_at is None) == ("cancelled", False)
    assert (small.dataset.versions.count(), small.dataset.filling_hash) == (2, "")


def test_clone_holds_the_newest_version_and_the_description(project: Project, editor: Any) -> None:
    _, newest = versions(project, 3)
    Dataset.objects.update(description="sums")

    made = clone_dataset(dataset=newest.dataset, by=editor)

    assert isinstance(made, DatasetVersion)
    assert (str(made), made.content_hash, made.note) == ("numbers (copy)@1", newest.content_hash, "copy of numbers@2")
    assert Dataset.objects.get(name="numbers (copy)").description == "sums"


def test_clone_needs_a_version_and_a_free_name(project: Project) -> None:
    _, newest = versions(project, 2)

    with pytest.raises(ActionRefused, match=r'"numbers" in .* already'):
        clone_dataset(dataset=newest.dataset, by=None, name=" numbers ")
    with pytest.raises(ActionConflict, match="no version yet: freeze one"):
        clone_dataset(dataset=DatasetFactory(project=project), by=None)


def test_clone_by_api_is_made_once_under_a_key_or_is_left_to_a_worker(project: Project, editor: Any) -> None:
    api = Api(editor)
    dataset = versions(project, 2)[0].dataset
    path = f"datasets/{dataset.uid}/clone/"

    small = [api.post(path, {"name": "twin"}, Idempotency_Key="k") for _ in range(2)]
    rows = [NewItem(f"k{number}", "?") for number in range(IN_REQUEST + 1)]
    freeze_rows(project=project, name="numbers", rows=rows, by=None)
    large = api.post(path, {"name": "large twin"})

    assert [one.status_code for one in (*small, large)] == [201, 201, 202]
    assert small[0].json()["id"] == small[1].json()["id"] == str(Dataset.objects.get(name="twin").uid)
    assert api.get(f"imports/{large.json()['id']}/").json()["status"] == "running"
    assert api.post(path, {"name": "twin"}).status_code == 400


def test_clone_and_restore_on_the_page_lead_to_what_they_made(client: Client, project: Project, editor: Any) -> None:
    large, _ = versions(project, IN_REQUEST + 1)
    client.force_login(editor)
    dataset = large.dataset

    cloned = client.post(reverse("experiments:dataset-clone", args=[dataset.uid]), {"name": "twin"})
    restored = client.post(reverse("experiments:version-restore", args=[dataset.uid, 1]))
    progress = client.get(restored["Location"]).content.decode()

    assert cloned["Location"] == reverse("experiments:dataset-items", args=[Dataset.objects.get(name="twin").uid])
    assert "numbers@1" in progress
    assert "Waiting for a worker" in progress
