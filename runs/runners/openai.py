"""The runner for any OpenAI-compatible chat-completions endpoint."""

from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import Connection, HttpResponse, Runner, Transport
from runs.runners.chat_completions import (
    UnknownModel,
    build_body,
    chat_url,
    classify_error,
    models_url,
    parse_answer,
)

HIDDEN = "[hidden]"
SECRET_LENGTH = 6
MODELS_NAMED = 5


class OpenAIRunner(Runner):
    """Asks an OpenAI-compatible endpoint."""

    label = "OpenAI-compatible"
    help_text = "Any endpoint with /chat/completions: OpenAI, Azure, vLLM, Ollama, LiteLLM, llama.cpp, …"
    needs_url = True

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        self.connect(connection.base_url, connection.api_key)

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        self._url, self._models_url = chat_url(base_url), models_url(base_url)
        self._headers = {"Content-Type": "application/json", **self.connection.headers}
        if api_key:
            self._headers["Authorization"] = f"Bearer {api_key}"
        secrets = [api_key or "", *self.connection.headers.values()]
        self._secrets = [secret for secret in secrets if len(secret) >= SECRET_LENGTH]

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call. Raises CallFailed or NeedsPerson."""
        try:
            response = await self.transport.post(self._url, headers=self.headers_for(request), body=build_body(request))
            if response.status == 200:
                return parse_answer(response, url=self._url)
            return self._answer_or_raise(response, request)
        except UnknownModel as unknown:
            raise NeedsPerson(self._hidden(str(unknown)) + await self._models_there()) from None
        except NeedsPerson as reason:
            raise NeedsPerson(self._hidden(str(reason))) from None
        except CallFailed as failure:
            failure.detail = self._hidden(failure.detail)
            failure.raw_response = self._hidden(failure.raw_response) if failure.raw_response else None
            raise

    def headers_for(self, request: Request) -> Mapping[str, str]:
        """Return the headers of one call."""
        del request  # other kinds add to them by request
        return self._headers

    async def models(self) -> list[str]:
        """Return the models that the endpoint lists. Raises CallFailed or NeedsPerson."""
        response = await self.transport.get(self._models_url, headers=self._headers)
        if response.status != 200:
            found = classify_error(response, url=self._models_url, request=None, now=datetime.now(UTC))
            raise found if isinstance(found, Exception) else CallFailed("provider_error", found.detail)
        try:
            listed = orjson.loads(response.body)["data"]
            return [str(model["id"]) for model in listed]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise CallFailed("invalid_output", f"{self._models_url} lists no models") from None

    def _answer_or_raise(self, response: HttpResponse, request: Request) -> Completion:
        found = classify_error(response, url=self._url, request=request, now=datetime.now(UTC))
        if isinstance(found, Exception):
            raise found
        return found

    async def _models_there(self) -> str:
        try:
            listed = await self.models()
        except (CallFailed, NeedsPerson):
            return "."
        more = "" if len(listed) <= MODELS_NAMED else f" and {len(listed) - MODELS_NAMED} more"
        return f". There are: {', '.join(listed[:MODELS_NAMED])}{more}."

    def _hidden(self, text: str) -> str:
        """Return the text without the key and the values of headers: providers echo them in errors."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text
