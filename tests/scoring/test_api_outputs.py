"""Outputs by API: the same items, modes and filters as the page; exports of what they leave."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from experiments.models import Experiment, Item
from runs.models import Result, Run
from tests.api_client import Api
from tests.factories import TranscriptFactory
from tests.people import member_of
from tests.runs.planned import sums
from tests.scoring.compared import FIRST, SECOND, scored_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment() -> Experiment:
    """An experiment over ten sums."""
    return sums(10)


@pytest.fixture
def pair(experiment: Experiment) -> tuple[Run, Run]:
    """Two runs that differ on the items 1, 4 and 8."""
    return scored_run(experiment, FIRST), scored_run(experiment, SECOND)


@pytest.fixture
def api(experiment: Experiment) -> Api:
    """An editor's client."""
    return Api(member_of(experiment.project, "editor"))


def asked(api: Api, experiment: Experiment, query: str = "") -> Any:
    """Return the answer to a query."""
    return api.get(f"experiments/{experiment.uid}/outputs/{query}")


def test_outputs_are_the_items_of_a_mode(api: Api, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    answer = asked(api, experiment, "?mode=different").json()

    first = answer["items"][0]
    assert [item["item_key"] for item in answer["items"]] == ["sum-1", "sum-4", "sum-8"]
    assert (answer["total"], answer["modes"]["failures"], answer["next"]) == (3, 5, None)
    assert [(cell["run_id"], cell["value"]) for cell in first["cells"]] == [
        (str(pair[0].uid), 1.0),
        (str(pair[1].uid), 0.0),
    ]
    assert first["cells"][0]["results"][0]["id"] == f"{pair[0].uid}.1"


def test_pages_follow_each_other(api: Api, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    first = asked(api, experiment, "?mode=different&limit=2").json()
    second = asked(api, experiment, "?" + first["next"].partition("?")[2]).json()

    assert [item["position"] for item in first["items"]] == [1, 4]
    assert [item["position"] for item in second["items"]] == [8]


def test_page_holds_so_many_results_whatever_the_limit(
    monkeypatch: pytest.MonkeyPatch, api: Api, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    monkeypatch.setattr("scoring.api.outputs.MOST_RESULTS", 6)

    first = asked(api, experiment, "?limit=500").json()

    assert len(first["items"]) == 3
    assert first["next"].endswith("?limit=500&after=2")


@pytest.mark.parametrize("query", ["mode=odd", "run=x", "scorer=no", "after=x", "limit=0", "text=%00"])
def test_what_does_not_fit_is_named(api: Api, experiment: Experiment, pair: tuple[Run, Run], query: str) -> None:
    answer = asked(api, experiment, f"?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_outputs_of_a_stranger_are_a_404(experiment: Experiment, stranger: User) -> None:
    assert asked(Api(stranger), experiment).status_code == 404
    assert asked(Api(stranger), experiment, "export").status_code == 404


def exported(api: Api, experiment: Experiment, query: str) -> str:
    """Return an exported file."""
    answer = asked(api, experiment, f"export?{query}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_export_as_csv_holds_what_the_filters_leave(api: Api, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    Item.objects.filter(key="sum-4").update(tags="|odd|")

    rows = list(csv.DictReader(io.StringIO(exported(api, experiment, "mode=different&tag=odd"))))

    assert [(row["result"], row["score.correct"]) for row in rows] == [
        (f"{pair[0].uid}.4", "1.0"),
        (f"{pair[1].uid}.4", "0.0"),
    ]


def test_export_as_jsonl_holds_whole_outputs(api: Api, experiment: Experiment, pair: tuple[Run, Run]) -> None:
    result = Result.objects.get(pk=pair[0].pk << 32 | 1)
    TranscriptFactory(result=result, body=[{"role": "assistant", "parts": [{"type": "text", "text": "x" * 5000}]}])

    first, *_ = map(json.loads, exported(api, experiment, "mode=different&format=jsonl").splitlines())

    assert (first["result"], first["output"]) == (f"{pair[0].uid}.1", "x" * 5000)
    assert first["scores"]["correct"][0]["value"] == 1.0


@pytest.mark.parametrize(("query", "cell"), [("", "=1+1"), ("for_spreadsheets=true", "'=1+1")])
def test_export_for_spreadsheets_defuses_formulas(
    api: Api, experiment: Experiment, pair: tuple[Run, Run], query: str, cell: str
) -> None:
    Item.objects.filter(key="sum-4").update(input="=1+1", tags="|odd|")

    rows = list(csv.DictReader(io.StringIO(exported(api, experiment, f"tag=odd&{query}"))))

    assert {row["input"] for row in rows} == {cell}


def test_export_goes_on_behind_its_first_items(
    monkeypatch: pytest.MonkeyPatch, api: Api, experiment: Experiment, pair: tuple[Run, Run]
) -> None:
    monkeypatch.setattr("scoring.grid.export.ITEMS_AT_ONCE", 3)

    assert exported(api, experiment, "format=jsonl").count("\n") == 20


def test_page_exports_the_same_lines(api: Api, experiment: Experiment, pair: tuple[Run, Run], client: Any) -> None:
    client.force_login(api.person)

    answer = client.get(f"/experiments/{experiment.uid}/outputs/export/?mode=different&format=jsonl")

    assert b"".join(answer.streaming_content).decode() == exported(api, experiment, "mode=different&format=jsonl")


def test_again_makes_an_ad_hoc_run(api: Api, pair: tuple[Run, Run]) -> None:
    answer = api.post(f"results/{pair[0].uid}.1/again")

    again = Run.objects.get(uid=answer.json()["run_id"])
    assert (answer.status_code, again.is_ad_hoc, again.name) == (201, True, pair[0].name)


def test_again_is_forbidden_to_viewers(experiment: Experiment, pair: tuple[Run, Run]) -> None:
    viewer = Api(member_of(experiment.project, "viewer"))

    assert viewer.post(f"results/{pair[0].uid}.1/again").status_code == 403
    assert viewer.post(f"results/{pair[0].uid}.99/again").status_code == 404
