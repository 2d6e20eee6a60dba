"""The OpenAPI document: complete, without warnings, and what the reading routes answer is never a server error."""

from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from tests.api_client import Api
from tests.factories import ExperimentFactory, ResultFactory, RunFactory


def document() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_schema_is_made_without_warnings() -> None:
    GENERATOR_STATS.reset()

    validate_schema(document())

    assert not GENERATOR_STATS


def test_every_operation_says_what_its_problems_mean() -> None:
    operations = [one for path in document()["paths"].values() for one in path.values()]

    assert len(operations) > 30
    assert all({"400", "401", "403", "404"} <= set(one["responses"]) for one in operations)
    assert all(one.get("description") for one in operations)


def test_what_answers_alone_hold_is_always_there() -> None:
    schemas = document()["components"]["schemas"]

    assert set(schemas["Import"]["required"]) == set(schemas["Import"]["properties"])
    assert "metric" not in schemas["Met"]["required"]
    assert schemas["NewItem"]["required"] == ["input", "key"]


def test_parts_of_answers_have_schemas_of_their_own() -> None:
    schemas = document()["components"]["schemas"]
    shown = {name: schemas[name]["properties"] for name in ("Experiment", "ResultDetail", "RunDetail", "Item")}

    assert shown["Experiment"]["scorers"]["items"] == {"$ref": "#/components/schemas/Scorer"}
    assert shown["ResultDetail"]["scores"]["items"] == {"$ref": "#/components/schemas/Score"}
    assert {"$ref": "#/components/schemas/Score"} in shown["RunDetail"]["scores"]["items"]["oneOf"]
    assert shown["Item"]["metadata"]["type"] == "object"


def test_parameter_that_may_come_several_times_is_a_list() -> None:
    outputs = document()["paths"]["/api/v1/experiments/{id}/outputs/"]["get"]["parameters"]

    assert next(one for one in outputs if one["name"] == "run")["schema"]["type"] == "array"


def test_list_is_described_as_items_total_and_next() -> None:
    runs = document()["paths"]["/api/v1/runs/"]["get"]

    shape = runs["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert set(document()["components"]["schemas"][shape]["properties"]) == {"items", "total", "next"}
    assert {one["name"] for one in runs["parameters"]} >= {"limit", "offset", "cursor", "min_score", "ordering"}


def test_headers_of_states_and_of_creation_are_described() -> None:
    paths = document()["paths"]
    named = {
        (method, path): {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
        for path, operations in paths.items()
        for method, operation in operations.items()
    }

    assert named["get", "/api/v1/experiments/{id}/leaderboard/"] == {"If-None-Match"}
    assert named["patch", "/api/v1/experiments/{id}/"] == {"If-Match"}
    assert named["post", "/api/v1/runs/"] == {"Prefer", "Idempotency-Key"}
    assert "304" in paths["/api/v1/runs/{id}/"]["get"]["responses"]


def test_board_that_the_caller_has_is_not_sent_again(viewer: Any, project: Any) -> None:
    api, path = Api(viewer), f"experiments/{ExperimentFactory(project=project).uid}/leaderboard/"

    assert api.get(path, If_None_Match=api.get(path)["ETag"]).status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "runs/?min_score=1e400",
        "runs/?limit=%00",
        "runs/?cursor=%F0%9F%98%80",
        "runs/%00/",
        "runs/?experiment_id=%00",
        "experiments/%F0%9F%98%80/leaderboard/?weights=%7B%7D",
        "results/%00.%00/",
        "runs/leaderboard/..%2F/",
        "runs/?limit=1&limit=2&offset=%E0%A4",
        "runs/?offset=99999999999999999999",
        "runs/?cursor=WyJ4IiwgbnVsbCwgMV0",
        "experiments/?cursor=W1tdLCBudWxsLCAxXQ",
        "runs/?cursor=WzEsIG51bGwsIDk5OTk5OTk5OTk5OTk5OTk5OTk5OTld",
    ],
)
def test_odd_address_is_never_a_server_error(viewer: Any, project: Any, path: str) -> None:
    ResultFactory(run=RunFactory(candidate__experiment=ExperimentFactory(project=project)))

    assert Api(viewer).get(path).status_code in (200, 400, 404)
