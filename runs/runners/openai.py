"""The runner for any OpenAI-compatible chat-completions endpoint."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from experiments.options import FlagField, Options
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import Connection, HttpResponse, Runner, Transport
from runs.runners.chat_completions import (
    build_body,
    chat_url,
    models_url,
    parse_answer,
    parse_models,
    query_values,
)
from runs.runners.chat_errors import FAULTY_REQUEST, UnknownModel, classify_error
from runs.runners.chat_stream import ChatStream
from runs.runners.streamed_answers import StreamedAnswer, is_event_stream

HIDDEN = "[hidden]"
SECRET_LENGTH = 6
MODELS_NAMED = 5
USAGE_WORDS = (b"stream_options", b"include_usage")


class ChatOptions(Options):
    """How an endpoint is asked."""

    stream = FlagField(help_text="Have answers come word by word: shows the time to the first token.")


class OpenAIRunner(Runner):
    """Asks an OpenAI-compatible endpoint."""

    label = "OpenAI-compatible"
    help_text = "Any endpoint with /chat/completions: OpenAI, Azure, vLLM, Ollama, LiteLLM, llama.cpp, …"
    needs_url = True
    Options = ChatOptions

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        self._streams = bool(connection.options.get("stream"))
        self._takes_stream_options = True
        """Whether the endpoint has not refused to be asked for the usage of a stream."""
        self.connect(connection.base_url, connection.api_key)

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        self._url, self._models_url = chat_url(base_url), models_url(base_url)
        self._headers = {"Content-Type": "application/json", **self.connection.headers}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        self._secrets = _secrets(api_key or "", *self.connection.headers.values(), *query_values(base_url))

    @property
    def urls(self) -> tuple[str, str]:
        """Where completions are asked for, and where models are listed."""
        return self._url, self._models_url

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call. Raises CallFailed or NeedsPerson."""
        try:
            if self._is_streamed(request):
                return await self._stream(request)
            response = await self.transport.post(self._url, headers=self.headers_for(request), body=build_body(request))
            return self._completion(response, request)
        except UnknownModel as unknown:
            raise NeedsPerson(self._hidden(str(unknown)) + await self._models_there()) from None
        except (NeedsPerson, CallFailed) as error:
            raise self._without_secrets(error) from None

    def _is_streamed(self, request: Request) -> bool:
        """Return whether an answer is to come in pieces: the candidate's word goes before the provider's."""
        extra = request.params.get("extra_body") or {}
        own = extra.get("stream", request.params.get("stream"))
        return self._streams if own is None else bool(own)

    async def _stream(self, request: Request) -> Completion:
        """Return the completion of one call whose answer comes in pieces."""
        began_s, asked = time.perf_counter(), self._asked_to_stream(request)
        headers, body = self.headers_for(request), build_body(asked)
        async with self.transport.stream(self._url, headers=headers, body=body) as coming:
            if is_event_stream(coming):
                answer = StreamedAnswer(ChatStream(), request.draft, began_s, hide=self._hidden_bytes)
                return await answer.read(coming)
            response = await coming.whole()
        if "stream_options" in asked.params and _refuses_stream_options(response):
            self._takes_stream_options = False
            return await self._stream(request)
        return self._completion(response, asked)

    def _asked_to_stream(self, request: Request) -> Request:
        usage = {"stream_options": {"include_usage": True}} if self._takes_stream_options else {}
        return replace(request, params={**usage, **request.params, "stream": True})

    def headers_for(self, request: Request) -> Mapping[str, str]:
        """Return the headers of one call."""
        del request  # other kinds add to them by request
        return self._headers

    async def models(self) -> list[str]:
        """Return the models that the endpoint lists. Raises CallFailed or NeedsPerson."""
        try:
            response = self._cleared(await self.transport.get(self._models_url, headers=self._headers))
            if response.status == 200:
                return parse_models(response, url=self._models_url)
            found = classify_error(response, url=self._models_url, request=None, now=datetime.now(UTC))
            raise found if isinstance(found, Exception) else CallFailed("provider_error", found.detail)
        except (NeedsPerson, CallFailed) as error:
            raise self._without_secrets(error) from None

    def _completion(self, response: HttpResponse, request: Request) -> Completion:
        """Return what an answer holds. Whatever is no completion is read without secrets, before it is cut to size."""
        if response.status == 200:
            try:
                return parse_answer(response, url=self._url)
            except (NeedsPerson, CallFailed):
                return parse_answer(self._cleared(response), url=self._url)
        found = classify_error(self._cleared(response), url=self._url, request=request, now=datetime.now(UTC))
        if isinstance(found, Exception):
            raise found
        return found

    async def _models_there(self) -> str:
        """Return the end of a sentence: which models there are, where the endpoint lists them."""
        try:
            listed = await self.models()
        except (CallFailed, NeedsPerson):
            return "."
        more = "" if len(listed) <= MODELS_NAMED else f" and {len(listed) - MODELS_NAMED} more"
        return f". There are: {', '.join(listed[:MODELS_NAMED])}{more}."

    def _cleared(self, response: HttpResponse) -> HttpResponse:
        """Return the answer without the key and the values of headers, which providers echo in their errors."""
        return replace(response, body=self._hidden_bytes(response.body))

    def _hidden_bytes(self, body: bytes) -> bytes:
        for secret in self._secrets:
            body = body.replace(secret.encode(), HIDDEN.encode())
        return body

    def _without_secrets(self, error: NeedsPerson | CallFailed) -> NeedsPerson | CallFailed:
        """Return an error whose texts name no secret: URLs may hold some, too."""
        error.args = (self._hidden(str(error)),)
        if isinstance(error, CallFailed):
            error.detail = self._hidden(error.detail)
        return error

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _refuses_stream_options(response: HttpResponse) -> bool:
    """Return whether an endpoint does not know the wish for a stream's usage; it is asked again without."""
    return response.status in FAULTY_REQUEST and any(word in response.body for word in USAGE_WORDS)


def _secrets(*values: str) -> list[str]:
    """Return the texts to hide, the longest first, each as it is and as JSON writes it."""
    forms = {form for value in values for form in (value, value.rpartition(" ")[2], json.dumps(value)[1:-1])}
    return sorted((form for form in forms if len(form) >= SECRET_LENGTH), key=len, reverse=True)
