"""Who may do what by API: roles in the project, strangers, nobody; and nothing secret in any answer."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.actions import declare_scorer
from experiments.declarations import ScorerDeclaration
from experiments.models import Dataset, Experiment, Provider
from runs.models import Run
from runs.result_addresses import address_of
from scoring.models import RunRating, Score
from tests.api_client import Api
from tests.factories import (
    DatasetVersionFactory,
    ExperimentFactory,
    ProviderFactory,
    ResultFactory,
    RunFactory,
    RunRatingFactory,
    ScorerRevisionFactory,
)

CONFIG = {"model": "m", "prompt": "{{ input }}"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def run(project: Any) -> Run:
    """A paused run of the project, with one of two planned results and an owner's rating."""
    version = DatasetVersionFactory(dataset__project=project, dataset__name="items")
    experiment = ExperimentFactory(project=project, dataset_version=version)
    made = RunFactory(candidate__experiment=experiment, planned_count=2, status="paused", status_reason="so")
    ResultFactory(run=made)
    declare_scorer(experiment=experiment, declaration=ScorerDeclaration("helpful", "person"), by=None)
    return made


def reading(run: Run) -> list[str]:
    """Return what everybody of the project may read."""
    experiment, rating = run.experiment, RunRatingFactory(run=run)
    ScorerRevisionFactory(scorer=rating.scorer, options={"scale": [0.0, 1.0]})
    return [
        f"experiments/{experiment.uid}/",
        f"experiments/{experiment.uid}/candidates/",
        f"experiments/{experiment.uid}/leaderboard/",
        f"experiments/{experiment.uid}/export?format=yaml",
        f"experiments/{experiment.uid}/export?format=csv",
        f"experiments/{experiment.uid}/export?format=junit",
        f"runs/{run.uid}/",
        f"runs/{run.uid}/results/",
        f"runs/leaderboard/{experiment.uid}/",
        f"runs/?experiment_id={experiment.uid}",
        f"results/{address_of(run, 0)}/",
        f"scores/{rating.uid}/",
        f"providers/{run.provider.uid}/",
        f"datasets/{Dataset.objects.get(name='items').uid}/versions/",
    ]


def test_members_read_everything(viewer: Any, run: Run) -> None:
    api = Api(viewer)

    assert [api.get(path).status_code for path in reading(run)] == [200] * 14


def test_strangers_find_nothing(stranger: Any, run: Run) -> None:
    api = Api(stranger)

    answers = [api.get(path) for path in reading(run)]

    assert [answer.status_code for answer in answers] == [404] * 14
    assert len({answer.content for answer in answers} | {api.get(f"runs/{UNKNOWN}/").content}) == 1


@pytest.mark.parametrize("address", ["experiments", "runs", "providers", "prompts", "datasets"])
def test_lists_of_strangers_are_empty(stranger: Any, run: Run, address: str) -> None:
    assert Api(stranger).get(f"{address}/").json() == {"items": [], "total": 0, "next": None}


WRITES: dict[str, Callable[[Run], tuple[str, str, Any]]] = {
    "experiment": lambda run: ("POST", "experiments/", {"name": "new", "project": str(run.experiment.project.uid)}),
    "change": lambda run: ("PATCH", f"experiments/{run.experiment.uid}/", {"description": "new"}),
    "candidate": lambda run: (
        "POST",
        f"experiments/{run.experiment.uid}/candidates/",
        {"name": "new", "provider": run.provider.name, "model": "m", "prompt": "{{ input }}"},
    ),
    "run": lambda run: ("POST", "runs/", {"experiment_id": str(run.experiment.uid), "config": CONFIG}),
    "resume": lambda run: ("POST", f"runs/{run.uid}/resume/", None),
    "cancel": lambda run: ("POST", f"runs/{run.uid}/cancel/", None),
    "resume all": lambda run: ("POST", f"experiments/{run.experiment.uid}/resume/", None),
    "cancel all": lambda run: ("POST", f"experiments/{run.experiment.uid}/cancel/", None),
    "provider": lambda run: (
        "POST",
        "providers/",
        {"name": "new", "base_url": "http://127.0.0.1:9/v1", "project": run.experiment.project.name},
    ),
    "edit provider": lambda run: ("PATCH", f"providers/{run.provider.uid}/", {"max_in_flight": 3}),
    "score": lambda run: ("POST", f"runs/{run.uid}/score/", {"scorer_name": "helpful", "value": 1}),
    "score result": lambda run: (
        "POST",
        f"results/{address_of(run, 0)}/score/",
        {"scorer_name": "helpful", "value": 1},
    ),
}
RATINGS = ("score", "score result")


@pytest.mark.parametrize("name", [name for name in WRITES if name not in RATINGS])
def test_viewers_write_nothing(viewer: Any, run: Run, name: str) -> None:
    assert Api(viewer).call(*WRITES[name](run)).status_code == 403


