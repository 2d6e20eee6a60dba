"""One run by API: each result's stages and scores up to 100 results, from there exact summaries."""

from typing import Any

import pytest

from experiments.models import Experiment
from runs.lanes.recounting import recount
from runs.models import Result, Run, WorkUnit
from runs.result_addresses import address_of
from scoring.statistics import wilson_interval
from tests.api_client import Api
from tests.factories import LaneFactory, MembershipFactory, ResultFactory, ScoreFactory
from tests.runs.planned import sums
from tests.scoring.standings import run_of, summed

pytestmark = pytest.mark.django_db

QUICK, SLOW = 100, 1000
RIGHT_EACH = 4


@pytest.fixture
def api(viewer: Any) -> Api:
    """A viewer of the project."""
    return Api(viewer)


def run_with(results: int, api: Api, planned: int | None = None) -> Run:
    """Return a run with so many results: the first six slow, the very first an error, every fourth other one right."""
    experiment: Experiment = sums(planned or results or 1)
    MembershipFactory(project=experiment.project, user=api.person)
    run, scorer = run_of(experiment), experiment.scorers.get()
    for ordinal in range(results):
        is_error = ordinal == 0
        ms = SLOW if ordinal < 6 else QUICK
        stages = [["render", "ok", 1, 0], ["generate", "error" if is_error else "ok", ms, 7]]
        outcome = "timeout" if is_error else "ok"
        result = ResultFactory(run=run, ordinal=ordinal, outcome=outcome, stages=stages, latency_ms=ms, wait_ms=7)
        if not is_error:
            ScoreFactory(result=result, scorer=scorer, value=float(ordinal % RIGHT_EACH == 0))
    for unit in WorkUnit.objects.filter(run=run):
        recount(unit)
    summed(run)
    return run


def shown(api: Api, run: Run) -> dict[str, Any]:
    """Return the run as the API shows it."""
    body: dict[str, Any] = api.get(f"runs/{run.uid}/").json()
    return body


def test_run_without_results_shows_none(api: Api) -> None:
    LaneFactory(kind="host")
    run = run_with(0, api)

    body = shown(api, run)

    assert (body["stage_results"], body["scores"], body["results"], body["n"], body["errors"]) == ([], [], 0, 0, {})
    assert (body["score"], body["cost_usd"], body["output"]) == (None, None, None)
    assert body["results_url"] == f"http://testserver/api/v1/runs/{run.uid}/results/"


def test_run_of_100_results_shows_each(api: Api) -> None:
    run = run_with(100, api)

    body = shown(api, run)

    assert len(body["stage_results"]) == 200
    assert body["stage_results"][1] == {
        "result": address_of(run, 0),
        "stage": "generate",
        "status": "error",
        "ms": SLOW,
        "wait_ms": 7,
    }
    assert [score["result"] for score in body["scores"]] == [address_of(run, ordinal) for ordinal in range(1, 100)]
    assert [score["value"] for score in body["scores"][:4]] == [0.0, 0.0, 0.0, 1.0]


def test_run_of_101_results_shows_a_summary_of_each_stage(api: Api) -> None:
    run = run_with(101, api)

    render, generate = shown(api, run)["stage_results"]

    assert render == {"stage": "render", "count": 101, "errors": 0, "p50_ms": 1, "p95_ms": 1, "total_ms": 101}
    assert {name: generate[name] for name in ("stage", "count", "errors", "total_ms")} == {
        "stage": "generate",
        "count": 101,
        "errors": 1,
        "total_ms": 6 * SLOW + 95 * QUICK,
    }
    assert generate["p50_ms"] == pytest.approx(QUICK, rel=0.025)
    assert generate["p95_ms"] == pytest.approx(SLOW, rel=0.025)


def test_run_of_101_results_shows_a_summary_of_each_scorer(api: Api) -> None:
    run = run_with(101, api)

    body = shown(api, run)

    wilson = wilson_interval(25, 100)
    assert wilson is not None
    (score,) = body["scores"]
    assert (score["scorer"], score["value"], score["n"]) == ("correct", 0.25, 100)
    assert (score["low"], score["high"]) == (pytest.approx(wilson.low), pytest.approx(wilson.high))
    assert (body["results"], body["n"], body["errors"]) == (101, 100, {"timeout": 1})
    assert body["results_url"].endswith(f"/runs/{run.uid}/results/")


def test_run_that_will_have_101_results_is_summarised_from_the_first(api: Api) -> None:
    run = run_with(3, api, planned=101)

    body = shown(api, run)

    assert [stage["count"] for stage in body["stage_results"]] == [3, 3]
    assert [score["n"] for score in body["scores"]] == [2]


def test_results_behind_the_url_are_all_there(api: Api) -> None:
    run = run_with(101, api)

    listed = api.get(f"{shown(api, run)['results_url']}?limit=500").json()

    assert (listed["total"], [item["ordinal"] for item in listed["items"]]) == (101, list(range(101)))


def test_run_shows_times_to_the_first_token_of_its_streamed_results(api: Api) -> None:
    run = run_with(2, api)
    before = shown(api, run)
    Result.objects.of_run(run).filter(outcome="ok").update(first_token_ms=100, latency_ms=1100, tokens_out=11)
    for unit in WorkUnit.objects.filter(run=run):
        recount(unit)

    after, listed = shown(api, run), api.get(f"runs/{run.uid}/results/").json()["items"]

    assert (before["first_token_p50_ms"], before["first_token_p95_ms"]) == (None, None)
    assert before["p50_ms"] == pytest.approx(SLOW, rel=0.025)
    assert [after["first_token_p50_ms"], after["first_token_p95_ms"]] == pytest.approx([100, 100], rel=0.025)
    assert sorted((one["first_token_ms"], one["tokens_per_s"]) for one in listed if one["outcome"] == "ok") == [
        (100, 10.0)
    ]
    assert [one["first_token_ms"] for one in listed if one["outcome"] != "ok"] == [None]
