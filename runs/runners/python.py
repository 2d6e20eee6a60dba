"""The runner for an async callable of an installed package: an agent in Python, in the lane's own process."""

import time
import traceback
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from django import forms
from multidict import CIMultiDict

from experiments.cleaning import clean_json, clean_text
from experiments.options import Options
from runs.exchange import CallFailed, Completion, Message, NeedsPerson, Request
from runs.outcomes import ANSWERED
from runs.runners.answers import assistant_message, count, joined, tool_call
from runs.runners.base import Connection, HttpResponse, Runner, Transport
from runs.runners.callables import Answering, NoCallable, found, is_listed
from runs.runners.chat_errors import classify_error
from runs.runners.secrets import Secrets

HINT = "look at what the callable calls"
NOT_LISTED = (
    "only the command line may name any callable, since importing one runs its code: whoever runs the site lists it in "
    "EVALSITE_CALLABLES, or a package offers it as an entry point"
)
PARTS = ("text", "outcome", "detail", "tokens_in", "tokens_out", "reasoning", "tool_calls")
STATUSES = range(300, 600)
TIMEOUTS = {"TimeoutError", "TimeoutException", "APITimeoutError"}
UNREACHABLE = {"ConnectionError", "TransportError", "APIConnectionError", "ClientConnectionError"}
"""The bases, by name, of what clients of HTTP raise without an answer."""


class PythonOptions(Options):
    """Which callable answers."""

    callable = forms.CharField(
        required=False, max_length=200, help_text="The dotted path of an async callable: package.module.function"
    )


