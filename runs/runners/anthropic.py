"""The runner for the Anthropic Messages API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from django import forms

from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.anthropic_messages import (
    CHECKS,
    SMALLEST_OUTPUT_LIMIT,
    VERSION,
    build_body,
    messages_url,
    models_url,
    parameter_blamed,
    parse_answer,
)
from runs.runners.anthropic_stream import MessageStream
from runs.runners.base import HttpResponse
from runs.runners.chat_errors import FAULTY_REQUEST, classify_error
from runs.runners.endpoint import JSON_HEADERS, EndpointOptions, EndpointRunner, Outgoing
from runs.runners.params import problems_of

OF_THE_PROMPT = ("model", "messages", "system")


class MessagesOptions(EndpointOptions):
    """How the API is asked."""

    max_tokens = forms.IntegerField(
        initial=SMALLEST_OUTPUT_LIMIT,
        min_value=1,
        max_value=10_000_000,
        required=False,
        help_text="The limit of answers whose candidate sets none: the API wants one of every call.",
    )


class AnthropicRunner(EndpointRunner):
    """Asks the Messages API."""

    label = "Anthropic"
    help_text = "The Messages API of Anthropic, or of a gateway that speaks it; without a base URL api.anthropic.com."
    Options = MessagesOptions
    identity = ("max_tokens",)
    default_headers = {**JSON_HEADERS, "anthropic-version": VERSION}

    @classmethod
    def check_params(cls, params: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
        """Return what the API cannot do, by the parameter's name."""
        del options  # whatever they are
        return problems_of(params, CHECKS)

    def key_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the header that carries the key."""
        return {"x-api-key": api_key}

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        super().connect(base_url, api_key)
        self._url, self._models_url = messages_url(base_url), models_url(base_url)

    def outgoing(self, request: Request, *, is_streamed: bool) -> Outgoing:
        """Return what a call sends. Raises CallFailed or NeedsPerson."""
        limit = self.connection.options.get("max_tokens") or SMALLEST_OUTPUT_LIMIT
        return Outgoing(self._url, build_body(request, limit, is_streamed=is_streamed), self.headers_for(request))

    def assembly(self) -> MessageStream:
        """Return what puts a streamed answer together."""
        return MessageStream()

    def parse(self, response: HttpResponse, url: str) -> Completion:
        """Return the completion of a 200. Raises CallFailed or NeedsPerson."""
        return parse_answer(response, url=url)

    def models_url(self) -> str:
        """Return where models are listed."""
        return self._models_url

    def classify(
        self, response: HttpResponse, url: str, request: Request | None
    ) -> CallFailed | NeedsPerson | Completion:
        """Return what an error means; one that blames a parameter comes with every item, so that a person is asked."""
        found = classify_error(response, url=url, request=request, now=datetime.now(UTC))
        if request is None or not isinstance(found, CallFailed) or response.status not in FAULTY_REQUEST:
            return found
        sent = [
            name for name in orjson.loads(self.outgoing(request, is_streamed=False).body) if name not in OF_THE_PROMPT
        ]
        named = parameter_blamed(found.detail.partition(": ")[2], sent)
        if not named:
            return found
        return NeedsPerson(f"{url} refuses the parameter {named} ({found.detail}). Change the candidate's parameters.")
