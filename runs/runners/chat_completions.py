"""The wire format of OpenAI-compatible chat completions: addresses, bodies and answers. Pure functions.

Source: the public reference of the Chat Completions API.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from experiments.cleaning import clean_json, clean_text
from experiments.media import split_data_uri
from runs.exchange import CallFailed, Completion, Message, Request
from runs.runners.answers import count, invalid, object_of
from runs.runners.base import HttpResponse

FILE_NAME = "file.pdf"
AUDIO_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}
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
    return {"role": message["role"], "content": [_wire_part(part) for part in parts]}


def _wire_part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a message as the API has it."""
    kind = part["type"]
    if kind == "text":
        return {"type": "text", "text": part["text"]}
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": part["url"]}}
    if kind == "file":
        return {"type": "file", "file": {"filename": FILE_NAME, "file_data": part["url"]}}
    media_type, data = split_data_uri(part["url"], kind) or ("", "")
    return {"type": "input_audio", "input_audio": {"data": data, "format": AUDIO_FORMATS.get(media_type, "")}}


def parse_answer(response: HttpResponse, *, url: str) -> Completion:
    """Return the completion of a 200. Raises CallFailed(invalid_output), or NeedsPerson for a page instead of JSON."""
    body = object_of(response, url)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise invalid("the answer holds no choices", response)
    completion = completion_of(choices, body.get("usage"))
    if completion.outcome == "ok" and not _says_something(choices[0].get("message")):
        raise invalid("the answer holds no message, or one whose content is no text", response)
    return completion


def _says_something(message: Any) -> bool:
    """Whether a message is one as the API has it: text, parts, or null beside calls of tools and the like."""
    return isinstance(message, dict) and isinstance(message.get("content"), str | list | None)


def completion_of(choices: list[Any], usage: Any) -> Completion:
    """Return what choices come to: the first one is the answer, the others are kept beside it."""
    message = _message_in(choices[0])
    text = clean_text(text_of_content(message.get("content")))
    outcome, detail = _outcome(choices[0].get("finish_reason"), message)
    counts = usage if isinstance(usage, dict) else {}
    kept = _kept_message(text, message)
    if len(choices) > 1:
        kept["other_choices"] = [_other_choice(choice) for choice in choices[1:] if isinstance(choice, dict)]
    return Completion(
        text=text,
        outcome=outcome,
        detail=detail,
        message=kept,
        tokens_in=count(counts.get("prompt_tokens")),
        tokens_out=count(counts.get("completion_tokens")),
        cached_tokens=_cached(counts),
    )


def _cached(counts: Mapping[str, Any]) -> int | None:
    """Return the prompt tokens that came from a cache; DeepSeek has a name of its own for them."""
    details = counts.get("prompt_tokens_details")
    found = details.get("cached_tokens") if isinstance(details, dict) else None
    return count(counts.get("prompt_cache_hit_tokens") if found is None else found)


def _message_in(choice: Mapping[str, Any]) -> dict[str, Any]:
    message = choice.get("message")
    return message if isinstance(message, dict) else {}


def _other_choice(choice: Mapping[str, Any]) -> Message:
    """Return a choice that is not the answer as the transcript keeps it, with what became of it unless it is ok."""
    message = _message_in(choice)
    kept = _kept_message(clean_text(text_of_content(message.get("content"))), message)
    outcome, detail = _outcome(choice.get("finish_reason"), message)
    return kept if outcome == "ok" else {**kept, "outcome": outcome, "detail": detail}


def _outcome(finish_reason: Any, message: Mapping[str, Any]) -> tuple[str, str]:
    if message.get("refusal"):
        return "refused", clean_text(str(message["refusal"]))
    if finish_reason == "content_filter":
        return "refused", "stopped by the provider's content filter"
    if finish_reason in TRUNCATED:
        return "truncated", TRUNCATED[finish_reason]
    return "ok", ""


def text_of_content(content: Any) -> str:
    """Return the text of a message's content, whole or as a list of parts; "" where it has none."""
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
