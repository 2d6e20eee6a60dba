"""Scorers by API: listed, tried, proposed with their flips, kept, discarded, taken out."""

from typing import Any

import pytest

from experiments.models import Experiment
from scoring.boards.leaderboard import leaderboard
from scoring.models import ScorerProposal
from tests.api_client import Api
from tests.people import member_of
from tests.scoring.proposed import MATCHING, answered, proposed

pytestmark = pytest.mark.django_db(transaction=True)
CHANGED = {"name": "correct", "kind": "regex", "options": {"pattern": MATCHING}}


@pytest.fixture
def experiment() -> Experiment:
    """An experiment with one run of two wrong answers."""
    return answered(2)


@pytest.fixture
def api(experiment: Experiment) -> Api:
    return Api(member_of(experiment.project, "editor"))


def score_of(experiment: Experiment) -> float | None:
    """Return what the first row of the board has."""
    return leaderboard(experiment).entries[0].weighted_score


def test_scorer_is_changed_at_once_and_stored_outputs_are_judged_again(api: Api, experiment: Experiment) -> None:
    answer = api.post(f"experiments/{experiment.uid}/scorers/", CHANGED)

    assert answer.status_code == 201
    assert answer.json()["scorer"]["revision"] == 2
    assert answer.json()["proposal"] is None
    assert score_of(experiment) == 1.0
    assert [one["kind"] for one in api.get(f"experiments/{experiment.uid}/scorers/").json()["items"]] == ["regex"]


def test_proposal_shows_the_flips_and_is_kept(api: Api, experiment: Experiment) -> None:
    proposal = api.post(f"experiments/{experiment.uid}/scorers/", {**CHANGED, "keep": False}).json()["proposal"]
    address = f"scorer-proposals/{proposal['id']}"

    assert (proposal["is_done"], proposal["flip_count"], proposal["better_count"]) == (True, 2, 2)
    assert [(one["key"], one["before"], one["after"]) for one in proposal["examples"]] == [
        ("sum-0", 0.0, 1.0),
        ("sum-1", 0.0, 1.0),
    ]
    assert score_of(experiment) == 0.0
    assert api.get(address).json()["flip_count"] == 2

    assert api.post(f"{address}/keep").json()["revision"] == 2
    assert score_of(experiment) == 1.0
    assert api.get(address).status_code == 404


def test_proposal_is_discarded(api: Api, experiment: Experiment) -> None:
    proposal = api.post(f"experiments/{experiment.uid}/scorers/", {**CHANGED, "keep": False}).json()["proposal"]

    assert api.delete(f"scorer-proposals/{proposal['id']}").status_code == 204
    assert not ScorerProposal.objects.exists()


def test_stale_proposal_is_a_conflict(api: Api, experiment: Experiment) -> None:
    proposal = proposed(experiment)
    api.post(f"experiments/{experiment.uid}/scorers/", {**CHANGED, "options": {"pattern": "x"}})

    answer = api.post(f"scorer-proposals/{proposal.uid}/keep/")

    assert answer.status_code == 409
    assert "somebody else" in answer.json()["detail"]


def test_same_idempotency_key_makes_one_proposal(api: Api, experiment: Experiment) -> None:
    body, path = {**CHANGED, "keep": False}, f"experiments/{experiment.uid}/scorers/"

    first, second = (api.post(path, body, Idempotency_Key="once").json()["proposal"] for _ in range(2))

    assert first["id"] == second["id"]
    assert ScorerProposal.objects.count() == 1


def test_scorer_is_tried_on_an_answer(api: Api, experiment: Experiment) -> None:
    body = {"kind": "exact_match", "options": {"extract": r"A: (\d+)"}, "answer": "A: 2"}
    path = f"experiments/{experiment.uid}/scorers/try/"

    first, second = api.post(path, body).json(), api.post(path, {**body, "item": "sum-1"}).json()

    assert (first["value"], second["value"], second["extracted"]) == (0.0, 1.0, "2")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("scorers/", {**CHANGED, "options": {"pattern": "("}}, 400),
        ("scorers/", {**CHANGED, "name": "not a name"}, 400),
        ("scorers/", {**CHANGED, "odd": 1}, 400),
        ("scorers/", {**CHANGED, "range": [2, 1]}, 400),
        ("scorers/try/", {"kind": "odd", "answer": ""}, 400),
        ("scorers/try/", {"kind": "person", "answer": ""}, 400),
        ("scorers/try/", {"kind": "contains", "answer": "", "item": "odd"}, 404),
        ("scorers/try/", {"kind": "contains"}, 400),
    ],
)
def test_bad_input_is_named(api: Api, experiment: Experiment, path: str, body: dict[str, Any], status: int) -> None:
    assert api.post(f"experiments/{experiment.uid}/{path}", body).status_code == status


def test_scorer_is_taken_out_unless_it_bears_the_only_weight(api: Api, experiment: Experiment) -> None:
    path = f"experiments/{experiment.uid}/scorers/"
    assert api.delete(f"{path}correct").status_code == 400
    api.post(path, {**CHANGED, "name": "place"})

    assert api.delete(f"{path}correct").status_code == 204
    assert api.delete(f"{path}correct").status_code == 404
    assert [one["name"] for one in api.get(path).json()["items"]] == ["place"]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("stranger", 404)])
def test_others_change_nothing(experiment: Experiment, stranger: Any, role: str, status: int) -> None:
    proposal = proposed(experiment)
    api = Api(stranger if role == "stranger" else member_of(experiment.project, role))

    answers = [
        api.post(f"experiments/{experiment.uid}/scorers/", CHANGED),
        api.post(f"experiments/{experiment.uid}/scorers/try/", {"kind": "contains", "answer": ""}),
        api.delete(f"experiments/{experiment.uid}/scorers/correct"),
        api.post(f"scorer-proposals/{proposal.uid}/keep/"),
        api.delete(f"scorer-proposals/{proposal.uid}/"),
    ]

    assert [answer.status_code for answer in answers] == [status] * 5
