"""The runner for the Gemini API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.base import HttpResponse
from runs.runners.endpoint import EndpointRunner, Outgoing
from runs.runners.gemini_content import CHECKS, build_body, content_url, models_url, parse_answer, parse_models
from runs.runners.gemini_errors import classify
from runs.runners.gemini_stream import ContentStream
from runs.runners.params import problems_of


class GeminiRunner(EndpointRunner):
    """Asks generateContent."""

    label = "Gemini"
    help_text = "The Gemini API of Google; without a base URL generativelanguage.googleapis.com."

    @classmethod
    def check_params(cls, params: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
        """Return what the API cannot do, by the parameter's name."""
        del options  # whatever they are
        return problems_of(params, CHECKS)

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        super().connect(base_url, api_key)
        self._base_url = base_url

    def key_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        return {"x-goog-api-key": api_key}

    def outgoing(self, request: Request, *, is_streamed: bool) -> Outgoing:
        """Return what a call sends. Raises CallFailed or NeedsPerson."""
        url = content_url(self._base_url, request.model, is_streamed=is_streamed)
        return Outgoing(url, build_body(request), self.headers_for(request))

    def assembly(self) -> ContentStream:
        """Return what puts a streamed answer together."""
        return ContentStream()

    def parse(self, response: HttpResponse, url: str) -> Completion:
        """Return the completion of a 200. Raises CallFailed or NeedsPerson."""
        return parse_answer(response, url=url)

    def models_url(self) -> str:
        """Return where models are listed."""
        return models_url(self._base_url)

    def parse_models(self, response: HttpResponse, url: str) -> list[str]:
        """Return the models of a list that generate content. Raises CallFailed or NeedsPerson."""
        return parse_models(response, url=url)

    def classify(
        self, response: HttpResponse, url: str, request: Request | None
    ) -> CallFailed | NeedsPerson | Completion:
        """Return what an answer other than 200 means."""
        return classify(response, url=url, request=request, now=datetime.now(UTC))
