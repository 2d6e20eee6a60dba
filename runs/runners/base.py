"""The contract of a runner: from one request to one completion. It never waits, retries or writes."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from experiments.options import Options
from runs.exchange import CallFailed, Completion, Message, NeedsPerson, Request

__all__ = [
    "CallFailed",
    "Completion",
    "Connection",
    "HttpResponse",
    "Message",
    "NeedsPerson",
    "Request",
    "Runner",
    "StreamedResponse",
    "Transport",
]


@dataclass(frozen=True, slots=True)
class Connection:
    """What a runner needs to know of its provider."""

    name: str
    """The provider's name, for sentences to people."""
    base_url: str
    """As given; normalised by the runner. Empty where the kind has none."""
    api_key: str | None = field(default=None, repr=False)
    """The secret's value, read from the environment when the connection is made; None where there is none."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Extra headers of every call."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The runner's own options, cleaned by `Runner.Options`."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An answer from the network, read whole."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    body: bytes


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """An answer from the network whose body is still on its way."""

    status: int
    headers: Mapping[str, str]
    """Case-insensitive."""
    pieces: AsyncIterator[bytes]
    """The body as it comes, unpacked, cut anywhere. Raises CallFailed(invalid_output) when it is cut short or too
    large; what came before stays valid."""

    async def whole(self) -> HttpResponse:
        """Return the answer read to its end. Raises CallFailed."""
        return HttpResponse(self.status, self.headers, b"".join([piece async for piece in self.pieces]))


class Transport(Protocol):
    """The one seam through which calls leave the site. Redirects are not followed; proxies are not used.

    Raises CallFailed(is_unreachable=True) when no answer came about, its detail naming what failed.
    """

    def trust(self, url: str) -> None:
        """Let calls to this very URL through, also where private addresses are refused: it is the site's own."""
        ...

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send `body` and return the answer, whatever its status."""
        ...

    async def get(self, url: str, *, headers: Mapping[str, str]) -> HttpResponse:
        """Fetch `url` and return the answer, whatever its status."""
        ...

    def stream(
        self, url: str, *, headers: Mapping[str, str], body: bytes
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        """Send `body` and have the answer, whatever its status, while its body comes; the context's end hangs up."""
        ...


class Runner(ABC):
    """One kind of provider. An instance serves one provider and many calls at once, on one event loop."""

    label: ClassVar[str]
    """The kind's name on pages."""
    help_text: ClassVar[str]
    """One sentence for the form."""
    needs_url: ClassVar[bool] = False
    """Whether its providers have a base URL; where False they may."""
    Options: ClassVar[type[Options]] = Options
    """The kind's own options."""
    needs_model: ClassVar[bool] = True
    """Whether a call without a model's name is none."""
    is_in_process: ClassVar[bool] = False
    """Whether code of others works on a call in this very process, and may end it."""
    identity: ClassVar[tuple[str, ...]] = ()
    """The options that are part of what is measured, as the base URL is: with other values it is another candidate."""

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection, self.transport = connection, transport

    @abstractmethod
    async def complete(self, request: Request) -> Completion:
        """Return the completion of one call. Raises CallFailed or NeedsPerson; nothing else."""

    @classmethod
    def check_params(cls, params: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
        """Return what a provider of this kind and with these options cannot do, by the parameter's name.

        The parameters are known and in range already. Raises OptionError for options that do not fit.
        """
        del params, options  # other kinds do look at them
        return {}

    @classmethod
    def unfit(cls, options: Mapping[str, Any], *, is_operators: bool) -> str:
        """Return why a provider may not have these options, or cannot, though they are well formed; "" where it may.

        `is_operators`: the provider was made by the command line, whose user could do as much without us.
        """
        del options, is_operators  # other kinds do look at them
        return ""

    async def models(self) -> list[str]:
        """Return the models that the provider lists, [] where it lists none. Raises CallFailed or NeedsPerson."""
        return []
