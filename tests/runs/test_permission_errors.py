"""A forbidden call says what forbids it: place, model, limit, network or service; the key where nothing is named."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runs.exchange import Completion, NeedsPerson, Request
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import classify_error
from runs.runners.gemini_errors import classify
from tests.runs.fake_transport import response

URL = "http://there/v1/chat/completions"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST = Request("gpt-x", [], {})
PLACE = {"code": "unsupported_country_region_territory", "message": "Country, region, or territory not supported"}


def said(status: int, error: Any) -> str:
    """Return what a person is told of an error."""
    found = classify_error(response(status, {"error": error}), url=URL, request=REQUEST, now=NOW)
    assert isinstance(found, NeedsPerson)
    return str(found)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PLACE, "place not served"),
        ({"code": 403, "message": "Provider returned error", "metadata": {"raw": str(PLACE)}}, "place not served"),
        (
            {"code": "model_not_found", "message": "Project `p` does not have access to model `gpt-x`"},
            "model not allowed",
        ),
        ({"code": "model_permission_blocked_project", "message": "The model is blocked"}, "model not allowed"),
        ({"type": "key_model_access_denied", "message": "key not allowed"}, "model not allowed"),
        ({"message": "You don't have access to the model with the specified model ID."}, "model not allowed"),
        ({"code": 403, "message": "Key limit exceeded (total limit)"}, "no quota left"),
        ({"code": 403, "message": "x", "metadata": {"limit_source": "openrouter_key_limit"}}, "no quota left"),
        ({"code": "403", "message": "Out of call volume quota. It is replenished in 3 days"}, "no quota left"),
        ({"code": "403", "message": "Access denied due to Virtual Network/Firewall rules."}, "network not allowed"),
        ({"code": "ip_not_authorized", "message": "no"}, "network not allowed"),
        ({"type": "permission_error", "message": "Your API key does not have permission"}, "bad key"),
        ("forbidden", "bad key"),
    ],
)
def test_forbidden_call_says_what_forbids_it_and_the_providers_words(error: Any, reason: str) -> None:
    sentence = said(403, error)

    assert sentence.startswith(f"{reason}: {URL} answered 403 (")
    assert sentence.endswith(", then resume.")
    assert (error if isinstance(error, str) else error["message"]) in sentence


def test_wrong_key_stays_a_bad_key() -> None:
    assert said(401, {"code": "invalid_api_key", "message": "Incorrect API key provided"}).startswith("bad key: ")
    assert said(401, {"type": "key_model_access_denied", "message": "no"}).startswith("model not allowed: ")


@pytest.mark.parametrize(
    "error",
    [
        {"code": 403, "message": "Your input was flagged", "metadata": {"reasons": ["x"], "flagged_input": "a"}},
        {"code": "content_policy_violation", "message": "no"},
    ],
)
def test_item_that_a_filter_stops_is_refused_and_the_run_goes_on(error: dict[str, Any]) -> None:
    found = classify_error(response(403, {"error": error}), url=URL, request=REQUEST, now=NOW)

    assert isinstance(found, Completion)
    assert found.outcome == "refused"


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ("SERVICE_DISABLED", "service not enabled"),
        ("API_KEY_IP_ADDRESS_BLOCKED", "network not allowed"),
        ("CONSUMER_SUSPENDED", "bad key"),
    ],
)
def test_gemini_names_what_its_details_say(reason: str, name: str) -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
    error = {"code": 403, "message": "Denied.", "status": "PERMISSION_DENIED", "details": [detail]}
    answer: HttpResponse = response(403, {"error": error})

    assert str(classify(answer, url=URL, request=REQUEST, now=NOW)).startswith(f"{name}: ")
