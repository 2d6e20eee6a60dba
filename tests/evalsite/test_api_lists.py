"""Lists of the API: complete page by page, in every order, and no query more for more rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from evalsite.api.lists import _decoded, _encoded
from runs.models import Run
from tests.api_client import Api
from tests.factories import (
    CandidateFactory,
    DatasetFactory,
    DatasetVersionFactory,
    ExperimentDraftFactory,
    ExperimentFactory,
    MembershipFactory,
    ProjectFactory,
    PromptFactory,
    ProviderFactory,
    ResultFactory,
    RunFactory,
    RunStandingFactory,
    ScorerSpecFactory,
)

ORDERS = ["started_at", "-started_at", "score", "-score", "status", "-status", "created_at", "-completed_at"]


@pytest.fixture
def runs(project: Any) -> list[Run]:
    """Seven runs: two never started, three without a score, two of the same score."""
    experiment, now = ExperimentFactory(project=project), timezone.now()
    candidates = [CandidateFactory(experiment=experiment) for _ in range(7)]
    starts = [now - timedelta(hours=hours) if hours else None for hours in (0, 3, 1, 2, 0, 5, 4)]
    made = [RunFactory(candidate=one, started_at=at) for one, at in zip(candidates, starts, strict=True)]
    _ = [RunStandingFactory(run=run, value=value) for run, value in zip(made, (0.5, 0.25, 0.5, 1 / 3), strict=False)]
    return made


def pages(api: Api, address: str) -> list[list[str]]:
    """Return the ids of each page, following `next` (at most five pages)."""
    found: list[list[str]] = []
    following: Any = address
    for _ in range(5):
        body = api.get(following).json() if following else {"items": [], "next": None}
        found.append([one["id"] for one in body["items"]])
        following = body["next"]
    return found


@pytest.mark.parametrize("ordering", ORDERS)
def test_pages_by_cursor_are_the_whole_list(viewer: Any, runs: list[Run], ordering: str) -> None:
    api = Api(viewer)

    whole = [one["id"] for one in api.get(f"runs/?ordering={ordering}").json()["items"]]

    assert len(set(whole)) == 7
    assert pages(api, f"runs/?ordering={ordering}&limit=3") == [whole[:3], whole[3:6], whole[6:], [], []]


def test_pages_by_offset_go_on_by_cursor(viewer: Any, runs: list[Run]) -> None:
    api = Api(viewer)
    whole = [one["id"] for one in api.get("runs/").json()["items"]]

    assert pages(api, "runs/?offset=2&limit=3") == [whole[2:5], whole[5:], [], [], []]


def test_runs_are_listed_newest_start_first_never_started_last(viewer: Any, runs: list[Run]) -> None:
    listed = Api(viewer).get("runs/").json()

    starts = [one["started_at"] for one in listed["items"]]
    assert starts[:5] == sorted(starts[:5], reverse=True)
    assert starts[5:] == [None, None]
    assert listed["total"] == 7


def test_runs_by_score_put_those_without_one_last(viewer: Any, runs: list[Run]) -> None:
    scores = [one["score"] for one in Api(viewer).get("runs/?ordering=-score").json()["items"]]

    assert scores == [0.5, 0.5, 1 / 3, 0.25, None, None, None]


def test_runs_are_filtered_by_status_and_experiment(viewer: Any, runs: list[Run]) -> None:
    api, other = Api(viewer), RunFactory(candidate__experiment=ExperimentFactory(project=runs[0].experiment.project))
    other.begin()

    running = api.get("runs/?status=running").json()["items"]
    of_other = api.get(f"runs/?experiment_id={other.experiment.uid}").json()["items"]

    assert [one["id"] for one in running] == [one["id"] for one in of_other] == [str(other.uid)]


def test_results_are_listed_by_ordinal(viewer: Any, runs: list[Run]) -> None:
    _ = [ResultFactory(run=runs[0], ordinal=ordinal) for ordinal in (2, 0, 1)]
    ResultFactory(run=runs[1], outcome="timeout")

    api, found = Api(viewer), pages(Api(viewer), f"runs/{runs[0].uid}/results/?limit=2")

    assert found[:2] == [[f"{runs[0].uid}.0", f"{runs[0].uid}.1"], [f"{runs[0].uid}.2"]]
    assert api.get(f"runs/{runs[1].uid}/results/?outcome=timeout").json()["total"] == 1
    assert api.get(f"runs/{runs[1].uid}/results/?outcome=ok").json()["items"] == []
    assert api.get(f"runs/{runs[1].uid}/results/?outcome=bad").status_code == 400


@pytest.mark.parametrize("address", ["runs/", "experiments/", "providers/"])
def test_list_of_more_rows_makes_no_more_queries(viewer: Any, project: Any, address: str) -> None:
    api = Api(viewer)
    RunFactory(candidate__experiment=ExperimentFactory(project=project))
    with CaptureQueriesContext(connection) as one:
        api.get(address)
    _ = [RunFactory(candidate__experiment=ExperimentFactory(project=project)) for _ in range(19)]
    ProviderFactory(project=project)

    with CaptureQueriesContext(connection) as twenty:
        api.get(address)

    assert abs(len(twenty) - len(one)) <= 1  # the token's use is noted once a minute


@given(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(), st.datetimes()), st.integers())
def test_cursor_brings_back_what_it_was_made_of(value: Any, pk: int) -> None:
    assert _decoded(_encoded(value, pk)) == (value, pk)


@pytest.mark.parametrize("kind", ["experiments", "datasets", "prompts", "providers"])
def test_list_is_narrowed_to_a_project_and_by_name(viewer: Any, project: Any, kind: str) -> None:
    makers: dict[str, Any] = {
        "experiments": ExperimentFactory,
        "datasets": DatasetFactory,
        "prompts": PromptFactory,
        "providers": ProviderFactory,
    }
    other, foreign = MembershipFactory(user=viewer).project, ProjectFactory()
    _ = [makers[kind](project=one, name=name) for one in (project, other) for name in ("Capitals", "rivers")]

    api = Api(viewer)
    found = api.get(f"{kind}/?project_id={project.uid}&name=capital").json()["items"]

    assert [(one["name"], one["project_id"]) for one in found] == [("Capitals", str(project.uid))]
    assert api.get(f"{kind}/").json()["total"] == 4
    assert api.get(f"{kind}/?project_id={foreign.uid}").status_code == 404


def test_experiments_are_found_by_what_they_use_and_bear(viewer: Any, project: Any, runs: list[Run]) -> None:
    used, _ = runs[0].experiment, ExperimentFactory(project=project)
    version = DatasetVersionFactory(dataset__project=project)
    type(used).objects.filter(pk=used.pk).update(tags=["nightly"], created_by=viewer, dataset_version=version)
    ScorerSpecFactory(experiment=used, kind="contains")
    prompt = runs[0].candidate.prompt_version.prompt
    filters = [
        f"dataset_id={version.dataset.uid}",
        f"prompt_id={prompt.uid}",
        f"provider_id={runs[0].provider.uid}",
        "scorer_kind=contains",
        "tag=nightly",
        "mine=true",
        "status=pending",
    ]

    found = [Api(viewer).get(f"experiments/?{query}").json()["items"] for query in filters]

    assert [[one["id"] for one in items] for items in found] == [[str(used.uid)]] * len(filters)
    assert Api(viewer).get("experiments/?tag=night").json()["total"] == 0


def test_runs_are_found_by_project_provider_candidate_and_kind(viewer: Any, project: Any, runs: list[Run]) -> None:
    api, other = Api(viewer), MembershipFactory(user=viewer).project
    RunFactory(candidate__experiment=ExperimentFactory(project=other))
    run = runs[3]
    Run.objects.filter(pk=run.pk).update(name="the Large one", is_ad_hoc=True)
    queries = ["candidate=large", "ad_hoc=true", f"provider_id={run.provider.uid}", f"project_id={project.uid}"]

    totals = [api.get(f"runs/?{query}").json()["total"] for query in queries]

    assert totals == [1, 1, 1, 7]
    assert api.get(f"runs/?project_id={ProjectFactory().uid}").status_code == 404


def test_drafts_and_imports_are_narrowed_to_a_project(viewer: Any, project: Any) -> None:
    api, other = Api(viewer), MembershipFactory(user=viewer).project
    draft, _ = ExperimentDraftFactory(project=project), ExperimentDraftFactory(project=other)

    found = api.get(f"experiment-drafts/?project_id={project.uid}").json()["items"]

    assert [one["id"] for one in found] == [str(draft.uid)]
    assert api.get(f"imports/?project_id={ProjectFactory().uid}").status_code == 404
