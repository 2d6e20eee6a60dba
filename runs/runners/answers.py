"""Reading answers of any JSON endpoint: the object of a 200, and the parts that completions are made of. Pure."""

from typing import Any

import orjson

from experiments.cleaning import clean_json, clean_text, parse_json
from runs.exchange import CallFailed, Message
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import error_text, no_json, raw_of

LARGEST_COUNT = 2**31 - 1


def object_of(response: HttpResponse, url: str) -> dict[str, Any]:
    """Return the object of a 200. Raises CallFailed(invalid_output), or NeedsPerson for a page instead of JSON."""
    try:
        body = parse_json(response.body)
    except ValueError:
        raise no_json(response, url) from None
    if not isinstance(body, dict):
        raise invalid("the answer is no JSON object", response)
    if body.get("error"):
        raise invalid(f"200 with an error: {error_text(body)}", response)
    return body


def invalid(detail: str, response: HttpResponse) -> CallFailed:
    """Return that a 200 is no completion; its body is kept."""
    return CallFailed("invalid_output", detail, status=200, raw_response=raw_of(response))


def assistant_message(text: str, *, reasoning: str = "", tool_calls: list[dict[str, Any]] | None = None) -> Message:
    """Return the assistant's message as the transcript keeps it; reasoning and calls only where there are some."""
    kept: Message = {"role": "assistant", "parts": [{"type": "text", "text": text}]}
    if tool_calls:
        kept["tool_calls"] = tool_calls
    if reasoning:
        kept["reasoning"] = clean_text(reasoning)
    return kept


def tool_call(call_id: Any, name: Any, arguments: Any) -> dict[str, Any]:
    """Return one call of a tool as the transcript keeps it: the arguments as JSON text."""
    written = arguments if isinstance(arguments, str) else orjson.dumps(clean_json(arguments)).decode()
    cleaned: dict[str, Any] = clean_json({"id": call_id, "name": name, "arguments": written})
    return cleaned


def count(value: Any) -> int | None:
    """Return a number of tokens; None: the provider did not say."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT
    return value if is_count else None


def total(*values: Any) -> int | None:
    """Return the sum of the numbers of tokens that were said; None: none was."""
    counts = [found for value in values if (found := count(value)) is not None]
    return sum(counts) if counts else None
