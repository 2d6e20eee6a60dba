"""The journey of a program with nothing but a token: declare, run, rate, read the board, run again without a call."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from experiments.media import data_uri
from experiments.models import Experiment, Role
from runs.models import Result
from runs.transcripts import messages_of
from tests.api_client import Api
from tests.factories import MembershipFactory, ProviderFactory
from tests.model_server import ModelServer, model_server

SCORERS = [
    {"name": "correct", "kind": "contains", "options": {"value": ["Paris"]}},
    {"name": "helpful", "kind": "person"},
]
WEIGHTS = {"correct": 2, "helpful": 1}
PROMPT = "What is the capital of {{ input }}? Paris or Rome?"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A provider's endpoint."""
    with model_server() as running:
        yield running


@pytest.fixture
def api(transactional_db: None, server: ModelServer, settings: Settings) -> Api:
    """An editor of a project whose only provider answers; runs are done within the request."""
    settings.RUN_IN_REQUEST = True
    member = MembershipFactory(role=Role.EDITOR)
    ProviderFactory(project=member.project, name="local", base_url=server.url)
    return Api(member.user)


def experiment(api: Api) -> str:
    made = api.post("experiments/", {"name": "ad hoc", "scorers": SCORERS, "scoring_config": {"weights": WEIGHTS}})
    assert made.status_code == 201, made.content
    return str(made.json()["id"])


def run(api: Api, experiment_id: str, model: str, **more: Any) -> Any:
    config = {"model": model, "prompt": PROMPT, "input_data": "France"}
    return api.post("runs", {"experiment_id": experiment_id, "config": config, **more}, Prefer="wait=20")


def test_journey_ends_in_the_right_board(api: Api, server: ModelServer) -> None:
    experiment_id = experiment(api)
    runs = {model: run(api, experiment_id, model).json() for model in ("alpha", "beta", "gamma")}

    low = api.post(f"runs/{runs['alpha']['id']}/score/", {"scorer_name": "helpful", "value": 0.2})
    high = api.post(f"runs/{runs['beta']['id']}/score/", {"scorer_name": "helpful", "value": 0.9})

    board = api.get(f"experiments/{experiment_id}/leaderboard/").json()
    assert [one["status"] for one in runs.values()] == ["completed"] * 3
    assert (low.status_code, high.json()["source"], high.json()["author"]) == (201, "person", api.person.username)
    assert [entry["run_id"] for entry in board["entries"]] == [runs[name]["id"] for name in ("beta", "alpha", "gamma")]
    assert [entry["complete"] for entry in board["entries"]] == [True, True, False]
    assert [entry["rank"] for entry in board["entries"][:2]] == [1, 2]
    assert [entry["missing"] for entry in board["entries"]] == [[], [], ["helpful"]]
    assert [entry["weighted_score"] for entry in board["entries"]] == pytest.approx([2.9 / 3, 2.2 / 3, 1.0])
    assert (board["total"], board["experiment_id"], len(server.requests)) == (3, experiment_id, 3)


def test_weights_are_tried_and_not_saved(api: Api) -> None:
    experiment_id = experiment(api)
    run_id = run(api, experiment_id, "alpha").json()["id"]
    api.post(f"runs/{run_id}/score/", {"scorer_name": "helpful", "value": 0.25})

    tried = api.get(f'experiments/{experiment_id}/leaderboard/?weights={{"correct":0}}').json()

    [entry] = tried["entries"]
    assert (entry["weighted_score"], entry["low"], entry["complete"]) == (0.25, None, True)
    assert tried["scoring_config"]["weights"] == {"correct": 0.0, "helpful": 1.0}
    assert api.get(f"experiments/{experiment_id}/").json()["scoring_config"]["weights"] == WEIGHTS


def test_run_carries_what_it_used_and_came_to(api: Api) -> None:
    shown = run(api, experiment(api), "alpha").json()

    assert shown["config"]["model"] == "alpha"
    assert shown["config"]["prompt"] == [{"role": "user", "content": PROMPT}]
    assert shown["config"]["input_data"] == "France"
    assert shown["output"] == "alpha: What is the capital of France? Paris or Rome?"
    assert [stage["stage"] for stage in shown["stage_results"]] == ["render", "generate", "score"]
    assert [(score["scorer"], score["value"], score["source"]) for score in shown["scores"]] == [
        ("correct", 1.0, "code")
    ]
    assert (shown["tokens_in"], shown["tokens_out"], shown["cost_usd"], shown["n"]) == (10, 5, None, 1)
    assert shown["errors"] == {}


