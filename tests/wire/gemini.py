"""The Gemini API: what it wants of a request, how it answers, how it refuses."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.wire.server import Answer, Asked
from tests.wire.sums import answer_to

KEY = "AIza-of-the-tests"
MODELS = ["gemini-small", "gemini-wordy", "gemini-strict", "gemini-busy", "gemini-filtered"]
FIELDS = {"contents", "systemInstruction", "generationConfig", "tools", "toolConfig", "safetySettings", "cachedContent"}
CONFIG = {
    *("temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "seed", "candidateCount", "thinkingConfig"),
    *("presencePenalty", "frequencyPenalty", "responseMimeType", "responseJsonSchema", "responseSchema"),
}
RPC = "type.googleapis.com/google.rpc."
CALL = {"functionCall": {"name": "add", "args": {"a": 1, "b": 2}}}
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def error(code: int, status: str, message: str, *details: dict[str, Any]) -> Answer:
    """Return an error as the API writes them."""
    body: dict[str, Any] = {"code": code, "message": message, "status": status}
    return Answer(code, {"error": {**body, "details": list(details)} if details else body})


def quota(quota_id: str, delay: str = "3s") -> Answer:
    """Return that a quota is used up."""
    violation = {"quotaMetric": "generativelanguage.googleapis.com/requests", "quotaId": quota_id, "quotaValue": "20"}
    failure = {"@type": f"{RPC}QuotaFailure", "violations": [violation]}
    return error(429, "RESOURCE_EXHAUSTED", QUOTA, failure, {"@type": f"{RPC}RetryInfo", "retryDelay": delay})


def content(parts: list[dict[str, Any]], reason: str | None = "STOP", **more: Any) -> dict[str, Any]:
    """Return an answer of one candidate."""
    usage = {"promptTokenCount": 12, "candidatesTokenCount": 3, "thoughtsTokenCount": 4, "totalTokenCount": 19}
    candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": reason, "index": 0}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-small", **more}


def events_of(whole: dict[str, Any]) -> Iterator[bytes]:
    """Yield an answer as its stream gives it: each part in an event, text two letters at a time."""
    for candidate in whole.get("candidates") or [None]:
        if candidate is None:
            yield _event(whole)
            return
        for part in candidate["content"]["parts"]:
            for piece in _pieces(part):
                yield _event({"candidates": [{"content": {"parts": [piece]}, "index": candidate["index"]}]})
    ends = [{**candidate, "content": {"parts": []}} for candidate in whole["candidates"]]
    yield _event({**whole, "candidates": ends})


def _pieces(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "text" not in part:
        yield part
    for start in range(0, len(part.get("text", "")), 2):
        yield {**part, "text": part["text"][start : start + 2]}


def _event(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\r\n\r\n".encode()


class GeminiApi:
    """Answers sums; gemini-busy is out of quota when a question first comes, and overloaded the next time."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> Answer:
        """Return the answer to a request."""
        if asked.headers.get("x-goog-api-key") != KEY:
            info = {"@type": f"{RPC}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
            return error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info)
        if (asked.method, asked.path) == ("GET", "/v1beta/models"):
            return _models()
        name, _, method = asked.path.removeprefix("/v1beta/models/").partition(":")
        if asked.method != "POST" or method not in ("generateContent", "streamGenerateContent"):
            return Answer(404, b"")
        if name not in MODELS:
            said = f"models/{name} is not found for API version v1beta, or is not supported for generateContent."
            return error(404, "NOT_FOUND", said)
        answer = _misfit(asked.body) or self._answer(name, asked.body)
        is_streamed = method == "streamGenerateContent" and asked.query == "alt=sse" and answer.status == 200
        return Answer(200, pieces=tuple(events_of(answer.body))) if is_streamed else answer

    def _answer(self, model: str, body: dict[str, Any]) -> Answer:
        self._tries[json.dumps(body)] += 1
        if model == "gemini-busy" and self._tries[json.dumps(body)] == 1:
            return quota("GenerateRequestsPerMinutePerProjectPerModel", "0s")
        if model == "gemini-busy" and self._tries[json.dumps(body)] == 2:
            return error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
        if model == "gemini-filtered":
            return Answer(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {}})
        if model == "gemini-strict":
            return Answer(200, content([], "SAFETY"))
        if body.get("tools"):
            return Answer(200, content([CALL]))
        words = answer_to(body["contents"][-1]["parts"][-1]["text"])
        if model == "gemini-wordy":
            return Answer(200, content([{"text": f"Well, {words}"}], "MAX_TOKENS"))
        return Answer(200, content([{"text": "Add them.", "thought": True}, {"text": words}]))


def _models() -> Answer:
    methods = {"embedding-small": ["embedContent"]}
    models = [
        {"name": f"models/{name}", "supportedGenerationMethods": methods.get(name, ["generateContent", "countTokens"])}
        for name in [*MODELS, *methods]
    ]
    return Answer(200, {"models": models})


def _misfit(body: dict[str, Any]) -> Answer | None:
    """Return the refusal of a body that the API does not take."""
    for name, known, where in ((body, FIELDS, ""), (body.get("generationConfig", {}), CONFIG, "generation_config")):
        for field in name:
            if field not in known:
                said = f"Invalid JSON payload received. Unknown name \"{field}\" at '{where}': Cannot find field."
                return error(400, "INVALID_ARGUMENT", said)
    if not body.get("contents"):
        return error(400, "INVALID_ARGUMENT", "* GenerateContentRequest.contents: contents is not specified\n")
    if any(turn["role"] not in ("user", "model") for turn in body["contents"]):
        return error(400, "INVALID_ARGUMENT", "Please use a valid role: user, model.")
    return None
