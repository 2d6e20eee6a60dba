"""The runner for any OpenAI-compatible chat-completions endpoint."""

from collections.abc import Mapping
from dataclasses import replace

from runs.exchange import Completion, Request
from runs.runners.base import Connection, HttpResponse, Transport
from runs.runners.chat_completions import build_body, chat_url, models_url, parse_answer
from runs.runners.chat_errors import FAULTY_REQUEST
from runs.runners.chat_stream import ChatStream
from runs.runners.endpoint import EndpointRunner, Outgoing

USAGE_WISH = b'"stream_options":{"include_usage":true}'
USAGE_WORDS = (b"stream_options", b"include_usage")


class OpenAIRunner(EndpointRunner):
    """Asks an OpenAI-compatible endpoint."""

    label = "OpenAI-compatible"
    help_text = "Any endpoint with /chat/completions: OpenAI, Azure, vLLM, Ollama, LiteLLM, llama.cpp, …"
    needs_url = True

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self._takes_stream_options = True
        """Whether the endpoint has not refused to be asked for the usage of a stream."""
        super().__init__(connection, transport)

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        super().connect(base_url, api_key)
        self._url, self._models_url = chat_url(base_url), models_url(base_url)

    @property
    def urls(self) -> tuple[str, str]:
        """Where completions are asked for, and where models are listed."""
        return self._url, self._models_url

    def key_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        return {"Authorization": f"Bearer {api_key}"}

    def outgoing(self, request: Request, *, is_streamed: bool) -> Outgoing:
        """Return what a call sends. Raises CallFailed."""
        asked = self._asked_to_stream(request) if is_streamed else request
        return Outgoing(self._url, build_body(asked), self.headers_for(request))

    def _asked_to_stream(self, request: Request) -> Request:
        usage = {"stream_options": {"include_usage": True}} if self._takes_stream_options else {}
        return replace(request, params={**usage, **request.params, "stream": True})

    def asks_otherwise(self, call: Outgoing, response: HttpResponse) -> bool:
        """Return whether the endpoint does not know the wish for a stream's usage; it is asked without from then on."""
        is_refused = response.status in FAULTY_REQUEST and any(word in response.body for word in USAGE_WORDS)
        if not is_refused or USAGE_WISH not in call.body:
            return False
        self._takes_stream_options = False
        return True

    def assembly(self) -> ChatStream:
        """Return what puts a streamed answer together."""
        return ChatStream()

    def parse(self, response: HttpResponse, url: str) -> Completion:
        """Return the completion of a 200. Raises CallFailed or NeedsPerson."""
        return parse_answer(response, url=url)

    def models_url(self) -> str:
        """Return where models are listed."""
        return self._models_url