def test_run_with_reuse_makes_no_call(api: Api, server: ModelServer) -> None:
    experiment_id = experiment(api)
    first = run(api, experiment_id, "alpha", reuse=True)

    again = run(api, experiment_id, "alpha", reuse=True)
    fresh = run(api, experiment_id, "alpha")

    assert (first.status_code, first.json()["reused"]) == (201, False)
    assert (again.status_code, again.json()["reused"], again.json()["id"]) == (200, True, first.json()["id"])
    assert (fresh.status_code, fresh.json()["id"] == first.json()["id"]) == (201, False)
    assert len(server.requests) == 2


def test_run_with_the_same_idempotency_key_is_one_run(api: Api, server: ModelServer) -> None:
    body = {"experiment_id": experiment(api), "config": {"model": "alpha", "prompt": PROMPT}}

    first = api.post("runs/", body, Idempotency_Key="k1")
    again = api.post("runs", body, Idempotency_Key="k1")
    other = api.post("runs/", {**body, "reuse": True}, Idempotency_Key="k1")

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(server.requests) == 1


def test_result_is_read_and_rated_at_its_address(api: Api) -> None:
    shown = run(api, experiment(api), "alpha").json()
    [listed] = api.get(f"runs/{shown['id']}/results/").json()["items"]

    api.post(f"results/{listed['id']}/score/", {"scorer_name": "tone", "value": 0.5, "metadata": {"by": "hand"}})

    detail = api.get(f"results/{listed['id']}/").json()
    assert listed["id"] == f"{shown['id']}.0"
    assert [message["role"] for message in detail["transcript"]] == ["user", "assistant"]
    assert {score["scorer"]: score["value"] for score in detail["scores"]} == {"correct": 1.0, "tone": 0.5}
    assert Experiment.objects.get().scorers.get(name="tone").weight == 0


def test_prompt_without_a_variable_is_the_system_message(api: Api, server: ModelServer) -> None:
    config = {"model": "alpha", "prompt": "Answer in French.", "input_data": "Hello"}

    api.post("runs/", {"experiment_id": experiment(api), "config": config})

    assert [(one["role"], one["content"]) for one in server.requests[0]["messages"]] == [
        ("system", "Answer in French."),
        ("user", "Hello"),
    ]


def test_model_is_found_at_the_provider_that_lists_it(api: Api, server: ModelServer) -> None:
    member = api.person.memberships.get()
    ProviderFactory(project=member.project, name="silent")

    shown = run(api, experiment(api), "beta")

    assert shown.json()["config"]["base_url"] == server.url


def test_model_that_two_providers_offer_is_refused_naming_them(api: Api, server: ModelServer) -> None:
    member = api.person.memberships.get()
    ProviderFactory(project=member.project, name="second", base_url=server.url)

    refused = run(api, experiment(api), "beta")

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "config.provider"
    assert "local, second" in refused.json()["detail"]


@pytest.mark.parametrize("size", [6, 90_000])
def test_image_goes_to_the_provider_and_comes_back_with_the_transcript(
    api: Api, server: ModelServer, settings: Settings, tmp_path: Path, size: int
) -> None:
    settings.DATA_DIR = tmp_path
    image = data_uri("image/png", b"x" * size)
    content = ["What is it?", {"type": "image", "from": "picture"}]
    config = {"model": "alpha", "prompt": [{"role": "user", "content": content}], "input_data": {"picture": image}}

    made = api.post("runs", {"experiment_id": experiment(api), "config": config}, Prefer="wait=20").json()

    shown = api.get(f"results/{made['id']}.0/").json()
    assert made["status"] == "completed"
    assert server.requests[0]["messages"][0]["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": image}},
    ]
    assert shown["transcript"][0]["parts"][1] == {"type": "image", "url": image}
    stored = messages_of(Result.objects.get())[0]["parts"][1]
    assert set(stored) == ({"type", "url"} if size == 6 else {"type", "blob", "media_type"})


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"type": "image", "blob": "a" * 64, "media_type": "image/png"}, "a file comes with an experiment file"),
        ({"type": "image", "url": "cat.png"}, "stands for no image"),
        ({"type": "odd"}, "a part is a text, or has a type"),
    ],
)
def test_prompt_of_a_part_that_cannot_be_is_refused(api: Api, part: dict[str, str], sentence: str) -> None:
    config = {"model": "alpha", "prompt": [{"role": "user", "content": [part]}]}

    refused = api.post("runs", {"experiment_id": experiment(api), "config": config})

    assert refused.status_code == 400
    assert sentence in refused.content.decode()
