"""Archiving and deleting experiments, prompts and providers: by page and by API, through the same actions."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from experiments.actions import archive, delete_prompt, edit_dataset
from experiments.actions.refusals import ActionConflict
from experiments.models import Experiment, Project, Prompt, Provider
from runs.models import Result, Run
from scoring.models import Score
from scoring.tasks import delete_experiment as delete_experiment_task
from tests.api_client import Api
from tests.factories import (
    CandidateFactory,
    CaseListFactory,
    DatasetFactory,
    DatasetVersionFactory,
    ExperimentFactory,
    PromptFactory,
    PromptVersionFactory,
    ProviderFactory,
    ResultFactory,
    RunFactory,
    ScoreFactory,
    WorkUnitFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(project: Project) -> dict[str, Any]:
    """One of each that nothing uses, by the word of its addresses."""
    return {
        "experiments": ExperimentFactory(project=project, name="old experiment"),
        "prompts": PromptVersionFactory(prompt=PromptFactory(project=project, name="old prompt")).prompt,
        "providers": ProviderFactory(project=project, name="old provider"),
        "datasets": DatasetFactory(project=project, name="old dataset"),
    }


@pytest.fixture
def run(project: Project) -> Run:
    """A completed run with one scored result, in an experiment of the project."""
    experiment = ExperimentFactory(project=project, name="measured")
    candidate = CandidateFactory(experiment=experiment, provider__project=project, provider__name="in use")
    made = RunFactory(candidate=candidate, status="completed", completed_at=timezone.now())
    WorkUnitFactory(run=made, ok_count=1)
    ScoreFactory(result=ResultFactory(run=made))
    return made


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def shown(client: Client, address: str) -> str:
    """Return the body of a page."""
    return str(client.get(address).content.decode())


KINDS = ["experiments", "prompts", "providers", "datasets"]


@pytest.mark.parametrize("kind", KINDS)
def test_archived_thing_leaves_the_list_and_comes_back(
    client: Client, editor: Any, things: dict[str, Any], kind: str
) -> None:
    thing, browser = things[kind], signed_in(client, editor)

    browser.post(f"/{kind}/{thing.uid}/archive/", {"archived": "1"})
    browser.get(f"/{kind}/")  # the message is told once
    listed, apart = shown(browser, f"/{kind}/"), shown(browser, f"/{kind}/?archived=1")

    assert thing.name not in listed
    assert thing.name in apart
    assert Api(editor).get(f"{kind}/?archived=false").json()["total"] == 0
    assert [one["name"] for one in Api(editor).get(f"{kind}/?archived=true").json()["items"]] == [thing.name]

    browser.post(f"/{kind}/{thing.uid}/archive/", {"archived": "0"})

    thing.refresh_from_db()
    assert thing.archived_at is None


@pytest.mark.parametrize("kind", KINDS)
def test_api_archives_and_only_editors_do(editor: Any, viewer: Any, things: dict[str, Any], kind: str) -> None:
    path = f"{kind}/{things[kind].uid}/"

    assert Api(viewer).patch(path, {"archived": True}).status_code == 403
    assert Api(editor).patch(path, {"archived": True}).json()["archived_at"]
    assert Api(editor).patch(path, {"archived": False}).json()["archived_at"] is None
    assert Api(editor).get(f"{kind}/?archived=maybe").status_code == 400


def test_archived_things_are_offered_nowhere(client: Client, editor: Any, things: dict[str, Any]) -> None:
    browser, experiment = signed_in(client, editor), ExperimentFactory(project=things["providers"].project)
    for kind in ("experiments", "prompts", "providers"):
        archive(thing=things[kind], by=editor)
    edit_dataset(dataset=things["datasets"], by=editor, changes={"is_archived": True})

    pages = [
        shown(browser, address)
        for address in ("/runs/", "/experiments/", "/search/?q=old", f"/experiments/{experiment.uid}/candidates/new/")
    ]

    assert [word for word in KINDS for page in pages if things[word].name in page] == []


@pytest.mark.parametrize("kind", ["experiments", "prompts", "providers"])
def test_unused_thing_is_deleted_by_owners(
    client: Client, editor: Any, owner: Any, things: dict[str, Any], kind: str
) -> None:
    thing = things[kind]

    refused = signed_in(client, editor).post(f"/{kind}/{thing.uid}/delete/")
    gone = signed_in(client, owner).post(f"/{kind}/{thing.uid}/delete/", follow=True)

    assert refused.status_code == 403
    assert f"{thing.name} is deleted." in gone.content.decode()
    assert not type(thing).objects.filter(pk=thing.pk).exists()


@pytest.mark.parametrize("kind", ["experiments", "prompts", "providers"])
def test_unused_thing_is_deleted_by_api(editor: Any, owner: Any, things: dict[str, Any], kind: str) -> None:
    path = f"{kind}/{things[kind].uid}/"

    assert Api(editor).delete(path).status_code == 403
    assert Api(owner).delete(path).status_code == 204
    assert Api(owner).get(path).status_code == 404


def test_prompt_and_provider_in_use_stay_and_name_what_uses_them(client: Client, owner: Any, run: Run) -> None:
    candidate = run.candidate
    assert candidate is not None
    prompt, browser = candidate.prompt_version.prompt, signed_in(client, owner)
    Prompt.objects.filter(pk=prompt.pk).update(project=run.experiment.project)

    pages = [shown(browser, f"/prompts/{prompt.uid}/settings/"), shown(browser, f"/providers/{run.provider.uid}/")]
    tried = [browser.post(f"/{address}/delete/", follow=True) for address in _addresses(prompt, run.provider)]
    answers = [Api(owner).delete(f"{address}/") for address in _addresses(prompt, run.provider)]

    assert all("1 experiment uses it" in page and ">measured</a>" in page for page in pages)
    assert all("is used by measured: delete those first" in page.content.decode() for page in tried)
    assert [answer.status_code for answer in answers] == [409, 409]
    assert Provider.objects.filter(pk=run.provider_id).exists()


def _addresses(prompt: Prompt, provider: Provider) -> list[str]:
    return [f"prompts/{prompt.uid}", f"providers/{provider.uid}"]


def test_prompt_of_a_candidate_that_was_taken_out_stays(owner: Any, project: Project) -> None:
    version = PromptVersionFactory(prompt__project=project)
    CandidateFactory(prompt_version=version, removed_at="2026-01-01T00:00:00Z", experiment__name="former")

    with pytest.raises(ActionConflict, match="former"):
        delete_prompt(prompt=version.prompt, by=owner)


def test_dataset_of_former_cases_is_refused_in_a_sentence(owner: Any, project: Project) -> None:
    version = DatasetVersionFactory(dataset__project=project)
    CaseListFactory(experiment__name="measured on it before", dataset_version=version)

    answer = Api(owner).delete(f"datasets/{version.dataset.uid}/?name={version.dataset.name}")

    assert (answer.status_code, "measured on it before" in answer.json()["detail"]) == (409, True)


def test_experiment_with_results_asks_for_its_name(client: Client, owner: Any, run: Run) -> None:
    address, browser = f"/experiments/{run.experiment.uid}", signed_in(client, owner)

    page = shown(browser, f"{address}/settings/")
    wrong = browser.post(f"{address}/delete/", {"name": "measure"}, follow=True)
    gone = browser.post(f"{address}/delete/", {"name": "measured"}, follow=True)

    assert "1 candidate, 1 run and 1 result with scores and ratings" in page
    assert "Nothing is deleted: type the name" in wrong.content.decode()
    assert "measured is deleted." in gone.content.decode()
    assert [kind.objects.count() for kind in (Experiment, Result, Score)] == [0, 0, 0]


def test_wrong_name_is_kept_in_its_field_beside_the_sentence(client: Client, owner: Any, run: Run) -> None:
    browser, dataset = signed_in(client, owner), DatasetVersionFactory(dataset__project=run.experiment.project).dataset
    addresses = [f"/experiments/{run.experiment.uid}/delete/", f"/datasets/{dataset.uid}/delete/"]

    answers = [browser.post(address, {"name": "measure"}) for address in addresses]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert ['value="measure" aria-invalid="true"' in answer.content.decode() for answer in answers] == [True, True]


def test_experiment_that_runs_is_not_deleted(client: Client, owner: Any, run: Run) -> None:
    Run.objects.update(status="running", completed_at=None)

    page = shown(signed_in(client, owner), f"/experiments/{run.experiment.uid}/settings/")
    answer = Api(owner).delete(f"experiments/{run.experiment.uid}/?name=measured")

    assert "Not now: something of it goes on" in page
    assert answer.status_code == 409


def test_large_experiment_is_archived_and_deleted_by_a_job(
    owner: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoring.deleting.RESULTS_AT_ONCE", 0)

    answer = Api(owner).delete(f"experiments/{run.experiment.uid}/?name=measured")

    assert answer.status_code == 202
    assert Experiment.objects.exclude(archived_at=None).exists()
    delete_experiment_task(run.experiment_id)
    delete_experiment_task(run.experiment_id)
    assert not Experiment.objects.exists()


def test_experiment_is_renamed_and_described_on_its_page(client: Client, editor: Any, things: dict[str, Any]) -> None:
    address, browser = f"/experiments/{things['experiments'].uid}/settings/", signed_in(client, editor)

    empty = browser.post(address, {"name": " ", "description": "kept"})
    saved = browser.post(address, {"name": "new", "description": "two\r\nlines"})

    assert (empty.status_code, "kept" in empty.content.decode()) == (422, True)
    assert saved.status_code == 302
    assert Experiment.objects.values_list("name", "description").get() == ("new", "two\nlines")


def test_copies_begin_with_what_is_copied(client: Client, editor: Any, things: dict[str, Any]) -> None:
    browser, prompt, provider = signed_in(client, editor), things["prompts"], things["providers"]
    Provider.objects.filter(pk=provider.pk).update(max_in_flight=7, headers={"X-Team": "secret"})

    new_prompt = shown(browser, f"/prompts/new/?copy={prompt.uid}&project={prompt.project.uid}")
    new_provider = shown(browser, f"/providers/new/?copy={provider.uid}")

    assert 'value="old prompt (copy)"' in new_prompt
    assert str(prompt.versions.get().messages[0]["content"]) in new_prompt.replace("&#x27;", "'")
    assert 'value="old provider (copy)"' in new_provider
    assert 'value="7"' in new_provider
    assert "secret" not in new_provider
