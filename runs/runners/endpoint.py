"""What runners of HTTP endpoints share: asking, reading answers and errors without telling secrets, listing models."""

import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from experiments.options import FlagField, Options
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.runners.answers import listed_models
from runs.runners.base import Connection, HttpResponse, Runner, Transport
from runs.runners.chat_errors import UnknownModel, classify_error
from runs.runners.secrets import Secrets, query_values
from runs.runners.streamed_answers import Assembly, StreamedAnswer, is_event_stream

MODELS_NAMED = 5
SUCCESSES = range(200, 300)
JSON_HEADERS = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Outgoing:
    """What one call sends. Not frozen: that costs more than the rest of it, and one is made for each call."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


class EndpointOptions(Options):
    """How an endpoint is asked."""

    stream = FlagField(help_text="Have answers come word by word: shows the time to the first token.")


class EndpointRunner(Runner):
    """Asks an HTTP endpoint; its subclass knows the wire format."""

    Options = EndpointOptions
    default_headers: Mapping[str, str] = JSON_HEADERS
    """Sent unless the provider's own headers say otherwise."""

    def __init__(self, connection: Connection, transport: Transport) -> None:
        super().__init__(connection, transport)
        self._streams = bool(connection.options.get("stream"))
        self.connect(connection.base_url, connection.api_key)

    def connect(self, base_url: str, api_key: str | None) -> None:
        """Call this endpoint with this key from now on."""
        own = self.connection.headers
        given = {name.lower() for name in own}
        defaults = {name: value for name, value in self.default_headers.items() if name.lower() not in given}
        self.headers = {**defaults, **own, **(self.key_headers(api_key) if api_key else {})}
        self.secrets = Secrets(api_key or "", *own.values(), *query_values(base_url))

    @abstractmethod
    def key_headers(self, api_key: str) -> Mapping[str, str]:
        """Return the headers that carry the key."""

    @abstractmethod
    def outgoing(self, request: Request, *, is_streamed: bool) -> Outgoing:
        """Return what a call sends. Raises CallFailed or NeedsPerson for what the wire format cannot say."""

    @abstractmethod
    def assembly(self) -> Assembly:
        """Return what puts a streamed answer together."""

    @abstractmethod
    def parse(self, response: HttpResponse, url: str) -> Completion:
        """Return the completion of a success. Raises CallFailed or NeedsPerson."""

    @abstractmethod
    def models_url(self) -> str:
        """Return where models are listed; "" where they are not."""

    def parse_models(self, response: HttpResponse, url: str) -> list[str]:
        """Return the names of a 200 that lists models. Raises CallFailed or NeedsPerson."""
        return listed_models(response, url)

    def headers_for(self, request: Request) -> Mapping[str, str]:
        """Return the headers of one call."""
        del request  # other kinds add to them by request
        return self.headers

    def asks_otherwise(self, call: Outgoing, response: HttpResponse) -> bool:
        """Return whether a streamed call that was refused is worth another form, which `outgoing` then gives."""
        del call, response  # other kinds know one
        return False

    def classify(
        self, response: HttpResponse, url: str, request: Request | None
    ) -> CallFailed | NeedsPerson | Completion:
        """Return what an answer other than 200 means. Its body holds no secrets any more."""
        return classify_error(response, url=url, request=request, now=datetime.now(UTC))

    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call. Raises CallFailed or NeedsPerson."""
        try:
            return await (self._stream(request) if self.is_streamed(request) else self._whole(request))
        except UnknownModel as unknown:
            raise NeedsPerson(self.secrets.hide(str(unknown)) + await self._models_there()) from None
        except (NeedsPerson, CallFailed) as error:
            raise self.secrets.taken_out_of(error) from None

    async def models(self) -> list[str]:
        """Return the models that the endpoint lists. Raises CallFailed or NeedsPerson."""
        url = self.models_url()
        try:
            return self._listed(await self.transport.get(url, headers=self.headers), url) if url else []
        except (NeedsPerson, CallFailed) as error:
            raise self.secrets.taken_out_of(error) from None

    def is_streamed(self, request: Request) -> bool:
        """Return whether an answer is to come in pieces: the candidate's word goes before the provider's."""
        extra = request.params.get("extra_body") or {}
        own = extra.get("stream", request.params.get("stream"))
        return self._streams if own is None else bool(own)

    async def _whole(self, request: Request) -> Completion:
        call = self.outgoing(request, is_streamed=False)
        return self._read(await self.ask(call), call.url, request)

    async def ask(self, call: Outgoing) -> HttpResponse:
        """Return what comes back."""
        return await self.transport.post(call.url, headers=call.headers, body=call.body)

    async def _stream(self, request: Request, *, is_again: bool = False) -> Completion:
        """Return the completion of one call whose answer comes in pieces."""
        began_s, call = time.perf_counter(), self.outgoing(request, is_streamed=True)
        async with self.transport.stream(call.url, headers=call.headers, body=call.body) as coming:
            if is_event_stream(coming):
                answer = StreamedAnswer(self.assembly(), request.draft, began_s, hide=self.secrets.hide_bytes)
                return await answer.read(coming)
            response = await coming.whole()
        if not is_again and self.asks_otherwise(call, response):
            return await self._stream(request, is_again=True)
        return self._read(response, call.url, replace(request, params={**request.params, "stream": True}))

    def _read(self, response: HttpResponse, url: str, request: Request) -> Completion:
        """Return what an answer holds. Whatever is no completion is read without secrets, before it is cut to size."""
        if response.status in SUCCESSES:
            try:
                return self.parse(response, url)
            except (NeedsPerson, CallFailed):
                return self.parse(self.secrets.cleared(response), url)
        found = self.classify(self.secrets.cleared(response), url, request)
        if isinstance(found, Exception):
            raise found
        return found

    def _listed(self, response: HttpResponse, url: str) -> list[str]:
        response = self.secrets.cleared(response)
        if response.status == 200:
            return self.parse_models(response, url)
        found = self.classify(response, url, None)
        raise found if isinstance(found, Exception) else CallFailed("provider_error", found.detail)

    async def _models_there(self) -> str:
        """Return the end of a sentence: which models there are, where the endpoint lists them."""
        try:
            listed = await self.models()
        except (CallFailed, NeedsPerson):
            listed = []
        more = "" if len(listed) <= MODELS_NAMED else f" and {len(listed) - MODELS_NAMED} more"
        return f". There are: {', '.join(listed[:MODELS_NAMED])}{more}." if listed else "."
