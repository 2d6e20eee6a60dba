"""Testing a provider: one real call, and what came back."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from django.conf import settings

from evalsite.plugins import UnknownKind
from experiments.credentials import KeyNotAllowed
from experiments.models import Provider
from experiments.models.projects import Person
from experiments.options import OptionError
from experiments.permissions import require
from runs.exchange import CallFailed, Completion, NeedsPerson, Request
from runs.lanes.supplies import runner_of
from runs.runners.base import HttpResponse, Runner, StreamedResponse, Transport
from runs.transport import HttpTransport

LIMIT_S = 30.0
QUESTION = "Reply with the one word: ready"
LIMIT_HEADERS = ("ratelimit", "rate-limit", "retry-after")


@dataclass(frozen=True, slots=True)
class TestResult:
    """What one call to a provider came to."""

    __test__ = False  # no test class, whatever its name

    model: str
    text: str = ""
    """What the model answered."""
    latency_ms: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    limits: Mapping[str, str] = field(default_factory=dict)
    """The headers of the answer that speak of rate limits."""
    models: tuple[str, ...] = ()
    """The models that the provider lists."""
    first_token_ms: int | None = None
    """From the call to the first word; None: the answer was not streamed."""
    error: str = ""
    """What went wrong and what to do; "": it answered."""


class ListeningTransport:
    """A transport that keeps what answers say of limits."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.limits: dict[str, str] = {}

    def trust(self, url: str) -> None:
        """Let calls to this very URL through."""
        self._transport.trust(url)

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send `body` and return the answer."""
        response = await self._transport.post(url, headers=headers, body=body)
        self._hear(response.headers)
        return response

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str], body: bytes) -> AsyncIterator[StreamedResponse]:
        """Send `body` and have the answer while it comes."""
        async with self._transport.stream(url, headers=headers, body=body) as response:
            self._hear(response.headers)
            yield response

    async def get(self, url: str, *, headers: Mapping[str, str]) -> HttpResponse:
        """Fetch `url` and return the answer."""
        return await self._transport.get(url, headers=headers)

    def _hear(self, headers: Mapping[str, str]) -> None:
        for name, value in headers.items():
            if any(part in name.lower() for part in LIMIT_HEADERS):
                self.limits[name.lower()] = value


def test_provider(*, provider: Provider, model: str, by: Person | None) -> TestResult:
    """Make one real call and return what came back; a failure is part of the result. Not for use in an event loop."""
    require(by, provider.project, "test_provider")
    outside = HttpTransport(allow_private=settings.PRIVATE_PROVIDERS)
    transport = ListeningTransport(outside)
    try:
        runner = runner_of(provider, transport)
    except (KeyNotAllowed, UnknownKind, OptionError) as problem:
        return TestResult(model.strip(), error=str(problem))
    return asyncio.run(_test(runner, outside, transport, model.strip(), provider.timeout_s or LIMIT_S))


test_provider.__test__ = False  # type: ignore[attr-defined]  # an action, whatever its name


async def _test(
    runner: Runner, outside: HttpTransport, transport: ListeningTransport, model: str, within_s: float
) -> TestResult:
    async with outside:
        try:
            models = await _models(runner, is_needed=runner.needs_model and not model)
            model = model or (models[0] if models else "")
            if not model and runner.needs_model:
                raise NeedsPerson(f"name a model: {runner.connection.name} lists none to choose from")
            began = time.perf_counter()
            completion = await asyncio.wait_for(runner.complete(_question(model)), within_s)
        except (CallFailed, NeedsPerson) as problem:
            return TestResult(model, limits=transport.limits, error=str(problem))
        except TimeoutError:
            return TestResult(model, error=f"no answer within {within_s:g} s")
        return _answered(model, completion, round((time.perf_counter() - began) * 1000), transport.limits, models)


async def _models(runner: Runner, *, is_needed: bool) -> tuple[str, ...]:
    """Return the models that are listed; () where the provider lists none or cannot.

    Raises CallFailed where nothing can be reached; where a model `is_needed` from the list, NeedsPerson saying why
    there is no list: a bad key or a wrong URL is no reason to ask for the name of a model.
    """
    try:
        return tuple(await asyncio.wait_for(runner.models(), LIMIT_S))
    except CallFailed as failure:
        if failure.is_unreachable:
            raise
        problem = f"{failure}."
    except NeedsPerson as needed:
        problem = str(needed)
    except TimeoutError:
        problem = f"no list of its models within {LIMIT_S:g} s."
    if is_needed:
        raise NeedsPerson(f"{problem} Should it only list no models, name one.")
    return ()


def _question(model: str) -> Request:
    message = {"role": "user", "parts": [{"type": "text", "text": QUESTION}]}
    return Request(model, [message], {})


def _answered(
    model: str, completion: Completion, latency_ms: int, limits: Mapping[str, str], models: tuple[str, ...]
) -> TestResult:
    return TestResult(
        model,
        completion.text,
        latency_ms,
        completion.tokens_in,
        completion.tokens_out,
        dict(limits),
        models,
        completion.first_token_ms,
    )
