"""The wire format of the Anthropic Messages API: addresses, bodies and answers. Pure functions.

Source: the public reference of the Messages API, version 2023-06-01.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from experiments.cleaning import clean_text
from experiments.media import split_data_uri
from runs.exchange import CallFailed, Completion, Message, NeedsPerson, Request
from runs.runners.answers import assistant_message, count, invalid, object_of, tool_call, total
from runs.runners.base import HttpResponse
from runs.runners.params import (
    Check,
    functions,
    functions_of,
    highest,
    not_taken,
    only_one,
    schema_of,
    schema_only,
    stops_of,
    tool_choice,
)

BASE_URL = "https://api.anthropic.com"
VERSION = "2023-06-01"
MESSAGES = "/messages"
MODELS_LIMIT = 1000
SMALLEST_OUTPUT_LIMIT = 4096
"""Tokens that every model of the API can put out."""
TRUNCATED = {
    "max_tokens": "length limit",
    "model_context_window_exceeded": "length limit",
    "pause_turn": "the provider paused in the middle of its turn",
}
BLOCKS = {"image": "image", "file": "document"}
"""The block that a medium becomes."""
CHOICES = {"auto": {"type": "auto"}, "none": {"type": "none"}, "required": {"type": "any"}}


def _stops(value: Any) -> str:
    blank = [text for text in stops_of(value) if not text.strip()]
    return "a text of white space ends no answer of such providers" if blank else ""


CHECKS: Mapping[str, Check] = {
    "temperature": highest(1),
    "stop": _stops,
    "seed": not_taken,
    "n": only_one,
    "presence_penalty": not_taken,
    "frequency_penalty": not_taken,
    "response_format": schema_only,
    "tools": functions,
    "tool_choice": tool_choice,
}


def messages_url(base_url: str) -> str:
    """Return where completions are asked for: base URLs with or without /v1, a final slash or the whole path work."""
    base, mark, query = (base_url.strip() or BASE_URL).partition("?")
    base = base.rstrip("/")
    if base.endswith(MESSAGES):
        return base + mark + query
    return f"{base.removesuffix('/v1')}/v1{MESSAGES}{mark}{query}"


def models_url(base_url: str) -> str:
    """Return where the models are listed, all on one page."""
    path, _, query = messages_url(base_url).partition("?")
    limit = f"limit={MODELS_LIMIT}"
    return f"{path.removesuffix(MESSAGES)}/models?{query + '&' if query else ''}{limit}"


def build_body(request: Request, max_tokens: int, *, is_streamed: bool = False) -> bytes:
    """Return the JSON body of a request; `extra_body` is merged in as it is.

    The API wants a limit of every call: the candidate's, else `max_tokens`, beside what thinking may take.
    Raises CallFailed(runner_error) for what is no JSON, NeedsPerson for messages without a question.
    """
    params = {name: value for name, value in request.params.items() if value is not None}
    extra = params.pop("extra_body", None) or {}
    turns = [_wire_message(message) for message in request.messages if message["role"] != "system"]
    if not turns:
        raise NeedsPerson("the prompt has system messages only; the API needs a user message: add one")
    body = {
        "model": request.model,
        "max_tokens": max_tokens + _thinking_budget(extra),
        **_system(request.messages),
        "messages": turns,
        **_wire_params(params),
        **({"stream": True} if is_streamed else {}),
        **extra,
    }
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise CallFailed("runner_error", f"the request is no JSON: {error}", is_retriable=False) from None


def _thinking_budget(extra: Mapping[str, Any]) -> int:
    """Return how many of the tokens put out are for thinking: the limit must lie above them."""
    thinking = extra.get("thinking")
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    return count(budget) or 0


def _system(messages: list[Message]) -> dict[str, Any]:
    """Return what stands outside of the turns; messages of the system are put there wherever they stood."""
    blocks = [block for message in messages if message["role"] == "system" for block in _blocks(message)]
    return {"system": blocks} if blocks else {}


def _wire_message(message: Message) -> dict[str, Any]:
    return {"role": message["role"], "content": _blocks(message)}


def _blocks(message: Message) -> list[dict[str, Any]]:
    """Return the parts of a message; empty texts, which the API refuses, are left out."""
    return [_block(part) for part in message["parts"] if part["type"] != "text" or part["text"]]


def _block(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return one part. Raises NeedsPerson for a medium that the API does not take."""
    kind = part["type"]
    if kind == "text":
        return {"type": "text", "text": part["text"]}
    if kind not in BLOCKS:
        raise NeedsPerson(f"the prompt has a part of type {kind}; the API takes {', '.join(BLOCKS)}: leave it out")
    found = split_data_uri(part["url"], kind)
    if found is None:
        return {"type": BLOCKS[kind], "source": {"type": "url", "url": part["url"]}}
    return {"type": BLOCKS[kind], "source": {"type": "base64", "media_type": found[0], "data": found[1]}}


