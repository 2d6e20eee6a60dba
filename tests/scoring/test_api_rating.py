"""Rating by API: the same flow as the page, and nothing of whose answer it is."""

from typing import Any

import pytest

from experiments.models import Experiment
from runs.models import Run
from scoring.models import Score
from tests.api_client import Api
from tests.boards import experiment_in, result_of, run_of
from tests.factories import ScorerSpecFactory

UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def path(project: Any) -> str:
    """The route of an experiment with one run of two answers."""
    experiment = experiment_in(project, items=2)
    ScorerSpecFactory(experiment=experiment, name="helpful", kind="person")
    run = run_of(experiment, ok_count=2)
    _ = [result_of(run, ordinal) for ordinal in range(2)]
    return f"experiments/{experiment.uid}/rate/"


def test_rating_leads_from_one_to_the_next(viewer: Any, path: str) -> None:
    api = Api(viewer)
    first = api.get(f"{path}?order=item").json()

    second = api.post(f"{path}?order=item", {"id": first["next"]["id"], "values": {"helpful": 0.5}}).json()
    last = api.post(path, {"id": second["next"]["id"], "values": {"helpful": 1}, "comment": "good"}).json()

    assert (first["next"]["item"], second["next"]["item"], last["next"]) == ("item-0", "item-1", None)
    assert (first["rated"], second["rated"], last["rated"], last["total"]) == (0, 1, 2, 2)
    assert first["scorers"] == [{"name": "helpful", "low": 0.0, "high": 1.0, "revision": 1}]


def test_answers_say_nothing_of_the_candidate(viewer: Any, path: str) -> None:
    run = Run.objects.get()

    told = Api(viewer).get(path)

    text = told.content.decode() + str(told.headers)
    assert [part for part in (run.name, str(run.uid), run.config["model"]) if part in text] == []


def test_skip_undo_and_again(viewer: Any, path: str) -> None:
    api = Api(viewer)
    shown = api.get(path).json()["next"]["id"]

    assert api.post(f"{path}skip/", {"id": shown}).json()["skipped"] == 1
    assert api.post(f"{path}undo/").json()["next"]["id"] == shown
    api.post(f"{path}skip", {"id": shown})
    assert api.post(f"{path}again").json()["skipped"] == 0
    assert api.post(f"{path}undo").status_code == 409


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"values": {"helpful": 1}}, 400, "id"),
        ({"id": "x", "values": {"helpful": 1}}, 400, "id"),
        ({"id": UNKNOWN, "values": {"helpful": 1}}, 404, None),
        ({"values": {}}, 400, "helpful"),
        ({"values": {"helpful": "0.5"}}, 400, "helpful"),
        ({"values": {"helpful": None}}, 400, "helpful"),
        ({"values": {"helpful": 2}}, 400, "helpful"),
        ({"values": {"helpful": 1, "other": 1}}, 400, "other"),
        ({"values": [1]}, 400, "values"),
        ({"values": {"helpful": 1}, "comment": 3}, 400, "comment"),
        ({"values": {"helpful": 1}, "more": 3}, 400, "more"),
    ],
)
def test_what_does_not_fit_is_named(viewer: Any, path: str, body: Any, status: int, field: str | None) -> None:
    api = Api(viewer)
    shown = api.get(path).json()["next"]["id"]

    answer = api.post(path, body if field == "id" or status == 404 else {"id": shown, **body})

    assert answer.status_code == status
    assert field is None or answer.json()["errors"][0]["field"] == field
    assert not Score.objects.by_people().exists()


def test_order_that_is_none_is_refused(viewer: Any, path: str) -> None:
    assert Api(viewer).get(f"{path}?order=best").status_code == 400


def test_showing_is_answered_once_and_by_its_person(viewer: Any, editor: Any, path: str) -> None:
    api = Api(viewer)
    body = {"id": api.get(path).json()["next"]["id"], "values": {"helpful": 1}}

    statuses = [one.post(path, body).status_code for one in (Api(editor), api, api)]

    assert statuses == [404, 200, 409]


def test_strangers_find_nothing(stranger: Any, path: str) -> None:
    api = Api(stranger)

    answers = [api.get(path), api.post(f"{path}undo/"), api.get(path.replace("rate/", "ratings/"))]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_ratings_are_listed_by_person(viewer: Any, editor: Any, path: str) -> None:
    experiment = Experiment.objects.get()
    for person, value in ((viewer, 0.25), (editor, 1)):
        shown = Api(person).get(f"{path}?order=item").json()["next"]["id"]
        Api(person).post(path, {"id": shown, "values": {"helpful": value}})

    listed = Api(viewer).get(f"experiments/{experiment.uid}/ratings/").json()
    as_csv = Api(viewer).get(f"experiments/{experiment.uid}/ratings/?format=csv")

    assert listed["total"] == 2
    told = [(one["item"], one["person"], one["value"]) for one in listed["items"]]
    assert told == [("item-0", "viewer", 0.25), ("item-0", "editor", 1.0)]
    assert as_csv.headers["Content-Type"].startswith("text/csv")
    assert len(as_csv.content.splitlines()) == 3


def test_scale_that_was_changed_since_it_was_read_is_refused(viewer: Any, path: str) -> None:
    told = Api(viewer).get(path).json()
    (scorer,) = told["scorers"]
    body = {"id": told["next"]["id"], "values": {scorer["name"]: scorer["high"]}}

    refused = Api(viewer).post(path, {**body, "revisions": {scorer["name"]: scorer["revision"] + 1}})
    taken = Api(viewer).post(path, {**body, "revisions": {scorer["name"]: scorer["revision"]}})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, scorer["name"])
    assert (taken.status_code, taken.json()["rated"]) == (200, 1)
