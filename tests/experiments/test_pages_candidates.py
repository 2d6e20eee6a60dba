"""The page that adds a candidate, its prompt shown with an item, and taking one out."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from experiments.models import Candidate, Project
from runs.models import Run
from tests.boards import experiment_in
from tests.factories import CandidateFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate(project: Project) -> Candidate:
    """A candidate of an experiment over two items."""
    experiment = experiment_in(project, name="support-qa")
    provider = ProviderFactory(project=project, name="local")
    return CandidateFactory(experiment=experiment, provider=provider, name="small", params={"temperature": 0})


@pytest.fixture
def url(candidate: Candidate) -> str:
    """The page's address."""
    return reverse("experiments:candidate-new", args=[candidate.experiment.uid])


@pytest.fixture
def as_editor(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def form_of(candidate: Candidate, **changes: Any) -> dict[str, Any]:
    """Return the form as a browser sends it."""
    values = {
        "name": "warmer",
        "provider": str(candidate.provider.uid),
        "model": candidate.model,
        "params": "temperature: 0.7",
        "role": ["user", "user"],
        "content": ["Line one.\r\n{{ input }}", ""],
    }
    return {**values, **changes}


def text(answer: Any) -> str:
    """Return the body of an answer."""
    return str(answer.content.decode())


def test_candidate_new_shows_a_copy_of_the_row_that_is_named(as_editor: Client, candidate: Candidate, url: str) -> None:
    CandidateFactory(experiment=candidate.experiment, provider=candidate.provider, name="other", params={"seed": 7})

    page = text(as_editor.get(f"{url}?copy={candidate.experiment.candidates.get(name='other').uid}"))

    assert 'value="other (copy)"' in page
    assert "seed: 7" in page
    assert "Question 0?" in page  # the prompt with the first item


def test_candidate_new_adds_it_and_starts_its_run(as_editor: Client, candidate: Candidate, url: str) -> None:
    answer = as_editor.post(url, form_of(candidate))

    added = Candidate.objects.get(name="warmer")
    assert answer["Location"] == reverse("experiments:experiment-board", args=[candidate.experiment.uid])
    assert [run.candidate for run in Run.objects.all()] == [added]
    assert added.params == {"temperature": 0.7}
    assert added.prompt_version.messages == [{"role": "user", "content": "Line one.\n{{ input }}"}]


def test_candidate_new_takes_parts_as_json_and_shows_them_again(
    as_editor: Client, candidate: Candidate, url: str
) -> None:
    parts = [{"type": "text", "text": "{{ input }}"}, {"type": "image", "url": "https://x/y.png"}]
    as_editor.post(url, form_of(candidate, content=[json.dumps(parts), "[not JSON", ""], role=["user", "user", "user"]))

    added = Candidate.objects.get(name="warmer")
    page = text(as_editor.get(f"{url}?copy={added.uid}"))

    assert added.prompt_version.messages == [
        {"role": "user", "content": parts},
        {"role": "user", "content": "[not JSON"},
    ]
    assert "&quot;type&quot;: &quot;image&quot;" in page
    assert "[image: https://x/y.png]" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Type a name, like short prompt."),
        ({"name": "small"}, "there is a candidate &quot;small&quot; already"),
        ({"params": "temprature: 1"}, "did you mean &quot;temperature&quot;"),
        ({"content": ["{{ qestion }}", ""]}, "is missing"),
        ({"content": ["", ""]}, "at least one message"),
        ({"role": ["boss", "user"]}, "role &quot;boss&quot; is not one of"),
        ({"provider": "0f8fad5b-d9cb-469f-a165-70867728950e"}, "Select a valid choice"),
    ],
)
def test_candidate_new_with_bad_input_answers_422_and_keeps_what_was_typed(
    as_editor: Client, candidate: Candidate, url: str, changes: dict[str, Any], sentence: str
) -> None:
    answer = as_editor.post(url, form_of(candidate, model="typed-model", **changes))

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert "typed-model" in text(answer)
    assert Candidate.objects.count() == 1


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("stranger", 404)])
def test_candidate_new_for_others_is_not_there(
    client: Client, url: str, role: str, status: int, viewer: User, stranger: User
) -> None:
    client.force_login({"viewer": viewer, "stranger": stranger}[role])

    assert client.get(url).status_code == status


def test_prompt_preview_marks_unknown_names(as_editor: Client, candidate: Candidate) -> None:
    url = reverse("experiments:prompt-preview", args=[candidate.experiment.uid])

    answer = as_editor.post(url, {"role": "user", "content": "{{ inptu }}", "item": "item-1"})

    assert '<mark class="unknown"' in text(answer)
    assert "did you mean &quot;input&quot;" in text(answer)


def test_prompt_preview_of_an_item_that_is_not_there_says_so(as_editor: Client, candidate: Candidate) -> None:
    url = reverse("experiments:prompt-preview", args=[candidate.experiment.uid])

    assert "There is no item “odd”" in text(as_editor.post(url, {"role": "user", "content": "x", "item": "odd"}))


def test_prompt_preview_of_a_stranger_is_a_404(client: Client, stranger: User, candidate: Candidate) -> None:
    client.force_login(stranger)
    url = reverse("experiments:prompt-preview", args=[candidate.experiment.uid])

    assert client.post(url, {"role": "user", "content": "x"}).status_code == 404


def test_candidate_is_taken_out_on_the_settings_page_by_who_may(
    client: Client, as_editor: Client, candidate: Candidate, viewer: User
) -> None:
    settings = reverse("experiments:experiment-settings", args=[candidate.experiment.uid])
    path = reverse("experiments:candidate-remove", args=[candidate.experiment.uid, candidate.uid])
    shown = text(as_editor.get(settings))

    answer = as_editor.post(path)

    candidate.refresh_from_db()
    assert path in shown
    assert (answer["Location"], candidate.removed_at is None) == (settings, False)
    client.force_login(viewer)
    assert client.post(path).status_code == 404  # it is listed no more
