"""The simulator's server: routes, keys, and what is sent when."""

import asyncio
import hmac
import time
from collections.abc import Callable
from functools import partial

import orjson

from runs.simulator.chat import BadCall, ChatAnswer, ChatCall, completion_body, error_body, read_call, stream_pieces
from runs.simulator.knowledge import Knowledge
from runs.simulator.models import Fault, SimulatedModel
from runs.simulator.pacing import PacedAnswer
from runs.simulator.protocol import JSON, Exchange, HttpProtocol
from runs.simulator.reactions import BROKEN_OFF, Models, Reaction
from runs.simulator.stats import Stats

BACKLOG = 2048
EVENTS = "text/event-stream"
HEALTH = ("GET", "/healthz")
BROKEN_JSON = b'{"id": "chatcmpl-0", "object": "chat.completion", "choices": [{"index": 0, "mess'


class Simulator:
    """An OpenAI-compatible endpoint that answers from its own models. Runs on the event loop that starts it."""

    def __init__(
        self,
        models: tuple[SimulatedModel, ...],
        knowledge: Knowledge,
        *,
        key: str,
        host: str = "127.0.0.1",
        port: int = 0,
        seed: int = 1,
    ) -> None:
        """`key` is the bearer key that callers send; port 0 takes a free one."""
        self.host, self.port = host, port
        self.key = key
        self.stats = Stats()
        self._models = Models(models, knowledge, seed=seed)
        self._authorization = f"Bearer {key}".encode()
        self._connections: set[HttpProtocol] = set()
        self._server: asyncio.Server | None = None
        self._routes: dict[tuple[str, str], Callable[[Exchange], None]] = {
            ("POST", "/v1/chat/completions"): self._chat,
            ("GET", "/v1/models"): self._list_models,
            ("GET", "/stats"): self._show_stats,
            ("POST", "/reset"): self._reset,
            HEALTH: self._show_health,
        }

    @property
    def url(self) -> str:
        """The base URL that a provider names."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/v1"

    async def start(self) -> int:
        """Listen and return the port. Raises OSError where it is taken."""
        self._loop = asyncio.get_running_loop()
        factory = partial(HttpProtocol, self._handle, self._connections)
        self._server = await self._loop.create_server(factory, self.host, self.port, backlog=BACKLOG)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def close(self) -> None:
        """Listen no more and end all connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        if self._server is not None:
            await self._server.wait_closed()

    def _handle(self, exchange: Exchange) -> None:
        request = exchange.request
        route = (request.method, request.path)
        answer = self._routes.get(route)
        if answer is None:
            self._refuse_route(exchange)
        elif route != HEALTH and not self._is_known(request.headers.get("authorization", "")):
            sentence = "Incorrect API key provided."
            exchange.answer(401, error_body(sentence, code="invalid_api_key"))
        else:
            answer(exchange)

    def _is_known(self, authorization: str) -> bool:
        return hmac.compare_digest(authorization.encode("latin-1"), self._authorization)

    def _refuse_route(self, exchange: Exchange) -> None:
        request = exchange.request
        is_known_path = any(path == request.path for _, path in self._routes)
        sentence = f"{request.method} {request.path} is not served here"
        exchange.answer(405 if is_known_path else 404, error_body(sentence, code="unknown_url"))

    def _chat(self, exchange: Exchange) -> None:
        try:
            call = read_call(exchange.request)
            model = self._model_of(call)
        except BadCall as bad:
            exchange.answer(bad.status, bad.body)
            return
        reaction = self._models.react(model, call)
        self.stats.begin(model.name)
        if reaction.fault is not None:
            self.stats.by_fault[reaction.fault.value] += 1
        if reaction.delay_s:
            timer = self._loop.call_later(reaction.delay_s, self._finish, exchange, call, reaction)
            exchange.on_gone = partial(self._lose, timer)
        else:
            self._finish(exchange, call, reaction)

    def _model_of(self, call: ChatCall) -> SimulatedModel:
        model = self._models.named(call.model)
        if model is None:
            raise BadCall(f"The model `{call.model}` does not exist", status=404, param="model", code="model_not_found")
        return model

    def _lose(self, timer: asyncio.TimerHandle) -> None:
        timer.cancel()
        self.stats.lost()

    def _finish(self, exchange: Exchange, call: ChatCall, reaction: Reaction) -> None:
        exchange.on_gone = None
        if reaction.answer is not None and (reaction.rest_s or reaction.fault in BROKEN_OFF):
            self._send_paced(exchange, call, reaction, reaction.answer)
            return
        self.stats.end()
        if reaction.answer is None:
            self._fail(exchange, call, reaction.fault)
            return
        number, now = self.stats.requests, int(time.time())
        if call.is_stream:
            exchange.stream(stream_pieces(call, reaction.answer, number=number, now=now), kind=EVENTS)
        else:
            exchange.answer(200, completion_body(call, reaction.answer, number=number, now=now))

    def _send_paced(self, exchange: Exchange, call: ChatCall, reaction: Reaction, answer: ChatAnswer) -> None:
        """Send an answer piece by piece; one that is not streamed has the halves of its JSON for pieces."""
        number, now = self.stats.requests, int(time.time())
        if call.is_stream:
            pieces, kind = list(stream_pieces(call, answer, number=number, now=now)), EVENTS
        else:
            body = completion_body(call, answer, number=number, now=now)
            pieces, kind = [body[: len(body) // 2], body[len(body) // 2 :]], JSON
        paced = PacedAnswer(exchange, pieces, over_s=reaction.rest_s, fault=reaction.fault, stats=self.stats)
        paced.begin(kind)

    def _fail(self, exchange: Exchange, call: ChatCall, fault: Fault | None) -> None:
        if fault is Fault.RETRY_429:
            model = self._model_of(call)
            body = error_body("Rate limit reached, try again later", code="rate_limit_exceeded")
            exchange.answer(429, body, headers={"Retry-After": str(model.retry_after_s)})
        elif fault is Fault.ERROR:
            exchange.answer(500, error_body("The server had an error", code="server_error"))
        elif fault is Fault.MALFORMED:
            exchange.answer(200, BROKEN_JSON)
        else:
            exchange.drop()

    def _list_models(self, exchange: Exchange) -> None:
        listed = [{"id": name, "object": "model", "owned_by": "evalsite"} for name in self._models.names]
        exchange.answer(200, orjson.dumps({"object": "list", "data": listed}))

    def _show_stats(self, exchange: Exchange) -> None:
        exchange.answer(200, orjson.dumps(self.stats.as_json()))

    def _show_health(self, exchange: Exchange) -> None:
        exchange.answer(200, b'{"status": "ok"}')

    def _reset(self, exchange: Exchange) -> None:
        self.stats.reset()
        self._models.forget()
        self._show_stats(exchange)