@pytest.mark.parametrize("name", RATINGS)
def test_viewers_rate(viewer: Any, run: Run, name: str) -> None:
    assert Api(viewer).call(*WRITES[name](run)).status_code == 201


@pytest.mark.parametrize("name", WRITES)
def test_editors_write(editor: Any, run: Run, name: str) -> None:
    assert Api(editor).call(*WRITES[name](run)).status_code in (200, 201)


@pytest.mark.parametrize("name", WRITES)
def test_strangers_write_nothing(stranger: Any, run: Run, name: str) -> None:
    api = Api(stranger)
    unknown = api.get(f"runs/{UNKNOWN}/").content

    refused = api.call(*WRITES[name](run))

    assert (refused.status_code, refused.content) == (404, unknown)
    assert (Run.objects.get().status, Experiment.objects.count(), Score.objects.count()) == ("paused", 1, 0)


@pytest.mark.parametrize("named", ["uid", "name"])
def test_provider_of_another_project_is_unknown(editor: Any, run: Run, named: str) -> None:
    api, elsewhere = Api(editor), str(getattr(ProviderFactory(), named))
    body = {"experiment_id": str(run.experiment.uid), "config": {**CONFIG, "provider": elsewhere}}

    foreign = api.post("runs/", body)

    body["config"] = {**CONFIG, "provider": UNKNOWN}
    assert (foreign.status_code, foreign.content) == (404, api.post("runs/", body).content)


def test_dataset_version_of_another_project_is_unknown(editor: Any) -> None:
    api, version = Api(editor), DatasetVersionFactory(dataset__name="secret")
    bodies = [{"name": "new", "dataset_version": one} for one in (str(version.uid), "secret@1", "secret", UNKNOWN)]

    answers = [api.post("experiments/", body) for body in bodies]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert len({answer.content for answer in answers}) == 1


def test_score_is_changed_by_its_author_and_owners_only(viewer: Any, editor: Any, owner: Any, run: Run) -> None:
    made = Api(viewer).post(f"runs/{run.uid}/score/", {"scorer_name": "helpful", "value": 0.25}).json()
    path = f"scores/{made['id']}/"

    statuses = [Api(person).patch(path, {"value": 0.5}).status_code for person in (editor, owner, viewer)]

    assert statuses == [403, 200, 200]
    assert Api(editor).delete(path).status_code == 403
    assert Api(viewer).delete(path).status_code == 204
    assert Api(viewer).get(path).status_code == 404
    assert not RunRating.objects.exists()


def test_stranger_finds_no_score_of_a_result(viewer: Any, stranger: Any, run: Run) -> None:
    body = {"scorer_name": "helpful", "value": 0.25}
    made = Api(viewer).post(f"results/{address_of(run, 0)}/score/", body).json()

    assert Api(stranger).patch(f"scores/{made['id']}/", {"value": 1}).status_code == 404
    assert Api(stranger).delete(f"scores/{made['id']}").status_code == 404


def test_key_of_a_provider_is_named_by_owners_and_given_variables_only(editor: Any, owner: Any) -> None:
    body = {"name": "new", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "SECRET_KEY"}

    assert Api(editor).post("providers/", body).status_code == 403
    assert Api(owner).post("providers/", body).json()["errors"][0]["field"] == "api_key_env"


def test_values_of_headers_are_in_no_answer(viewer: Any, run: Run) -> None:
    Provider.objects.update(headers={"X-Team": "canary-value"})
    paths = [*reading(run), "providers/", "runs/", "experiments/"]

    shown = b"".join(Api(viewer).get(path).getvalue() for path in paths)

    assert b"X-Team" in shown
    assert b"canary-value" not in shown


def test_token_is_shown_once_and_useless_when_revoked(viewer: Any, editor: Any) -> None:
    api = Api(viewer)
    made = api.post("tokens/", {"name": "script", "days": 3}).json()
    header = f"Bearer {made['token']}"

    listed = api.get("tokens/").content
    before = Api().get("projects/", Authorization=header).status_code
    foreign = Api(editor).delete(f"tokens/{made['id']}/").status_code
    revoked = api.delete(f"tokens/{made['id']}").status_code

    assert made["token"].rpartition("_")[2].encode() not in listed
    assert (before, foreign, revoked) == (200, 404, 204)
    assert Api().get("projects/", Authorization=header).status_code == 401


def test_session_opens_the_schema_and_nothing_else(viewer: Any, client: Any) -> None:
    client.force_login(viewer)

    assert client.get("/api/v1/schema/").status_code == 200
    assert client.get("/api/v1/projects/").status_code == 401
    assert Api().get("schema/").status_code == 401
    assert Api(viewer).get("schema").status_code == 200
