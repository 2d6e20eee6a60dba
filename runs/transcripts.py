"""Reading transcripts: the messages that a result came to, from the row or the blob store."""

from typing import Any

import orjson

from experiments.blobs import default_store
from runs.exchange import Message
from runs.models import Result, Transcript


def messages_of(result: Result) -> list[Message]:
    """Return the messages of a result, oldest first; [] where no transcript was kept."""
    try:
        body: Any = result.transcript.body
    except Transcript.DoesNotExist:
        return []
    if isinstance(body, dict):
        with default_store().open(body["blob"]) as file:
            body = orjson.loads(file.read())
    return list(body)


def text_of(message: Message) -> str:
    """Return the text of a message, "" where it has none."""
    return "".join(part.get("text", "") for part in message.get("parts", ()) if part.get("type") == "text")


def output_of(result: Result) -> str:
    """Return the whole text that was answered; "" where nothing was."""
    answers = [message for message in messages_of(result) if message.get("role") == "assistant"]
    return text_of(answers[-1]) if answers else ""
