"""Reading transcripts: the messages that a result came to, from the row or the blob store."""

from typing import Any

import orjson

from experiments.blobs import default_store
from runs.exchange import Message
from runs.models import Result, Transcript


def messages_of(result: Result) -> list[Message]:
    """Return the messages of a result, oldest first; [] where no transcript was kept."""
    try:
        return _whole(result.transcript.body)
    except Transcript.DoesNotExist:
        return []


def _whole(body: Any) -> list[Message]:
    """Return the messages of a stored body."""
    if isinstance(body, dict):
        with default_store().open(body["blob"]) as file:
            body = orjson.loads(file.read())
    return list(body)


def text_of(message: Message) -> str:
    """Return the text of a message, "" where it has none."""
    return "".join([part.get("text", "") for part in message.get("parts", ()) if part.get("type") == "text"])


def output_of(result: Result) -> str:
    """Return the whole text that was answered; "" where nothing was."""
    return _answer_among(messages_of(result))


def output_in(body: Any) -> str:
    """Return the same of the body of a transcript, as it is stored."""
    return _answer_among(_whole(body))


def _answer_among(messages: list[Message]) -> str:
    for message in reversed(messages):
        if message.get("role") == "assistant":
            return text_of(message)
    return ""
