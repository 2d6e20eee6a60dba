"""What the API is sent that it cannot take: always a problem document with a sentence, never a server error."""

from typing import Any

import pytest

from experiments.models import Experiment, ScorerSpec
from runs.models import Run, RunStatus
from tests.api_client import Api
from tests.factories import (
    ExperimentFactory,
    ProviderFactory,
    ResultFactory,
    RunFactory,
    RunStandingFactory,
    ScorerSpecFactory,
)

CONFIG = {"model": "m", "prompt": "{{ input }}"}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def api(editor: Any) -> Api:
    """An editor of the project."""
    return Api(editor)


@pytest.fixture
def run(project: Any) -> Run:
    """A run with one result and a code scorer."""
    made = RunFactory(candidate__experiment=ExperimentFactory(project=project))
    ScorerSpecFactory(experiment=made.experiment, name="correct")
    ResultFactory(run=made)
    return made


def problem(answer: Any, status: int) -> Any:
    """Return the body of a problem document of this status."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    body = answer.json()
    assert (body["status"], bool(body["title"]), bool(body["detail"])) == (status, True, True)
    return body


def fields(answer: Any) -> list[str]:
    """Return the fields that a 400 names."""
    return [error["field"] for error in problem(answer, 400)["errors"]]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "name: This field is required"),
        ("{", "no JSON that can be taken: a key in double quotes is expected in line 1, column 2"),
        ("[1]", "Write an object."),
        ('"text"', "Write an object."),
        ("null", "Write an object."),
        ('{"name": ' + "9" * 5000 + "}", "5000 digits; 4000 are read"),
        ('{"name": NaN}', "NaN"),
        ('{"name": 1e400}', "too large"),
        ('{"name": "\\ud800"}', "surrogate"),
        ('{"name": "a\\u0000b"}', "NUL"),
        ('{"name": "a", "name": "b"}', "twice"),
        (b'{"name": "\xff"}', "UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        (b'{"name": "' + b"x" * 10_000_000 + b'"}', "larger than 4 MiB"),
    ],
)
def test_body_that_cannot_be_taken_is_a_problem(api: Api, body: Any, sentence: str) -> None:
    assert sentence in problem(api.post("experiments/", body), 400)["detail"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_body_of_another_type_is_unsupported(api: Api, kind: str) -> None:
    body = problem(api.post("experiments/", "name=a", Content_Type=kind), 415)

    assert body["detail"] == "Send JSON, with the header Content-Type: application/json."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"config": {**CONFIG, "temperature": 1}}, "config.temperature"),
        ({"config": {"prompt": "x"}}, "config.model"),
        ({"config": {**CONFIG, "model": ""}}, "config.model"),
        ({"config": {**CONFIG, "model": 7}}, "config.model"),
        ({"config": {**CONFIG, "model": "m" * 300}}, "config.model"),
        ({"config": {**CONFIG, "prompt": []}}, "config.prompt"),
        ({"config": {**CONFIG, "prompt": 5}}, "config.prompt"),
        ({"config": {**CONFIG, "prompt": [{"role": "robot", "content": "x"}]}}, "config.prompt"),
        ({"config": {**CONFIG, "prompt": [{"role": ["user"], "content": "x"}]}}, "config.prompt"),
        ({"config": {**CONFIG, "prompt": "{{ input"}}, "config.prompt"),
        ({"config": {**CONFIG, "prompt": "{{ question }}"}}, "prompt"),
        ({"config": {**CONFIG, "params": []}}, "config.params"),
        ({"config": {**CONFIG, "params": {"temperature": 9}}}, "config.params.temperature"),
        ({"config": {**CONFIG, "params": {"colour": 9}}}, "config.params.colour"),
        ({"config": {**CONFIG, "input_data": 5}}, "config.input_data"),
        ({"config": {**CONFIG, "input_data": {"key": "x"}}}, "config.input_data"),
        ({"config": "m"}, "config"),
        ({"reuse": "yes"}, "reuse"),
        ({"experiment_id": 5}, "experiment_id"),
    ],
)
def test_ad_hoc_run_that_does_not_fit_names_the_field(api: Api, project: Any, changes: Any, field: str) -> None:
    ProviderFactory(project=project)
    body = {"experiment_id": str(ExperimentFactory(project=project).uid), "config": CONFIG, **changes}

    assert fields(api.post("runs/", body)) == [field]
    assert not Run.objects.exists()


def test_ad_hoc_run_without_any_provider_says_so(api: Api, project: Any) -> None:
    body = {"experiment_id": str(ExperimentFactory(project=project).uid), "config": CONFIG}

    assert fields(api.post("runs/", body)) == ["config.provider"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=ten",
        "offset=-1",
        "offset=10001",
        "min_score=1.1",
        "max_score=-0.1",
        "min_score=nan",
        "min_score=0.9&max_score=0.1",
        "ordering=colour",
        "status=done",
        "cursor=nonsense",
        "cursor=WzFd",
    ],
)
def test_runs_query_that_does_not_fit_names_the_parameter(api: Api, query: str) -> None:
    assert fields(api.get(f"runs/?{query}")) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "query",
    ["top_n=0", "top_n=101", "top_n=x", "weights=x", "weights=[]", 'weights={"no":1}', 'weights={"correct":-1}',
     'weights={"correct":0}', 'weights={"correct":"1"}', "include=all"],
)  # fmt: skip
def test_board_query_that_does_not_fit_names_the_parameter(api: Api, run: Run, query: str) -> None:
    answer = api.get(f"experiments/{run.experiment.uid}/leaderboard/?{query}")

    assert fields(answer) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("runs/?status=done", "Write one of pending, running, paused, completed, failed, cancelled."),
        ("runs/?ordering=colour", "Write one of started_at, -started_at, completed_at"),
    ],
)
def test_query_with_a_word_that_is_none_names_those_there_are(api: Api, query: str, sentence: str) -> None:
    assert sentence in problem(api.get(query), 400)["detail"]


def test_weights_that_are_no_json_say_what_to_write(api: Api, run: Run) -> None:
    answer = api.get(f"experiments/{run.experiment.uid}/leaderboard/?weights=x")

    assert 'weights: Write an object like {"correct": 2}.' in problem(answer, 400)["detail"]


def test_score_under_a_name_of_other_characters_says_which_there_are(api: Api, run: Run) -> None:
    answer = api.post(f"runs/{run.uid}/score/", {"scorer_name": "a b", "value": 1})

    assert problem(answer, 400)["detail"] == "scorer_name: A name holds a-z, 0-9, _ and - only, up to 100 of them."


@pytest.mark.parametrize("value", [True, "0.5", None, [], {}, -0.1, 1.1, 10**400])
def test_score_with_a_wrong_value_is_a_problem(api: Api, run: Run, value: Any) -> None:
    assert fields(api.post(f"runs/{run.uid}/score/", {"scorer_name": "helpful", "value": value})) == ["value"]
    assert not ScorerSpec.objects.filter(name="helpful").exists()


@pytest.mark.parametrize("name", ["", "x" * 300, "Two Words", "new\n", 5, None])
def test_score_under_a_wrong_name_is_a_problem(api: Api, run: Run, name: Any) -> None:
    assert fields(api.post(f"runs/{run.uid}/score/", {"scorer_name": name, "value": 1})) == ["scorer_name"]


@pytest.mark.parametrize("metadata", [[], "x", 5, {"x": "x" * 1_000_000}])
def test_score_with_wrong_metadata_is_a_problem(api: Api, run: Run, metadata: Any) -> None:
    body = {"scorer_name": "helpful", "value": 1, "metadata": metadata}

    assert fields(api.post(f"runs/{run.uid}/score/", body)) == ["metadata"]


def test_score_under_the_name_of_a_code_scorer_is_a_conflict(api: Api, run: Run) -> None:
    problem(api.post(f"runs/{run.uid}/score/", {"scorer_name": "correct", "value": 1}), 409)


@pytest.mark.parametrize(
    "weights", [{"correct": -1}, {"correct": 0}, {"other": 1}, {"correct": "1"}, {"correct": True}, [1], 10**400]
)
def test_weights_that_do_not_fit_change_nothing(api: Api, run: Run, weights: Any) -> None:
    body = {"description": "changed", "scoring_config": {"weights": weights}}

    problem(api.patch(f"experiments/{run.experiment.uid}/", body), 400)

    assert Experiment.objects.get().description == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"trials": 0}, "trials"),
        ({"trials": 1.5}, "trials"),
        ({"trials": 1000}, "trials"),
        ({"scorers": [{"name": "a", "kind": "magic"}]}, "kind"),
        ({"scorers": [{"name": "a b", "kind": "contains"}]}, "name"),
        ({"scorers": [{"name": "a", "kind": "contains", "options": {"colour": 1}}]}, "options"),
        ({"scorers": [{"name": "a", "kind": "regex", "options": {"pattern": "("}}]}, "options"),
        ({"scorers": [{"name": "a", "kind": "contains"}] * 2}, "scorers"),
        ({"scorers": [{"name": "a", "kind": "latency", "weight": 1}]}, "weight"),
        ({"scorers": [{"name": "a", "kind": "contains", "range": [1, 0]}]}, "range"),
        ({"scorers": [{"name": "a", "kind": "contains", "colour": 1}]}, "scorers[0].colour"),
        ({"scoring_config": {"weights": {"a": 1}}}, "scoring_config.weights"),
        ({"scoring_config": {"errors": "maybe"}}, "scoring_config.errors"),
    ],
)
def test_experiment_that_does_not_fit_names_the_field(api: Api, changes: Any, field: str) -> None:
    assert fields(api.post("experiments/", {"name": "new", **changes})) == [field]
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"base_url": "nowhere"}, "base_url"),
        ({"base_url": "http://[::1"}, "base_url"),
        ({"base_url": "http://example.org:99999/v1"}, "base_url"),
        ({"kind": "magic"}, "kind"),
        ({"max_in_flight": 0}, "max_in_flight"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers"),
        ({"headers": {"X-A": "a\nb"}}, "headers"),
        ({"headers": {"X-A": 5}}, "headers"),
        ({"prices": {"m": {"input": -1, "output": 1}}}, "prices"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"secret": "sk-secret"}, "secret"),
    ],
)
def test_provider_that_does_not_fit_names_the_field(api: Api, changes: Any, field: str) -> None:
    body = {"name": "new", "base_url": "http://127.0.0.1:9/v1", **changes}

    assert fields(api.post("providers/", body)) == [field]


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_idempotency_key_of_a_wrong_length_is_a_problem(api: Api, key: str) -> None:
    assert fields(api.post("experiments/", {"name": "new"}, Idempotency_Key=key)) == ["Idempotency-Key"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "runs/"), ("PUT", "experiments/"), ("PUT", "projects/"), ("PATCH", f"runs/{NOBODY}/")],
)
def test_method_that_is_not_there_is_a_problem(api: Api, method: str, path: str) -> None:
    problem(api.call(method, path, {}), 405)


@pytest.mark.parametrize(
    "path",
    ["", "nothing/", "runs/x", "runs/x/results", f"runs/{NOBODY}", f"results/{NOBODY}.0", "results/x.y", "scores/x/",
     f"scores/{NOBODY}/", "experiments/x/leaderboard/", "experiments/x/export", "runs/?experiment_id=x",
     f"runs/?experiment_id={NOBODY}", "datasets/x/versions", "providers/x", "tokens/x"],
)  # fmt: skip
def test_address_of_nothing_is_not_found(api: Api, path: str) -> None:
    problem(api.get(path), 404)


@pytest.mark.parametrize("suffix", ["", "/"])
@pytest.mark.parametrize("address", ["projects", "experiments", "runs", "providers", "prompts", "datasets", "tokens"])
def test_list_answers_with_and_without_the_slash(api: Api, address: str, suffix: str) -> None:
    assert set(api.get(f"{address}{suffix}").json()) == {"items", "total", "next"}


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Bearer es_00000000_x", "Basic YTpi", "Bearer \xff"])
def test_request_without_a_valid_token_is_unauthorized(db: None, token: str) -> None:
    answer = Api().get("runs/", Authorization=token)

    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.CANCELLED, RunStatus.FAILED])
def test_cancel_of_an_ended_run_is_a_conflict(api: Api, run: Run, status: str) -> None:
    Run.objects.update(status=status, completed_at=run.created_at, status_reason="so")

    problem(api.post(f"runs/{run.uid}/cancel/"), 409)


@pytest.mark.parametrize("action", ["resume", "retry"])
def test_action_that_does_not_fit_the_state_is_a_conflict(api: Api, run: Run, action: str) -> None:
    problem(api.post(f"runs/{run.uid}/{action}"), 409)


def test_errored_result_cannot_be_rated(api: Api, project: Any) -> None:
    failed = ResultFactory(
        run=RunFactory(candidate__experiment=ExperimentFactory(project=project)), outcome="timeout", detail="late"
    )
    run = Run.objects.get()

    problem(api.post(f"results/{run.uid}.{failed.ordinal}/score/", {"scorer_name": "helpful", "value": 1}), 409)


def test_run_filter_by_score_leaves_out_runs_without_one(api: Api, project: Any) -> None:
    rated = RunFactory(candidate__experiment=ExperimentFactory(project=project))
    RunFactory(candidate__experiment=rated.experiment)
    RunStandingFactory(run=rated, value=0.5)

    within = api.get("runs/?min_score=0.5&max_score=0.5").json()

    assert ([one["id"] for one in within["items"]], within["total"]) == ([str(rated.uid)], 1)
    assert api.get("runs/?min_score=0.51").json()["items"] == []


def test_ad_hoc_run_with_a_parameter_that_its_kind_of_provider_has_not_names_it(api: Api, project: Any) -> None:
    ProviderFactory(project=project, kind="anthropic")
    config = {**CONFIG, "params": {"seed": 1}}

    body = {"experiment_id": str(ExperimentFactory(project=project).uid), "config": config}

    assert fields(api.post("runs/", body)) == ["config.params.seed"]


def test_body_with_thousands_of_unknown_keys_is_refused_in_a_few_words(api: Api) -> None:
    answer = api.post("experiments/", {f"name{number}": 1 for number in range(3000)})

    body = problem(answer, 400)
    assert len(body["errors"]) == 20
    assert body["detail"].startswith("name0: unknown field; there are: ")
    assert body["detail"].endswith("; and more of them")


def test_body_with_thousands_of_wrong_values_is_refused_in_a_few_words(api: Api) -> None:
    answer = api.post("experiment-drafts/", {"document": "a", "files": {f"{'x' * 900}{n}": 1 for n in range(300)}})

    body = problem(answer, 400)
    assert (len(body["errors"]), len(body["errors"][0]["field"])) == (100, 200)
    assert len(body["detail"]) < 2000


def test_body_with_a_key_twice_among_very_many_names_it(api: Api) -> None:
    keys = ",".join(f'"k{number}":1' for number in range(20_000))

    answer = api.post("experiments/", f'{{{keys},"twice":1,"twice":2}}')

    assert problem(answer, 400)["detail"].endswith('the key "twice" is there twice')
