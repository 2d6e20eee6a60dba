"""The wire format of OpenAI-compatible chat completions: bodies, answers and errors. Pure functions.

Source: the public reference of the Chat Completions API; the table of errors is in docs/providers.md.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from experiments.cleaning import clean_json, clean_text
from runs.exchange import CallFailed, Completion, Message, NeedsPerson, Request
from runs.runners.base import HttpResponse

LONGEST_WAIT_S = 600.0
RAW_LIMIT = 64 * 1024
NO_CREDIT = re.compile(r"insufficient_quota|billing|credit", re.I)
TOO_LONG = re.compile(
    r"context.{0,20}(length|window)|maximum context|too many tokens|prompt is too long", re.IGNORECASE
)
NO_MODEL = re.compile(r"model.{0,80}(not (found|exist|available)|does not exist|unknown)|model_not_found", re.I | re.S)
UNSUPPORTED = re.compile(r"unsupported|unknown|unrecognized|not (supported|permitted|allowed)|extra inputs", re.I)
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


def build_body(request: Request) -> bytes:
    """Return the JSON body of a request; `extra_body` is merged in as it is."""
    params = dict(request.params)
    extra = params.pop("extra_body", None) or {}
    messages = [_wire_message(message) for message in request.messages]
    return orjson.dumps({"model": request.model, "messages": messages, **params, **extra})


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
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        raise _no_json(response, url) from None
    if isinstance(body, dict) and body.get("error"):
        raise CallFailed(
            "invalid_output", f"200 with an error: {_error_text(body)}", status=200, raw_response=raw_of(response)
        )
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise CallFailed("invalid_output", "the answer holds no choices", status=200, raw_response=raw_of(response))
    return _completion(choices[0], body.get("usage"))


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
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _no_json(response: HttpResponse, url: str) -> Exception:
    start = response.body[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html")):
        return NeedsPerson(f"{url} answered with a web page instead of JSON: the base URL often ends with /v1")
    return CallFailed("invalid_output", "the answer is no JSON", status=200, raw_response=raw_of(response))


def classify_error(
    response: HttpResponse, *, url: str, request: Request | None, now: datetime
) -> CallFailed | NeedsPerson | Completion:
    """Return what an answer other than 200 means: an exception to raise, or a completion that was truncated."""
    status, text = response.status, _error_text(_json_of(response))
    if status in (401, 403):
        return NeedsPerson(f"bad key: {url} answered {status} ({text}). Check the API key, then resume.")
    if NO_CREDIT.search(text) and status in (402, 429):
        return NeedsPerson(f"no credit: {url} answered {status} ({text}). Add credit, then resume.")
    if status == 400 and TOO_LONG.search(text):
        return Completion("", "truncated", "input too long", {"role": "assistant", "parts": []}, raw_response=text)
    if status == 404 or (status == 400 and NO_MODEL.search(text)):
        return _not_found(response, url, text, request)
    if status == 400 and (named := _parameter_named(response, text, request)):
        return NeedsPerson(f"{url} does not take the parameter {named} ({text}). Change the candidate's parameters.")
    if 300 <= status < 400:
        return NeedsPerson(f"{url} answered {status}, a redirect, which is not followed: use the final URL.")
    return _failed(response, text, now)


def _not_found(response: HttpResponse, url: str, text: str, request: Request | None) -> NeedsPerson:
    if request is not None and (NO_MODEL.search(text) or request.model in text):
        return UnknownModel(f'the model "{request.model}" is unknown at {url} ({text})')
    return NeedsPerson(f"{url} answered {response.status}: wrong path? The base URL often ends with /v1.")


class UnknownModel(NeedsPerson):
    """The provider does not know the model; whoever raises it on adds what models there are."""


def _parameter_named(response: HttpResponse, text: str, request: Request | None) -> str:
    """Return the name of the parameter that the provider does not take; "": the 400 is about something else."""
    body = _json_of(response)
    error = body.get("error") if isinstance(body, dict) else None
    named = error.get("param") if isinstance(error, dict) else None
    sent = [*request.params, *(request.params.get("extra_body") or {})] if request else []
    if isinstance(named, str) and named and (named in sent or UNSUPPORTED.search(text)):
        return named
    mentioned = [name for name in sent if re.search(rf"\b{re.escape(name)}\b", text)]
    return mentioned[0] if mentioned and UNSUPPORTED.search(text) else ""


def _failed(response: HttpResponse, text: str, now: datetime) -> CallFailed:
    status = response.status
    retry_after_s = retry_after(response.headers.get("Retry-After"), now)
    is_rate = status == 429 or (status == 503 and retry_after_s is not None)
    return CallFailed(
        "rate_limited" if is_rate else "provider_error",
        f"{status}: {text}",
        is_retriable=is_rate or status in (408, 409) or status >= 500,
        retry_after_s=retry_after_s,
        status=status,
        raw_response=raw_of(response),
    )


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds of a Retry-After header (seconds or a date), 0 to 600; None: absent or unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value).astimezone(UTC) - now).total_seconds()
        except ValueError:
            return None
    return min(LONGEST_WAIT_S, max(0.0, seconds)) if seconds == seconds else None


def raw_of(response: HttpResponse) -> str:
    """Return a body as it is kept: at most 64 KiB of clean text."""
    return clean_text(response.body[:RAW_LIMIT].decode(errors="replace"))


def _json_of(response: HttpResponse) -> Any:
    try:
        return orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return {"error": raw_of(response)[:300] or "an empty body"}


def _error_text(body: Any) -> str:
    """Return the message of an error body, with its code, at most 500 characters."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return clean_text(str(error))[:500]
    words = [str(error[name]) for name in ("code", "message", "detail") if error.get(name)]
    return clean_text(": ".join(dict.fromkeys(words)) or str(error))[:500]
