"""A dataset renamed, archived, deleted; refused with the list while experiments use it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Dataset, Item, Project
from tests.factories import DatasetVersionFactory, ExperimentFactory, ItemFactory


@pytest.fixture
def dataset(project: Project) -> Dataset:
    """A dataset with a version and an item."""
    made: Dataset = DatasetVersionFactory(dataset__project=project, dataset__name="capitals").dataset
    ItemFactory(dataset=made)
    return made


@pytest.fixture
def as_owner(client: Client, owner: User) -> Client:
    client.force_login(owner)
    return client


def post(client: Client, view: str, dataset: Dataset, **data: str) -> Any:
    return client.post(reverse(f"experiments:dataset-{view}", args=[dataset.uid]), data, follow=True)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_dataset_settings_rename(as_owner: Client, dataset: Dataset) -> None:
    post(as_owner, "settings", dataset, name=" cities ", description="of the world")

    dataset.refresh_from_db()
    assert (dataset.name, dataset.description) == ("cities", "of the world")


@pytest.mark.parametrize(
    ("name", "sentence"), [("", "needs a name"), ("x" * 201, "201 characters"), ("other", "already")]
)
def test_dataset_settings_with_no_proper_name_keep_what_was_typed(
    as_owner: Client, dataset: Dataset, name: str, sentence: str
) -> None:
    Dataset.objects.create(project=dataset.project, name="other")

    answer = post(as_owner, "settings", dataset, name=name, description="typed")

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "typed" in text(answer)


def test_dataset_archive_hides_it_and_shows_it_again(as_owner: Client, dataset: Dataset) -> None:
    post(as_owner, "archive", dataset, archived="1")
    hidden = text(as_owner.get(reverse("experiments:dataset-list")))
    post(as_owner, "archive", dataset, archived="0")

    assert "capitals" not in hidden
    assert "capitals" in text(as_owner.get(reverse("experiments:dataset-list")))


def test_dataset_delete_with_its_name_deletes_items_and_versions(as_owner: Client, dataset: Dataset) -> None:
    post(as_owner, "delete", dataset, name="capitals")

    assert not Dataset.objects.exists()
    assert not Item.objects.exists()


def test_dataset_delete_with_another_name_deletes_nothing(as_owner: Client, dataset: Dataset) -> None:
    answer = post(as_owner, "delete", dataset, name="capital")

    assert "type the name of the dataset, &quot;capitals&quot;, to delete it" in text(answer)

    assert Dataset.objects.exists()


def test_dataset_delete_while_an_experiment_uses_it_is_refused(as_owner: Client, dataset: Dataset) -> None:
    ExperimentFactory(project=dataset.project, dataset_version=dataset.versions.get(), name="daily")

    said = text(post(as_owner, "delete", dataset, name="capitals"))

    assert "capitals is used by daily" in said
    assert Item.objects.exists()
    assert "daily" in text(as_owner.get(reverse("experiments:dataset-experiments", args=[dataset.uid])))


def test_dataset_delete_by_an_editor_is_forbidden(client: Client, editor: User, dataset: Dataset) -> None:
    client.force_login(editor)

    assert post(client, "delete", dataset, name="capitals").status_code == 403
    assert Item.objects.exists()
