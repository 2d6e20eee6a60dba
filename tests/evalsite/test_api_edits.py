"""Making and changing by API: once under one key, only what was read, the same actions as everywhere."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from experiments.actions.idempotency import KEPT_FOR
from experiments.models import Candidate, Experiment, IdempotencyKey, Provider
from runs.models import Run
from tests.api_client import Api
from tests.boards import experiment_in
from tests.factories import (
    CandidateFactory,
    DatasetFactory,
    DatasetVersionFactory,
    ExperimentFactory,
    PromptFactory,
    ProviderFactory,
    ResultFactory,
    RunFactory,
)

NEW = {"name": "new"}


@pytest.fixture
def api(editor: Any) -> Api:
    """An editor of the project."""
    return Api(editor)


def test_experiment_is_made_with_everything_said(api: Api, project: Any) -> None:
    version = DatasetVersionFactory(dataset__project=project, dataset__name="items", number=3)
    scorers = [
        {"name": "speed", "kind": "latency", "range": [0, 5000], "weight": 0.5},
        {"name": "helpful", "kind": "person", "options": {"scale": [1, 5]}, "weight": 1},
    ]

    body = {**NEW, "dataset_version": "items@3", "trials": 2, "scorers": scorers, "scoring_config": {"errors": "zero"}}
    made = api.post("experiments", body).json()

    assert made["dataset_version"] == "items@3"
    assert made["scoring_config"] == {"weights": {"speed": 0.5, "helpful": 1.0}, "errors": "zero", "trials": "mean"}
    assert [scorer["range"] for scorer in made["scorers"]] == [[0.0, 5000.0], [1.0, 5.0]]
    assert Experiment.objects.get().dataset_version == version


def test_experiment_of_a_taken_name_is_refused(api: Api, project: Any) -> None:
    ExperimentFactory(project=project, name="new")

    assert api.post("experiments/", NEW).json()["errors"][0]["field"] == "name"


def test_same_key_makes_one_experiment(api: Api) -> None:
    answers = [api.post("experiments/", NEW, Idempotency_Key="k") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert "Idempotency-Replayed" not in answers[0].headers
    assert Experiment.objects.count() == 1


def test_same_key_with_another_body_is_a_conflict(api: Api) -> None:
    api.post("experiments/", NEW, Idempotency_Key="k")

    assert api.post("experiments/", {"name": "other"}, Idempotency_Key="k").status_code == 409
    assert Experiment.objects.count() == 1


def test_same_key_of_another_person_is_another_key(api: Api, owner: Any) -> None:
    api.post("experiments/", NEW, Idempotency_Key="k")

    assert Api(owner).post("experiments/", {"name": "other"}, Idempotency_Key="k").status_code == 201


def test_key_of_yesterday_is_forgotten(api: Api) -> None:
    api.post("experiments/", NEW, Idempotency_Key="k")
    IdempotencyKey.objects.update(created_at=timezone.now() - KEPT_FOR * 1.01)

    assert api.post("experiments/", {"name": "other"}, Idempotency_Key="k").status_code == 201
    assert IdempotencyKey.objects.count() == 1


def test_key_of_a_refused_request_is_free(api: Api) -> None:
    refused = api.post("experiments/", {"name": " "}, Idempotency_Key="k")

    assert (refused.status_code, IdempotencyKey.objects.count()) == (400, 0)
    assert api.post("experiments/", NEW, Idempotency_Key="k").status_code == 201


def at_once(ask: Callable[[int], Any]) -> list[Any]:
    """Return the answers of four who ask at the same moment, each with a number."""
    answers: list[Any] = []
    gate = threading.Barrier(4)

    def one(number: int) -> None:
        gate.wait(10)
        answers.append(ask(number))
        connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    _ = [thread.start() for thread in threads]
    _ = [thread.join(30) for thread in threads]
    return answers


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["experiments", "providers", "datasets", "prompts"])
def test_edits_of_the_same_state_at_the_same_moment_are_taken_once(api: Api, project: Any, kind: str) -> None:
    made = {
        "experiments": ExperimentFactory,
        "providers": ProviderFactory,
        "datasets": DatasetFactory,
        "prompts": PromptFactory,
    }[kind](project=project)
    path = f"{kind}/{made.uid}/"
    etag = api.get(path).headers["ETag"]

    answers = at_once(lambda number: api.patch(path, {"name": f"name {number}"}, If_Match=etag))

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_changes_of_the_same_score_at_the_same_moment_are_taken_once(api: Api) -> None:
    path = scored(api)
    etag = api.get(path).headers["ETag"]

    answers = at_once(lambda number: api.patch(path, {"value": number / 10}, If_Match=etag))

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_same_key_at_the_same_moment_makes_one_experiment(api: Api) -> None:
    answers = at_once(lambda _: api.post("experiments/", NEW, Idempotency_Key="k"))

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == Experiment.objects.count() == 1


@pytest.mark.parametrize("kind", ["experiments", "providers"])
def test_edit_of_what_was_read_is_taken_once(api: Api, project: Any, kind: str) -> None:
    provider, experiment = ProviderFactory(project=project), ExperimentFactory(project=project)
    path = f"{kind}/{ {'experiments': experiment, 'providers': provider}[kind].uid }/"
    etag = api.get(path).headers["ETag"]

    taken = api.patch(path, {"name": "changed"}, If_Match=etag)
    late = api.patch(path, {"name": "late"}, If_Match=etag)

    assert (taken.status_code, taken.json()["name"], late.status_code) == (200, "changed", 412)
    assert api.get(path, If_None_Match=etag).status_code == 200
    assert api.get(path, If_None_Match=api.get(path).headers["ETag"]).status_code == 304


def test_weights_are_changed_with_the_board(api: Api, project: Any) -> None:
    scorers = [{"name": "a", "kind": "contains"}, {"name": "b", "kind": "person"}]
    made = api.post("experiments/", {**NEW, "scorers": scorers}).json()

    changed = api.patch(f"experiments/{made['id']}", {"scoring_config": {"weights": {"b": 3}}})

    assert changed.json()["scoring_config"]["weights"] == {"a": 1.0, "b": 3.0}


def test_candidate_is_added_and_its_twin_refused(api: Api, project: Any) -> None:
    provider, experiment = ProviderFactory(project=project), ExperimentFactory(project=project)
    body = {"name": "small", "provider": provider.name, "model": "m", "prompt": "{{ input }}"}
    path = f"experiments/{experiment.uid}/candidates/"

    first, twin = api.post(path, body), api.post(path, {**body, "name": "twin"})

    assert (first.status_code, twin.status_code) == (201, 400)
    assert [one["name"] for one in api.get(path).json()["items"]] == ["small"]


def test_candidate_is_added_as_a_copy_and_its_run_alone_is_started(api: Api, project: Any) -> None:
    copied = CandidateFactory(experiment=experiment_in(project), provider=ProviderFactory(project=project))
    path = f"experiments/{copied.experiment.uid}/candidates/"

    answer = api.post(path, {"name": "warmer", "copy_of": copied.name, "params": {"temperature": 1}, "start": True})

    added = Candidate.objects.get(name="warmer")
    assert answer.json()["id"] == str(added.uid)
    assert (added.model, added.provider, added.params) == (copied.model, copied.provider, {"temperature": 1})
    assert added.prompt_version.messages == copied.prompt_version.messages
    assert [run.candidate for run in Run.objects.all()] == [added]


def test_candidate_of_nothing_names_what_is_required(api: Api, project: Any) -> None:
    path = f"experiments/{ExperimentFactory(project=project).uid}/candidates/"

    answer = api.post(path, {"name": "small", "model": "m"})

    assert answer.status_code == 400
    assert "unless copy_of names a candidate" in answer.content.decode()


def test_start_of_one_candidate_starts_its_run_alone(api: Api, project: Any) -> None:
    experiment, provider = experiment_in(project), ProviderFactory(project=project)
    one, _ = (CandidateFactory(experiment=experiment, provider=provider, model=model) for model in ("a", "b"))

    api.post(f"experiments/{experiment.uid}/start/", {"candidate": one.name})
    unknown = api.post(f"experiments/{experiment.uid}/start/", {"candidate": "nobody"})

    assert [run.candidate for run in Run.objects.all()] == [one]
    assert unknown.status_code == 404


def test_provider_is_made_and_changed(api: Api, project: Any) -> None:
    body = {"name": "local", "base_url": "http://127.0.0.1:9/v1", "prices": {"m": {"input": 1, "output": 2}}}

    made = api.post("providers/", body)
    changed = api.patch(f"providers/{made.json()['id']}", {"max_in_flight": 3, "requests_per_minute": None})

    assert (made.status_code, changed.status_code) == (201, 200)
    assert Provider.objects.values_list("max_in_flight", "prices").get() == (3, body["prices"])


def test_run_without_a_worker_says_that_it_waits(api: Api, project: Any) -> None:
    ProviderFactory(project=project)
    body = {"experiment_id": str(ExperimentFactory(project=project).uid), "config": {"model": "m", "prompt": "x"}}

    made = api.post("runs/", body)
    shown = api.get(f"runs/{made.json()['id']}/")

    assert (made.status_code, made.json()["status"], Run.objects.get().status_reason) == (201, "pending", "")
    assert "evalsite worker" in made.json()["status_reason"]
    assert made.json()["status_reason"] == shown.json()["status_reason"]


def test_start_without_a_dataset_is_refused(api: Api, project: Any) -> None:
    experiment = CandidateFactory(experiment=ExperimentFactory(project=project)).experiment

    assert api.post(f"experiments/{experiment.uid}/start/").json()["errors"][0]["field"] == "dataset"


def test_runs_of_an_experiment_are_cancelled_together(api: Api, project: Any) -> None:
    experiment = ExperimentFactory(project=project)
    runs = [RunFactory(candidate=CandidateFactory(experiment=experiment)) for _ in range(2)]

    cancelled = api.post(f"experiments/{experiment.uid}/cancel/")
    again = api.post(f"experiments/{experiment.uid}/cancel/")

    assert set(cancelled.json()["run_ids"]) == {str(run.uid) for run in runs}
    assert again.status_code == 409


def scored(api: Api) -> str:
    """Return the path of a score that was given to a run."""
    run = RunFactory(candidate__experiment=ExperimentFactory(project=api.person.memberships.get().project))
    ResultFactory(run=run)
    made = api.post(f"runs/{run.uid}/score/", {"scorer_name": "helpful", "value": 0.25})
    assert made.headers["ETag"] == api.get(f"scores/{made.json()['id']}/").headers["ETag"]
    return f"scores/{made.json()['id']}/"


def test_score_is_changed_only_as_it_was_read(api: Api) -> None:
    path = scored(api)
    etag = api.get(path).headers["ETag"]

    taken = api.patch(path, {"value": 0.5}, If_Match=etag)
    late = api.patch(path, {"value": 0.75}, If_Match=etag)

    assert (taken.status_code, taken.headers["ETag"]) == (200, api.get(path).headers["ETag"])
    assert (late.status_code, api.get(path).json()["value"]) == (412, 0.5)


def test_score_that_changed_is_not_deleted(api: Api) -> None:
    path = scored(api)
    etag = api.get(path).headers["ETag"]
    api.patch(path, {"value": 0.5})

    assert api.delete(path, If_Match=etag).status_code == 412
    assert api.delete(path, If_Match=api.get(path).headers["ETag"]).status_code == 204


def test_score_that_the_caller_has_is_not_sent_again(api: Api) -> None:
    path = scored(api)

    assert api.get(path, If_None_Match=api.get(path).headers["ETag"]).status_code == 304


@pytest.mark.parametrize("kind", [ExperimentFactory, ProviderFactory])
def test_change_answers_with_the_new_etag(api: Api, project: Any, kind: Any) -> None:
    made = kind(project=project)
    path = f"{made._meta.model_name}s/{made.uid}/"

    answer = api.patch(path, {"name": "changed"})

    assert (answer.status_code, answer.headers.get("ETag")) == (200, api.get(path).headers["ETag"])
