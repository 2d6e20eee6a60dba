"""What errors of OpenAI-compatible endpoints mean: the table of docs/providers.md, row by row."""

from datetime import UTC, datetime
from typing import Any

import pytest

from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import RAW_LIMIT, UnknownModel, classify_error, retry_after
from tests.runs.fake_transport import response

URL = "http://there/v1/chat/completions"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
REQUEST = Request("gpt-x", [], {"temperature": 0, "extra_body": {"top_k": 4}})
RATE_WORDS = "Rate limit reached. Visit https://there/account/billing to add a payment method."


def classified(answer: HttpResponse) -> CallFailed | NeedsPerson | Completion:
    """Return what an answer means."""
    return classify_error(answer, url=URL, request=REQUEST, now=NOW)


def error(message: str, **more: Any) -> dict[str, Any]:
    """Return the body of an error."""
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (response(401, error("Incorrect API key")), "bad key: .* 401 .Incorrect API key."),
        (response(403, b"<html>no"), "not let through: .* 403 with a web page"),
        (response(403, error("no")), "bad key: .* 403 .no."),
        (response(403, b"no"), "bad key: .* 403 .no."),
        (response(400, error("No connected db.", type="no_db_connection")), "bad key: .* 400"),
        (response(429, error("quota", code="insufficient_quota")), "no credit: .* 429"),
        (response(429, error("You exceeded your current quota")), "no credit"),
        (response(429, error("x", code="billing_hard_limit_reached")), "no credit"),
        (response(402, error("Payment required")), "no credit: .* 402"),
        (response(404, b"404 page not found"), "answered 404: wrong path.*/v1"),
        (response(404, {"detail": "Not Found"}), "answered 404: wrong path"),
        (response(405, b""), "answered 405: wrong path"),
        (response(400, error("Unsupported", param="temperature")), "does not take the parameter temperature"),
        (response(400, error("Unrecognized request argument supplied: top_k")), "the parameter top_k"),
        (response(422, {"detail": "temperature: Extra inputs are not permitted"}), "the parameter temperature"),
        (response(400, error("Unsupported value with this model", param="n")), "the parameter n"),
        (response(307, b"", location="http://there/v2"), "307, a redirect, which is not followed"),
    ],
)
def test_classify_error_of_what_only_a_person_can_mend_says_what(answer: HttpResponse, sentence: str) -> None:
    found = classified(answer)

    assert type(found) is NeedsPerson
    assert URL in str(found)
    with pytest.raises(NeedsPerson, match=sentence):
        raise found


@pytest.mark.parametrize(
    "answer",
    [
        response(404, error("The model `gpt-x` does not exist", code="model_not_found")),
        response(400, error("/chat/completions: Invalid model name passed in model=gpt-x. Call `/v1/models` to view")),
        response(404, {"detail": "no gpt-x here"}),
        response(400, error("model not found", param="model")),
        response(400, error("Unknown model", code="model_not_found", param="model")),
    ],
)
def test_classify_error_of_an_unknown_model_names_it(answer: HttpResponse) -> None:
    found = classified(answer)

    assert isinstance(found, UnknownModel)
    assert 'the model "gpt-x" is unknown' in str(found)


@pytest.mark.parametrize(
    ("answer", "outcome", "is_retriable"),
    [
        (response(429, error("slow down")), "rate_limited", True),
        (response(429, error(RATE_WORDS, code="rate_limit_exceeded")), "rate_limited", True),
        (response(429, error(RATE_WORDS)), "rate_limited", True),
        (response(429, error("exceeded your current quota", type="rate_limit_error")), "rate_limited", True),
        (response(503, b"", retry_after="3"), "rate_limited", True),
        (response(503, b""), "provider_error", True),
        (response(408, b""), "provider_error", True),
        (response(409, b""), "provider_error", True),
        (response(500, error("boom")), "provider_error", True),
        (response(502, b"<html>bad gateway"), "provider_error", True),
        (response(504, b""), "provider_error", True),
        (response(529, error("overloaded")), "provider_error", True),
        (response(400, error("messages[0] is odd", param="messages[0]")), "provider_error", False),
        (response(413, b"too large"), "provider_error", False),
        (response(422, {"detail": [{"loc": ["body"], "msg": "odd"}]}), "provider_error", False),
        (response(418, b""), "provider_error", False),
    ],
)
def test_classify_error_of_a_failed_call_has_its_outcome(
    answer: HttpResponse, outcome: str, is_retriable: bool
) -> None:
    found = classified(answer)

    assert isinstance(found, CallFailed)
    assert (found.outcome, found.is_retriable, found.is_unreachable) == (outcome, is_retriable, False)
    assert found.status == answer.status
    assert found.raw_response == answer.body.decode()


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (response(400, error("This model's maximum context length is 8192")), "truncated", "input too long"),
        (response(400, error("x", code="context_length_exceeded")), "truncated", "input too long"),
        (response(413, error("prompt is too long: 9 tokens")), "truncated", "input too long"),
        (response(400, error("x", code="content_filter")), "refused", "stopped by the provider's content filter"),
    ],
)
def test_classify_error_about_the_item_itself_is_a_completion(answer: HttpResponse, outcome: str, detail: str) -> None:
    found = classified(answer)

    assert isinstance(found, Completion)
    assert (found.outcome, found.detail, found.text, found.tokens_in) == (outcome, detail, "", None)
    assert found.raw_response == answer.body.decode()


def test_classify_error_with_a_huge_body_keeps_64_kib_of_clean_text() -> None:
    found = classified(response(500, b"\x00" + b"x" * 200_000 + b"\xff"))

    assert isinstance(found, CallFailed)
    assert found.raw_response == "x" * (RAW_LIMIT - 1)
    assert len(found.detail) < 600


def test_classify_error_with_retry_after_tells_the_seconds() -> None:
    found = classified(response(429, b"", retry_after="7"))

    assert isinstance(found, CallFailed)
    assert found.retry_after_s == 7.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("0", 0.0),
        ("-5", 0.0),
        ("1.5", 1.5),
        ("86400", 600.0),
        ("inf", 600.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 13:00:30 +0100", 30.0),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Mon, 02 Mar 2026 12:00:00 GMT", 600.0),
        ("Mon, 32 Jan 2026 00:00:00 GMT", None),
        ("Sun, 01 Mar 2026 12:00:30 +99999999999999999999", None),
    ],
)
def test_retry_after_in_each_form_is_seconds_up_to_ten_minutes(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
