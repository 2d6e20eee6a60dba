"""Answers of any JSON endpoint, whole or in events: read by the paths that its provider names. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from experiments.cleaning import clean_text, parse_json
from runs.exchange import CallFailed, Completion, NeedsPerson
from runs.runners.answers import assistant_message, count, invalid, joined
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import no_json
from runs.runners.event_stream import Event, EventReader
from runs.runners.json_paths import JsonPath, compiled, text_of

DONE = b"[DONE]"
FALSE: tuple[Any, ...] = (False, "", 0, [], {})
HINT = "check the base URL and the option path"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class AnswerPaths:
    """Where things stand in an answer; None: it is not said."""

    text: JsonPath | None
    """None: the whole answer is the text."""
    tokens_in: JsonPath | None = None
    tokens_out: JsonPath | None = None
    refusal: JsonPath | None = None
    truncated: JsonPath | None = None
    error: JsonPath | None = None


def paths_of(options: Mapping[str, Any]) -> AnswerPaths:
    """Return the paths of a provider's options. Raises BadPath."""
    names = ("text", "tokens_in", "tokens_out", "refusal", "truncated", "error")
    found = {name: compiled(options[name]) if options.get(name) else None for name in names}
    return AnswerPaths(**found)


def parse_answer(response: HttpResponse, paths: AnswerPaths, *, url: str) -> Completion:
    """Return the completion of a success. Raises CallFailed(invalid_output), or NeedsPerson for a page."""
    if EVENT_STREAM in response.headers.get("Content-Type", "").lower():
        return _parse_events(response, paths)
    try:
        body = parse_json(response.body)
    except ValueError:
        body = _plain_text(response, paths, url)
    answer = Answer(paths)
    try:
        answer.add(body)
        return answer.completion()
    except CallFailed as failure:
        raise invalid(failure.detail, response) from None


def _plain_text(response: HttpResponse, paths: AnswerPaths, url: str) -> str:
    """Return an answer that is no JSON as text, where that is what is expected. Raises CallFailed or NeedsPerson."""
    problem = no_json(response, url, hint=HINT)
    if paths.text is not None or isinstance(problem, NeedsPerson) or not response.body:
        raise problem
    return response.body.decode(errors="replace")


def _parse_events(response: HttpResponse, paths: AnswerPaths) -> Completion:
    """Return the completion of a stream that has come whole."""
    stream, reader = AnswerStream(paths), EventReader()
    try:
        for event in [*reader.feed(response.body), *reader.finish()]:
            stream.take(event)
        return stream.whole()
    except CallFailed as failure:
        raise invalid(failure.detail, response) from None


class Answer:
    """What was said so far: an answer that comes whole says it at once, a stream bit by bit."""

    def __init__(self, paths: AnswerPaths) -> None:
        self._paths = paths
        self._texts: list[str] = []
        self._is_there = False
        self._tokens: dict[str, int] = {}
        self._ends: dict[str, str] = {}

    def add(self, body: Any) -> bool:
        """Take what a body says; return whether it holds text. Raises CallFailed for an error in it."""
        error = _said(self._paths.error, body)
        if error is not None:
            raise invalid(clean_text(f"the answer holds an error: {error}"))
        text = text_of(body) if self._paths.text is None else self._paths.text.text(body)
        if text is not None:
            self._is_there = True
            self._texts.append(text)
        self._note(body)
        return bool(text)

    def _note(self, body: Any) -> None:
        for name in ("tokens_in", "tokens_out"):
            path = getattr(self._paths, name)
            found = [number for value in path.find(body) if (number := count(value)) is not None] if path else []
            if found:
                self._tokens[name] = found[-1]
        for name in ("refusal", "truncated"):
            said = _said(getattr(self._paths, name), body)
            if said is not None:
                self._ends[name] = said

    def completion(self) -> Completion:
        """Return what all of it comes to. Raises CallFailed when there is neither text nor a refusal."""
        if not self._is_there and not self._ends:
            raise invalid("the answer holds nothing where the provider's option text points")
        text = clean_text(joined(self._texts))
        outcome, detail = self._outcome()
        tokens_in, tokens_out = self._tokens.get("tokens_in"), self._tokens.get("tokens_out")
        return Completion(text, outcome, detail, assistant_message(text), tokens_in=tokens_in, tokens_out=tokens_out)

    def _outcome(self) -> tuple[str, str]:
        if "refusal" in self._ends:
            return "refused", clean_text(self._ends["refusal"])
        return ("truncated", "length limit") if "truncated" in self._ends else ("ok", "")


class AnswerStream:
    """Puts a completion together from the events of its stream."""

    def __init__(self, paths: AnswerPaths) -> None:
        self._answer = Answer(paths)
        self._takes_plain_text = paths.text is None
        self.is_begun = False
        """Whether any text has come."""
        self.is_ended = False
        """Whether the sender has said that this was all."""

    def take(self, event: Event) -> None:
        """Read one event. Raises CallFailed(invalid_output)."""
        if event.data.strip() == DONE:
            self.is_ended = True
            return
        self.is_begun |= self._answer.add(self._value_of(event))

    def _value_of(self, event: Event) -> Any:
        try:
            value = parse_json(event.data)
        except ValueError:
            value = None
            if not self._takes_plain_text:
                raise invalid("an event of the stream is no JSON") from None
        # A stream of plain text: 4 is its text, too.
        return event.data.decode(errors="replace") if self._takes_plain_text and not isinstance(value, str) else value

    def so_far(self) -> Completion | None:
        """Return what the answer comes to as of now; None before its first word."""
        return self._answer.completion() if self.is_begun else None

    def whole(self) -> Completion:
        """Return the answer at the end of the stream. Raises CallFailed(invalid_output) when nothing came."""
        return self._answer.completion()


def _said(path: JsonPath | None, body: Any) -> str | None:
    """Return what a path finds, as text; None: nothing, or what means no."""
    found = [value for value in path.find(body) if value not in FALSE] if path else []
    return ", ".join(map(text_of, found)) if found else None