class PythonRunner(Runner):
    """Awaits a callable; what it raises is classified like the errors of any other provider."""

    label = "Python callable"
    help_text = "An async callable of a package that is installed beside the site, on every machine with workers."
    Options = PythonOptions
    needs_model = False
    is_in_process = True
    identity = ("callable",)

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        self._path = str(connection.options.get("callable") or "")
        self._secrets = Secrets(connection.api_key or "", *connection.headers.values())
        self._found: Answering | None = None

    @classmethod
    def unfit(cls, options: Mapping[str, Any], *, is_operators: bool) -> str:
        """Return why a provider may not have these options, or cannot; "" where it may. Imports only what it may."""
        path = str(options.get("callable") or "")
        if path and not is_operators and not is_listed(path):
            return f"callable: {NOT_LISTED}"
        try:
            found(path)
        except NoCallable as problem:
            return f"callable: {problem}"
        return ""

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call. Raises CallFailed or NeedsPerson."""
        try:
            return await self._answer(self._answering(), request)
        except (NeedsPerson, CallFailed) as error:
            raise self._secrets.taken_out_of(error) from None
        except Exception as error:  # noqa: BLE001 - whatever a callable raises
            meant = self._classified(error, request)
            if isinstance(meant, Completion):
                return meant
            raise self._secrets.taken_out_of(meant) from None

    async def models(self) -> list[str]:
        """Return the models that the callable names in its attribute `models`; [] where it has none."""
        listed = getattr(self._answering().function, "models", ())
        return [clean_text(str(model)) for model in listed] if isinstance(listed, list | tuple) else []

    def _answering(self) -> Answering:
        """Return the callable, found at first use. Raises NeedsPerson."""
        try:
            self._found = self._found or found(self._path)
        except NoCallable as problem:
            raise NeedsPerson(f"{self.connection.name}: {problem}") from None
        return self._found

    async def _answer(self, answering: Answering, request: Request) -> Completion:
        arguments = self._arguments(request)
        named = {name: arguments[name] for name in answering.names}
        messages = [_given(message) for message in request.messages]
        if answering.streams:
            return await _gathered(answering.function(messages, **named), request)
        return _completion(await answering.function(messages, **named))

    def _arguments(self, request: Request) -> dict[str, Any]:
        return {
            "model": request.model,
            "params": dict(request.params),
            "key": request.item_key,
            "sample": request.sample,
            "api_key": self.connection.api_key,
            "base_url": self.connection.base_url,
        }

    def _classified(self, error: Exception, request: Request) -> CallFailed | NeedsPerson | Completion:
        """Return what an exception means: those of HTTP clients carry the status of an answer."""
        answer = _answer_in(error)
        if answer is not None:
            answer = self._secrets.cleared(answer)
            return classify_error(answer, url=self._path, request=request, now=datetime.now(UTC), hint=HINT)
        said = clean_text(f"{type(error).__name__}: {error}{_place_of(error)}")
        names = {kind.__name__ for kind in type(error).__mro__}
        if names & TIMEOUTS:
            return CallFailed("timeout", f"the callable raised {said}", is_retriable=False)
        if names & UNREACHABLE:
            return CallFailed("provider_error", f"the callable raised {said}", is_unreachable=True)
        return CallFailed("runner_error", f"the callable raised {said}", is_retriable=False)


def _place_of(error: Exception) -> str:
    """Return the line that raised, for whoever wrote it."""
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def _given(message: Message) -> dict[str, Any]:
    """Return a message as callables get it: its role, and its content as text or, with other parts, as a list."""
    parts = message["parts"]
    is_text = all(part["type"] == "text" for part in parts)
    return {"role": message["role"], "content": "".join(part["text"] for part in parts) if is_text else parts}


async def _gathered(pieces: AsyncIterator[Any], request: Request) -> Completion:
    """Return what an async generator yields: texts, and at the end perhaps a mapping with the rest."""
    began_s = time.perf_counter()
    texts: list[str] = []
    rest: dict[str, Any] = {}
    first_token_ms: int | None = None
    request.draft.so_far = lambda: _completion("".join(texts)) if texts else None
    async for piece in pieces:
        if isinstance(piece, Mapping):
            rest |= piece
            continue
        if not isinstance(piece, str):
            raise _unknown(piece)
        if piece and first_token_ms is None:
            first_token_ms = round((time.perf_counter() - began_s) * 1000)
        texts.append(piece)
    request.draft.take()
    return replace(_completion({"text": joined(texts), **rest}), first_token_ms=first_token_ms)


def _completion(answer: Any) -> Completion:
    """Return what a callable returned: a text, or a mapping of parts. Raises CallFailed(invalid_output)."""
    parts = {"text": answer} if isinstance(answer, str) else answer
    if not isinstance(parts, Mapping) or not isinstance(parts.get("text", ""), str):
        raise _unknown(answer)
    for name in parts:
        if name not in PARTS:
            raise _invalid(f'the callable returned "{name}"; there are {", ".join(PARTS)}')
    outcome = parts.get("outcome", "ok")
    if outcome not in ANSWERED:
        raise _invalid(f'the callable returned the outcome "{outcome}"; there are {", ".join(ANSWERED)}')
    text = clean_text(parts.get("text", ""))
    return Completion(
        text=text,
        outcome=str(outcome),
        detail=clean_text(str(parts.get("detail") or "")),
        message=assistant_message(text, reasoning=str(parts.get("reasoning") or ""), tool_calls=_calls(parts)),
        tokens_in=count(parts.get("tokens_in")),
        tokens_out=count(parts.get("tokens_out")),
    )


def _calls(parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = parts.get("tool_calls") or ()
    if not all(isinstance(call, Mapping) for call in calls):
        raise _invalid('the callable returned tool_calls that are none: {"id", "name", "arguments"}')
    return [tool_call(call.get("id"), call.get("name"), call.get("arguments")) for call in calls]


def _unknown(answer: Any) -> CallFailed:
    return _invalid(f"the callable returned {type(answer).__name__}: a text or a mapping with text is an answer")


def _invalid(detail: str) -> CallFailed:
    return CallFailed("invalid_output", clean_text(detail), is_retriable=False)


def _answer_in(error: Exception) -> HttpResponse | None:
    """Return the HTTP answer that an exception stands for, where it names a status as clients of HTTP do."""
    inner = getattr(error, "response", None)
    statuses = [getattr(one, name, None) for one in (error, inner) for name in ("status_code", "status")]
    status = next((one for one in statuses if isinstance(one, int) and one in STATUSES), None)
    if status is None:
        return None
    headers = getattr(inner, "headers", None) or getattr(error, "headers", None)
    kept = {str(name): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {}
    body = orjson.dumps(clean_json({"error": {"message": str(error)}}))
    return HttpResponse(status, CIMultiDict(kept), body)
