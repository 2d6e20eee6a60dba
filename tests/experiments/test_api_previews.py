"""Prompts shown with an item by API: rendered, or with the names that the item does not have."""

from typing import Any

import pytest

from tests.api_client import Api
from tests.factories import DatasetVersionFactory, ExperimentFactory, ItemFactory


@pytest.fixture
def version(project: Any) -> Any:
    """A version with two items."""
    made = DatasetVersionFactory(dataset__project=project, item_count=2)
    for key, name in (("fr", "France"), ("pe", "Peru")):
        ItemFactory(dataset=made.dataset, key=key, input={"country": name})
    return made


def test_prompt_is_rendered_with_the_chosen_item_of_an_experiment(viewer: Any, project: Any, version: Any) -> None:
    experiment = ExperimentFactory(project=project, dataset_version=version, variables={"tone": "brief"})
    sent = {"prompt": "{{ country }}? Be {{ vars.tone }}.", "item": "pe"}

    answer = Api(viewer).post(f"experiments/{experiment.uid}/prompt-preview/", sent).json()

    assert answer["item"] == "pe"
    assert answer["messages"] == [{"role": "user", "content": "Peru? Be brief."}]
    assert (answer["problem"], answer["unknown"], answer["is_constant"]) == ("", [], False)


def test_prompt_with_a_wrong_name_says_which_there_are(viewer: Any, version: Any) -> None:
    sent = {"prompt": "{{ contry }}?", "dataset_version": str(version.uid)}

    answer = Api(viewer).post("prompts/preview/", sent).json()

    assert answer["item"] == "fr"
    assert answer["messages"] == [{"role": "user", "content": None}]
    assert answer["unknown"][0]["name"] == "contry"
    assert 'did you mean "country"' in answer["unknown"][0]["sentence"]


def test_preview_refuses_what_is_no_prompt_and_hides_what_is_not_there(viewer: Any, version: Any) -> None:
    api, known = Api(viewer), {"prompt": "x", "dataset_version": str(version.uid)}

    wrong = api.post("prompts/preview/", {**known, "prompt": [{"role": "robot", "content": "x"}]})
    no_item = api.post("prompts/preview/", {**known, "item": "absent"})
    foreign = api.post("prompts/preview/", {**known, "dataset_version": str(DatasetVersionFactory().uid)})

    assert (wrong.status_code, no_item.status_code, foreign.status_code) == (400, 404, 404)
    assert "robot" in wrong.json()["detail"]
