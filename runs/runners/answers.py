"""Reading answers of any JSON endpoint: the object of a 200, and the parts that completions are made of. Pure."""

from typing import Any

import orjson

from experiments.cleaning import clean_json, clean_text, parse_json
from runs.exchange import CallFailed, Message
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import error_text, no_json, raw_of
from runs.runners.event_stream import Event

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


def listed_models(response: HttpResponse, url: str) -> list[str]:
    """Return the names of a 200 that lists models under `data`, by their ids. Raises CallFailed or NeedsPerson."""
    models = object_of(response, url).get("data")
    if not isinstance(models, list) or not all(isinstance(model, dict) and "id" in model for model in models):
        raise CallFailed("invalid_output", f"{url} lists no models", status=200, raw_response=raw_of(response))
    return [clean_text(str(model["id"])) for model in models]


def chunk_of(event: Event) -> dict[str, Any]:
    """Return the JSON object of an event. Raises CallFailed for an error that comes instead."""
    try:
        chunk = parse_json(event.data)
    except ValueError:
        chunk = None
    if not isinstance(chunk, dict):
        raise invalid("an event of the stream is no JSON object")
    if chunk.get("error") or event.name == "error":
        raise invalid(f"an error in the stream: {error_text(chunk)}")
    return chunk


def joined(pieces: list[str]) -> str:
    """Return the pieces as one text; a character that was cut between its two surrogates is whole again."""
    text = "".join(pieces)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def invalid(detail: str, response: HttpResponse | None = None) -> CallFailed:
    """Return that a 200 is no completion; its body is kept, where it came whole."""
    return CallFailed("invalid_output", detail, status=200, raw_response=raw_of(response) if response else None)


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
