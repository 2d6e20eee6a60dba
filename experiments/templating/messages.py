"""Messages of a prompt as people write them: their one form, and what a page shows of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from experiments.media import BadPart, checked_part

ROLES = ("system", "user", "assistant")
LONGEST_SHOWN = 80
BLOB_SENTENCE = "a file comes with an experiment file (evalsite run FILE); else write its address or a data URI"


class TemplateProblem(ValueError):
    """A prompt that cannot be used, or does not fit an item; the text is a sentence for people."""


def normalised(raw: Any) -> list[dict[str, Any]]:
    """Return messages as [{"role", "content"}], content a text or a list of parts. Raises TemplateProblem."""
    if isinstance(raw, str):
        raw = [{"role": "user", "content": raw}]
    if not isinstance(raw, Sequence) or not raw:
        raise TemplateProblem("a prompt is a text or a list of at least one message with role and content")
    return [_checked(message, number) for number, message in enumerate(raw, start=1)]


def _checked(message: Any, number: int) -> dict[str, Any]:
    if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
        raise TemplateProblem(f"message {number}: a message has role and content, nothing else")
    role, content = message["role"], message["content"]
    if role not in ROLES:
        raise TemplateProblem(f'message {number}: role "{role}" is not one of {", ".join(ROLES)}')
    if isinstance(content, list) and content:
        return {"role": role, "content": _checked_parts(content, number)}
    if not isinstance(content, str) or not content.strip():
        raise TemplateProblem(f"message {number}: its content is empty")
    return {"role": role, "content": content}


def _checked_parts(parts: list[Any], number: int) -> list[dict[str, Any]]:
    checked = []
    for place, part in enumerate(parts, start=1):
        try:
            checked.append(checked_part(part))
        except BadPart as bad:
            raise TemplateProblem(f"message {number}, part {place}: {bad}") from bad
    return checked


def parts_of(messages: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the parts of the messages that have several."""
    for message in messages:
        if not isinstance(message["content"], str):
            yield from message["content"]


def blobs_in(messages: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the names of the blobs that messages have for media."""
    return {part["blob"] for part in parts_of(messages) if "blob" in part}


def shown_content(content: str | Sequence[Mapping[str, Any]]) -> str:
    """Return the content of a message as one text for people: media in brackets."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if part["type"] == "text" else _shown_medium(part) for part in content)


def _shown_medium(part: Mapping[str, Any]) -> str:
    url = part.get("url", "kept by the site")
    return f"[{part['type']}: {url if len(url) <= LONGEST_SHOWN else url[:LONGEST_SHOWN] + '…'}]"
