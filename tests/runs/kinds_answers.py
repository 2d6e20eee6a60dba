"""What each kind of endpoint answers in the cases that all have: bodies as their public references show them."""

from typing import Any

from runs.runners.base import HttpResponse
from tests.runs.fake_transport import completion, response
from tests.wire import anthropic, gemini

PAGE = b"<!doctype html><title>Welcome</title>"
OPENAI = "openai"
ANTHROPIC = "anthropic"
GEMINI = "gemini"
HTTP = "http"
OPTIONS: dict[str, dict[str, Any]] = {
    HTTP: {"truncated": "stop=length", "refusal": "declined", "models_path": "/models"}
}
"""What a provider of the kind needs, so that its answers can be read."""


def openai_error(status: int, message: str, *, code: str | None = None, **headers: str) -> HttpResponse:
    """Return an error of chat completions."""
    return response(status, {"error": {"message": message, "type": "x", "param": None, "code": code}}, **headers)


def anthropic_error(status: int, kind: str, message: str, **headers: str) -> HttpResponse:
    """Return an error of the Messages API."""
    return response(status, anthropic.error(status, kind, message).body, **headers)


def gemini_error(code: int, status: str, message: str) -> HttpResponse:
    """Return an error of the Gemini API."""
    return response(code, gemini.error(code, status, message).body)


def everywhere(kind: str) -> dict[str, HttpResponse]:
    """Return what is the same for all kinds."""
    del kind  # whatever it is
    return {
        "web page": response(200, PAGE, content_type="text/html"),
        "redirect": response(307, b"", location="https://elsewhere"),
        "broken JSON": response(200, b'{"half'),
        "no object": response(200, ["4"]),
        "nothing in it": response(200, {}),
        "gateway": response(502, PAGE, content_type="text/html"),
        "gateway in time": response(504, b""),
        "conflict": response(409, b""),
        "asked to wait": response(503, b"", retry_after="3"),
    }


ANSWERS: dict[str, dict[str, HttpResponse]] = {
    OPENAI: {
        "bad key": openai_error(401, "Incorrect API key provided", code="invalid_api_key"),
        "no permission": openai_error(403, "You have insufficient permissions for this operation"),
        "model not allowed": openai_error(403, "No access to model `m`", code="model_not_found"),
        "no credit": openai_error(429, "You exceeded your current quota", code="insufficient_quota"),
        "unknown model": openai_error(404, "The model `m` does not exist", code="model_not_found"),
        "wrong path": response(404, b"404 page not found"),
        "parameter": openai_error(400, "Unsupported parameter: 'temperature' is not supported with this model."),
        "too fast": openai_error(429, "Rate limit reached", code="rate_limit_exceeded", retry_after="3"),
        "overloaded": openai_error(503, "The engine is currently overloaded"),
        "server error": openai_error(500, "The server had an error"),
        "other 400": openai_error(400, "Invalid 'messages[0].content'"),
        "error in a 200": response(200, {"error": {"message": "upstream failed"}}),
        "too long": openai_error(400, "maximum context length is 8192", code="context_length_exceeded"),
        "length": response(200, completion("4", finish_reason="length")),
        "refusal": response(200, completion("", finish_reason="content_filter")),
    },
    ANTHROPIC: {
        "bad key": anthropic_error(401, "authentication_error", "invalid x-api-key"),
        "no permission": anthropic_error(403, "permission_error", "Your API key has no access to this resource"),
        "model not allowed": anthropic_error(403, "permission_error", "Your key has no access to the model m"),
        "no credit": anthropic_error(400, "invalid_request_error", "Your credit balance is too low to access the API"),
        "unknown model": anthropic_error(404, "not_found_error", "model: m"),
        "wrong path": anthropic_error(404, "not_found_error", "Not found"),
        "parameter": anthropic_error(400, "invalid_request_error", "`temperature` and `top_p` cannot both be given"),
        "too fast": anthropic_error(429, "rate_limit_error", "Number of request tokens has exceeded", retry_after="3"),
        "overloaded": anthropic_error(529, "overloaded_error", "Overloaded"),
        "server error": anthropic_error(500, "api_error", "Internal server error"),
        "other 400": anthropic_error(400, "invalid_request_error", "messages: roles must alternate"),
        "error in a 200": response(200, anthropic.error(529, "overloaded_error", "Overloaded").body),
        "too long": anthropic_error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        "length": response(200, anthropic.message([anthropic.text("4")], "max_tokens")),
        "refusal": response(200, anthropic.message([], "refusal")),
    },
    GEMINI: {
        "bad key": gemini_error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        "no permission": gemini_error(403, "PERMISSION_DENIED", "The caller does not have permission"),
        "model not allowed": gemini_error(403, "PERMISSION_DENIED", "No access to the model m"),
        "no credit": gemini_error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."),
        "unknown model": gemini_error(404, "NOT_FOUND", "models/m is not found for API version v1beta"),
        "wrong path": response(404, b""),
        "parameter": gemini_error(400, "INVALID_ARGUMENT", "it has a temperature value of 3 but the range is 0 to 2"),
        "too fast": response(429, gemini.quota("GenerateRequestsPerMinutePerProjectPerModel").body),
        "overloaded": gemini_error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        "server error": gemini_error(500, "INTERNAL", "An internal error has occurred."),
        "other 400": gemini_error(400, "INVALID_ARGUMENT", "Unable to process input image"),
        "error in a 200": response(200, gemini.error(500, "INTERNAL", "An internal error has occurred.").body),
        "too long": gemini_error(
            400, "INVALID_ARGUMENT", "The input token count (1200293) exceeds the maximum number of tokens allowed"
        ),
        "length": response(200, gemini.content([{"text": "4"}], "MAX_TOKENS")),
        "refusal": response(200, gemini.content([], "SAFETY")),
    },
    HTTP: {
        "bad key": response(401, {"message": "who are you"}),
        "no permission": response(403, {"detail": "not you"}),
        "model not allowed": response(403, {"detail": "no access to the model m"}),
        "no credit": response(402, {"message": "pay first"}),
        "unknown model": response(404, {"message": "no agent m"}),
        "wrong path": response(404, b"not found"),
        "parameter": response(422, {"detail": [{"loc": ["temperature"], "msg": "extra inputs"}], "message": "odd"}),
        "too fast": response(429, {"message": "slow down"}, retry_after="3"),
        "overloaded": response(503, {"message": "too many visitors"}),
        "server error": response(500, {"message": "broken"}),
        "other 400": response(400, {"message": "what"}),
        "error in a 200": response(200, {"error": {"message": "broken"}}),
        "too long": response(413, {"message": "request_too_large"}),
        "length": response(200, {"text": "4", "stop": "length"}),
        "refusal": response(200, {"declined": "not for me"}),
    },
}


def answer_of(kind: str, case: str) -> HttpResponse:
    """Return what an endpoint of a kind answers in a case."""
    return {**everywhere(kind), **ANSWERS[kind]}[case]


def with_secret(answer: HttpResponse, secret: str) -> HttpResponse:
    """Return the answer with a secret in each of its texts, where its body has some."""
    body: Any = answer.body.replace(b'"message":"', f'"message":"{secret} '.encode())
    return HttpResponse(answer.status, answer.headers, body if body != answer.body else body + secret.encode())
