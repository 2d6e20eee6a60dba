"""Search: what a person may see and nothing else, by name or by the beginning of a key; by page and by keys."""

from typing import Any

import pytest
from django.test import Client

from evalsite.search import MOST, search
from experiments.actions import freeze_rows, save_prompt
from experiments.models import Project
from experiments.rows.new_items import NewItem
from tests.api_client import Api
from tests.factories import ExperimentFactory, ProviderFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def library(project: Project) -> Project:
    """A project with one thing of each kind."""
    ExperimentFactory(project=project, name="Capitals of the world")
    ProviderFactory(project=project, name="capital gateway")
    save_prompt(project=project, name="capitals/short", messages="{{ input }}", by=None)
    rows = [NewItem("capital-1", "Chad?"), NewItem("x-capital", "Peru?")]
    freeze_rows(project=project, name="capitals", rows=rows, by=None)
    return project


def found(person: Any, text: str) -> set[tuple[str, str]]:
    """Return what is found, kind and name."""
    return {(hit.kind, hit.name) for hit in search(person, text)}


def test_every_kind_is_found_by_a_part_of_its_name(library: Project, viewer: Any) -> None:
    assert found(viewer, "CAPITAL") >= {
        ("Experiment", "Capitals of the world"),
        ("Dataset", "capitals"),
        ("Prompt", "capitals/short"),
        ("Provider", "capital gateway"),
    }
    assert ("Item", "capital-1") in found(viewer, "capital-")
    assert ("Item", "x-capital") not in found(viewer, "capital")
    assert found(viewer, "dat") == {("Page", "Datasets")}


@pytest.mark.parametrize("text", ["", "  ", "\0", "nothing is called so", "%", "_" * 300])
def test_what_is_not_there_is_not_found(library: Project, viewer: Any, text: str) -> None:
    assert search(viewer, text) == []


def test_strangers_find_pages_only(library: Project) -> None:
    assert {kind for kind, _ in found(UserFactory(), "p")} == {"Page"}
    assert found(UserFactory(), "capital") == set()


def test_search_ends_at_twenty_and_asks_as_often(
    library: Project, viewer: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        ExperimentFactory(project=library, name=f"e {number}")
        save_prompt(project=library, name=f"e {number}", messages="x", by=None)

    with django_assert_max_num_queries(8):
        assert len(search(viewer, "e")) <= MOST


def test_every_hit_leads_somewhere(library: Project, viewer: Any, client: Client) -> None:
    client.force_login(viewer)

    assert [client.get(hit.url, follow=True).status_code for hit in search(viewer, "capital")] == [200] * 5


def test_page_shows_hits_and_htmx_gets_them_alone(library: Project, viewer: Any, client: Client) -> None:
    client.force_login(viewer)

    page = client.get("/search/?q=capital").content.decode()
    fragment = client.get("/search/?q=<b>", headers={"HX-Request": "true"}).content.decode()

    assert "capital gateway" in page
    assert "<html" not in fragment
    assert "Nothing is called “&lt;b&gt;”" in fragment


def test_api_finds_what_the_page_finds(library: Project, viewer: Any) -> None:
    answer = Api(viewer).get("search/?q=capital").json()

    hits = {one["kind"]: one for one in answer["items"]}
    assert (answer["total"], answer["next"], sorted(hits)) == (5, None, sorted({*hits, "dataset", "item", "prompt"}))
    assert (hits["item"]["name"], hits["item"]["within"], hits["item"]["id"]) == (
        "capital-1",
        "capitals",
        hits["dataset"]["id"],
    )
    assert Api(viewer).get(f"datasets/{hits['dataset']['id']}/").json()["name"] == "capitals"
    assert hits["provider"]["url"].startswith("http://testserver/providers/")


@pytest.mark.parametrize("query", ["", "?q=", f"?q={'x' * 201}"])
def test_api_search_for_nothing_names_the_field(viewer: Any, query: str) -> None:
    answer = Api(viewer).get(f"search/{query}")

    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["errors"]] == ["q"]