def _wire_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters under the names that the API has for them."""
    body = {name: params[name] for name in ("temperature", "top_p", "max_tokens") if name in params}
    if "stop" in params:
        body["stop_sequences"] = stops_of(params["stop"])
    if "tools" in params:
        body["tools"] = [_wire_tool(function) for function in functions_of(params["tools"])]
    if "tool_choice" in params:
        body["tool_choice"] = _wire_choice(params["tool_choice"])
    output = _output_config(params)
    return {**body, "output_config": output} if output else body


def _wire_tool(function: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: function[name] for name in ("name", "description", "strict") if function.get(name) is not None}
    return {**kept, "input_schema": function.get("parameters") or {"type": "object", "properties": {}}}


def _wire_choice(choice: Any) -> dict[str, Any]:
    return CHOICES[choice] if isinstance(choice, str) else {"type": "tool", "name": choice["function"]["name"]}


def _output_config(params: Mapping[str, Any]) -> dict[str, Any]:
    schema = schema_of(params.get("response_format") or {})
    config: dict[str, Any] = {"format": {"type": "json_schema", "schema": schema}} if schema is not None else {}
    if "reasoning_effort" in params:
        config["effort"] = params["reasoning_effort"]
    return config


def parse_answer(response: HttpResponse, *, url: str) -> Completion:
    """Return the completion of a 200. Raises CallFailed(invalid_output), or NeedsPerson for a page instead of JSON."""
    body = object_of(response, url)
    if not isinstance(body.get("content"), list):
        raise invalid("the answer holds no content", response)
    return completion_of(body)


def completion_of(body: Mapping[str, Any]) -> Completion:
    """Return what a message of the API comes to."""
    blocks = [block for block in body.get("content") or () if isinstance(block, dict)]
    text = clean_text(_joined(blocks, "text"))
    calls = [
        tool_call(block.get("id"), block.get("name"), block.get("input"))
        for block in blocks
        if block.get("type") == "tool_use"
    ]
    outcome, detail = _outcome(body)
    usage = body.get("usage") if isinstance(body.get("usage"), dict) else {}
    return Completion(
        text=text,
        outcome=outcome,
        detail=detail,
        message=assistant_message(text, reasoning=_joined(blocks, "thinking"), tool_calls=calls),
        tokens_in=_tokens_in(usage or {}),
        tokens_out=count((usage or {}).get("output_tokens")),
        cached_tokens=count((usage or {}).get("cache_read_input_tokens")),
    )


def _joined(blocks: list[dict[str, Any]], kind: str) -> str:
    """Return the text of all blocks of a kind, which bear it under the kind's own name."""
    return "".join(str(block.get(kind) or "") for block in blocks if block.get("type") == kind)


def _outcome(body: Mapping[str, Any]) -> tuple[str, str]:
    reason = body.get("stop_reason")
    if reason == "refusal":
        details = body.get("stop_details")
        said = details.get("explanation") or details.get("category") if isinstance(details, dict) else None
        return "refused", clean_text(str(said)) if said else "the provider declined to answer"
    if isinstance(reason, str) and reason in TRUNCATED:
        return "truncated", TRUNCATED[reason]
    return "ok", ""


def _tokens_in(usage: Mapping[str, Any]) -> int | None:
    """Return all tokens read: what came from the cache, or went into it, is counted apart by the API."""
    cached = (usage.get("cache_creation_input_tokens"), usage.get("cache_read_input_tokens"))
    return total(usage.get("input_tokens"), *cached)


def parameter_blamed(text: str, body_names: list[str]) -> str:
    """Return the name in a request's body that an error begins with or quotes; "": it is about something else."""
    quoted = {name: rf"^([a-z_]+: )?{re.escape(name)}\b[.:]|`{re.escape(name)}`" for name in body_names}
    return next((name for name, pattern in quoted.items() if re.search(pattern, text)), "")
