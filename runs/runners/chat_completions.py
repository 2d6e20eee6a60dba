"""The wire format of OpenAI-compatible chat completions: addresses, bodies and answers. Pure functions.

Source: the public reference of the Chat Completions API.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from experiments.cleaning import clean_json, clean_text, parse_json
from runs.exchange import CallFailed, Completion, Message, Request
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import error_text, no_json, raw_of

LARGEST_COUNT = 2**31 - 1
TRUNCATED = {"length": "length limit", "max_tokens": "length limit"}


def chat_url(base_url: str) -> str:
    """Return where completions are asked for: base URLs with or without /v1, a final slash or the whole path work."""
    base, mark, query = base_url.strip().partition("?")
    base = base.rstrip("/").removesuffix("/chat/completions")
    if not base.partition("://")[2].partition("/")[2]:
        base += "/v1"
    return f"{base}/chat/completions{mark}{query}"


def models_url(base_url: str) -> str:
    """Return where the models are listed."""
    return chat_url(base_url).replace("/chat/completions", "/models", 1)


def query_values(base_url: str) -> list[str]:
    """Return the values in a base URL's query: some endpoints take their key there."""
    return [value for _, value in parse_qsl(base_url.partition("?")[2])]


def build_body(request: Request) -> bytes:
    """Return the JSON body of a request; `extra_body` is merged in as it is. Raises CallFailed(runner_error)."""
    params = dict(request.params)
    extra = params.pop("extra_body", None) or {}
    messages = [_wire_message(message) for message in request.messages]
    try:
        return orjson.dumps({"model": request.model, "messages": messages, **params, **extra})
    except orjson.JSONEncodeError as error:
        raise CallFailed("runner_error", f"the request is no JSON: {error}", is_retriable=False) from None


def _wire_message(message: Message) -> dict[str, Any]:
    parts = message["parts"]
    if len(parts) == 1 and parts[0]["type"] == "text":
        return {"role": message["role"], "content": parts[0]["text"]}
    if all(part["type"] == "text" for part in parts):
        return {"role": message["role"], "content": "".join(part["text"] for part in parts)}
    return {"role": message["role"], "content": parts}


def parse_answer(response: HttpResponse, *, url: str) -> Completion:
    """Return the completion of a 200. Raises CallFailed(invalid_output), or NeedsPerson for a page instead of JSON."""
    try:
        body = parse_json(response.body)
    except ValueError:
        raise no_json(response, url) from None
    if isinstance(body, dict) and body.get("error"):
        raise CallFailed(
            "invalid_output", f"200 with an error: {error_text(body)}", status=200, raw_response=raw_of(response)
        )
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise CallFailed("invalid_output", "the answer holds no choices", status=200, raw_response=raw_of(response))
    return _completion(choices[0], body.get("usage"))


def parse_models(response: HttpResponse, *, url: str) -> list[str]:
    """Return the names of a 200 that lists models. Raises CallFailed or NeedsPerson."""
    try:
        return [clean_text(str(model["id"])) for model in parse_json(response.body)["data"]]
    except (KeyError, TypeError):
        raise CallFailed("invalid_output", f"{url} lists no models", status=200) from None
    except ValueError:
        raise no_json(response, url) from None


def _completion(choice: dict[str, Any], usage: Any) -> Completion:
    raw = choice.get("message")
    message: dict[str, Any] = raw if isinstance(raw, dict) else {}
    text = clean_text(_text_of(message.get("content")))
    outcome, detail = _outcome(choice.get("finish_reason"), message)
    counts = usage if isinstance(usage, dict) else {}
    return Completion(
        text=text,
        outcome=outcome,
        detail=detail,
        message=_kept_message(text, message),
        tokens_in=_count(counts.get("prompt_tokens")),
        tokens_out=_count(counts.get("completion_tokens")),
    )


def _outcome(finish_reason: Any, message: Mapping[str, Any]) -> tuple[str, str]:
    if message.get("refusal"):
        return "refused", clean_text(str(message["refusal"]))
    if finish_reason == "content_filter":
        return "refused", "stopped by the provider's content filter"
    if finish_reason in TRUNCATED:
        return "truncated", TRUNCATED[finish_reason]
    return "ok", ""


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return ""


def _kept_message(text: str, message: Mapping[str, Any]) -> Message:
    kept: Message = {"role": "assistant", "parts": [{"type": "text", "text": text}]}
    calls = message.get("tool_calls")
    if isinstance(calls, list) and calls:
        kept["tool_calls"] = [_tool_call(call) for call in calls if isinstance(call, dict)]
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning:
        kept["reasoning"] = clean_text(reasoning)
    return kept


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    named = function if isinstance(function, dict) else {}
    found = {"id": call.get("id"), "name": named.get("name"), "arguments": named.get("arguments")}
    cleaned: dict[str, Any] = clean_json(found)
    return cleaned


def _count(value: Any) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT
    return value if is_count else None
