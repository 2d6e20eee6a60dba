"""Prompts on pages and by API: versions that never change, the difference of two, a preview with an item, uses."""

from typing import Any

import pytest
from django.test import Client

from experiments.actions import freeze_rows, save_prompt
from experiments.models import Project, Prompt
from experiments.rows.new_items import NewItem
from tests.api_client import Api
from tests.factories import CandidateFactory, ExperimentFactory, UserFactory

pytestmark = pytest.mark.django_db
TEXTS = ["Answer in one word. {{ question }}", "Answer in two words. {{ question }}"]


@pytest.fixture
def prompt(project: Project, editor: Any) -> Prompt:
    """A prompt of two versions, and a dataset to show it with."""
    versions = [
        save_prompt(project=project, name="short", messages=text, by=editor, note=f"note {number}")
        for number, text in enumerate(TEXTS, start=1)
    ]
    row = NewItem("k1", {"question": "Capital of Chad?"})
    freeze_rows(project=project, name="capitals", rows=[row], by=editor)
    return versions[0].prompt


@pytest.fixture
def browser(editor: Any, client: Client) -> Client:
    """A browser in which the editor is signed in."""
    client.force_login(editor)
    return client


def shown(browser: Client, page: str) -> str:
    """Return what a page shows."""
    answer = browser.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def test_list_shows_the_newest_version_and_its_uses(prompt: Prompt, browser: Client, project: Project) -> None:
    for _ in range(2):
        experiment = ExperimentFactory(project=project)
        CandidateFactory(experiment=experiment, prompt_version=prompt.versions.last())

    page = shown(browser, "/prompts/")

    assert "note 2" in page
    assert '<td class="table__number">2</td>\n    <td class="table__wraps"' in page


def test_list_asks_as_often_for_many_prompts_as_for_one(
    prompt: Prompt, browser: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        save_prompt(project=project, name=f"other {number}", messages="x", by=None)

    with django_assert_max_num_queries(10):
        shown(browser, "/prompts/")


def test_text_is_shown_with_an_item_and_its_variables(prompt: Prompt, browser: Client) -> None:
    page = shown(browser, f"/prompts/{prompt.uid}/")

    assert "Answer in two words. Capital of Chad?" in page
    assert '<span class="mono">question</span>' in page
    assert "Save as version 3" in page


def test_saving_makes_the_next_version_and_keeps_the_others(prompt: Prompt, browser: Client, editor: Any) -> None:
    typed = {"role": ["user"], "content": ["Briefly: {{ question }}"], "note": "shorter"}

    answer = browser.post(f"/prompts/{prompt.uid}/", typed, follow=True)

    assert "Saved as version 3." in answer.content.decode()
    newest = prompt.versions.first()
    assert newest is not None
    assert (newest.number, newest.note, newest.created_by) == (3, "shorter", editor)
    assert [version.messages[0]["content"] for version in prompt.versions.order_by("number")][:2] == TEXTS


def test_text_that_is_wrong_is_kept_in_the_form(prompt: Prompt, browser: Client) -> None:
    answer = browser.post(f"/prompts/{prompt.uid}/", {"role": "user", "content": "{{ question"})

    assert answer.status_code == 422
    assert "{{ question" in answer.content.decode()
    assert prompt.versions.count() == 2


def test_versions_show_what_differs(prompt: Prompt, browser: Client) -> None:
    page = shown(browser, f"/prompts/{prompt.uid}/versions/?a=1&b=2")

    assert "<mark>one</mark>" in page
    assert "<mark>two</mark>" in page
    assert "<mark>" in shown(browser, f"/prompts/{prompt.uid}/versions/?a=9&b=x")


def test_uses_name_candidate_and_version(prompt: Prompt, browser: Client, project: Project) -> None:
    assert "No experiment uses it yet" in shown(browser, f"/prompts/{prompt.uid}/experiments/")
    experiment = ExperimentFactory(project=project, name="capitals of the world")
    CandidateFactory(experiment=experiment, prompt_version=prompt.versions.last(), name="today")

    page = shown(browser, f"/prompts/{prompt.uid}/experiments/")

    assert "capitals of the world" in page
    assert "today" in page


def test_new_prompt_is_made_and_a_taken_name_is_refused(prompt: Prompt, browser: Client, project: Project) -> None:
    typed = {"project": str(project.uid), "name": "new", "role": "user", "content": "{{ question }}?"}

    made = browser.post("/prompts/new/", typed)
    taken = browser.post("/prompts/new/", typed)

    assert made.headers["Location"] == f"/prompts/{Prompt.objects.get(name='new').uid}/"
    assert (taken.status_code, "there is a prompt" in taken.content.decode()) == (422, True)
    assert "{{ question }}?" in taken.content.decode()


def test_preview_underlines_unknown_names(prompt: Prompt, browser: Client, project: Project) -> None:
    typed = {"role": "user", "content": "{{ qestion }}", "of": "short"}

    page = browser.post(f"/prompts/preview/{project.uid}/", typed).content.decode()

    assert '<mark class="unknown"' in page
    assert "did you mean" in page


def test_renaming_keeps_versions_and_uses(prompt: Prompt, browser: Client) -> None:
    browser.post(f"/prompts/{prompt.uid}/settings/", {"name": "brief"})
    prompt.refresh_from_db()

    assert (prompt.name, prompt.versions.count()) == ("brief", 2)


def test_viewer_reads_and_cannot_save(prompt: Prompt, viewer: Any, client: Client) -> None:
    client.force_login(viewer)

    page = shown(client, f"/prompts/{prompt.uid}/")

    assert "Save as version" not in page
    assert client.post(f"/prompts/{prompt.uid}/", {"role": "user", "content": "x"}).status_code == 403
    assert client.get("/prompts/new/").status_code == 404


def test_strangers_see_no_prompt(prompt: Prompt, client: Client, project: Project) -> None:
    client.force_login(UserFactory())

    assert {client.get(f"/prompts/{prompt.uid}/{page}").status_code for page in ("", "versions/", "experiments/")} == {
        404
    }
    assert client.post(f"/prompts/preview/{project.uid}/").status_code == 404
    assert client.post(f"/prompts/{prompt.uid}/settings/", {"name": "mine"}).status_code == 404
    assert "short" not in shown(client, "/prompts/")


def test_api_makes_prompts_and_versions(project: Project, editor: Any) -> None:
    api = Api(editor)

    made = api.post("prompts/", {"name": "short", "messages": TEXTS[0], "note": "first"})
    uid = made.json()["id"]
    second = api.post(f"prompts/{uid}/versions/", {"messages": [{"role": "user", "content": TEXTS[1]}]})
    again = api.post(f"prompts/{uid}/versions/", {"messages": TEXTS[0]})

    assert (made.status_code, made.json()["number"]) == (201, 1)
    assert (second.status_code, second.json()["number"], again.json()["number"]) == (201, 2, 1)
    assert [one["number"] for one in api.get(f"prompts/{uid}/versions/").json()["items"]] == [2, 1]
    assert api.get(f"prompts/{uid}/").json()["messages"][0]["content"] == TEXTS[1]
    assert api.patch(f"prompts/{uid}/", {"name": "brief"}).json()["name"] == "brief"
    assert api.post("prompts/", {"name": "brief", "messages": "x"}).status_code == 400
    assert api.post(f"prompts/{uid}/versions/", {"messages": "{{ x"}).status_code == 400
