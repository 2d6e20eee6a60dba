"""The one way by which calls leave the site: HTTP/1.1 on connections of our own, since CPU per call decides."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from yarl import URL

from experiments.addresses import ForbiddenAddress, refuse_forbidden
from runs.exchange import NeedsPerson
from runs.runners.base import HttpResponse, StreamedResponse
from runs.transport.addresses import Resolver
from runs.transport.connection import Connection
from runs.transport.pool import Pool
from runs.transport.targets import Target, parsed, shown

__all__ = ["HttpTransport"]

TARGETS_KEPT = 1000


class HttpTransport:
    """A Transport of the running event loop: no redirects, no cookies, no proxies, no timeouts but for connecting."""

    def __init__(self, *, allow_private: bool) -> None:
        """With `allow_private` false, addresses of private networks are refused like link-local ones always are."""
        self._allow_private = allow_private
        self._pool: Pool | None = None
        self._targets: dict[str, Target] = {}
        """URLs whose host is not forbidden, so that each is looked at once."""

    async def __aenter__(self) -> Self:
        self._pool = Pool(Resolver(allow_private=self._allow_private))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pool is not None:
            await self._pool.close()

    def trust(self, url: str) -> None:
        """Let calls to this very URL through wherever it leads: the site's own simulator is on a private address."""
        self._targets[url] = Target.of(URL(url))

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send `body` and return the answer, whatever its status. Raises CallFailed or NeedsPerson."""
        return await self._send("POST", url, headers, body)

    async def get(self, url: str, *, headers: Mapping[str, str]) -> HttpResponse:
        """Fetch `url` and return the answer, whatever its status. Raises CallFailed or NeedsPerson."""
        return await self._send("GET", url, headers, None)

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str], body: bytes) -> AsyncIterator[StreamedResponse]:
        """Send `body` and have the answer while it comes. Raises CallFailed or NeedsPerson."""
        async with self._exchange("POST", url, headers, body) as connection:
            await connection.head()
            yield StreamedResponse(connection.status, connection.headers, connection.pieces())

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        async with self._exchange(method, url, headers, body) as connection:
            content = await connection.whole()
            return HttpResponse(connection.status, connection.headers, content)

    @asynccontextmanager
    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[Connection]:
        """Have a connection on which the request was sent; one whose answer was not read to its end is hung up."""
        if self._pool is None:
            raise RuntimeError("the transport is used outside its `async with`")
        target = self._targets.get(url) or self._checked(url)
        try:
            request = target.request(method, headers, body)
        except ValueError as error:
            raise NeedsPerson(f"{shown(url)} cannot be called: {error}") from None
        connection = await self._pool.take(target.origin)
        try:
            connection.begin(request)
            yield connection
        finally:
            self._pool.give_back(target.origin, connection)

    def _checked(self, url: str) -> Target:
        """Return a URL as calls need it; refuse forbidden addresses written as numbers, which no resolver sees."""
        found = parsed(url)
        try:
            refuse_forbidden(found.raw_host or "", allow_private=self._allow_private)
        except ForbiddenAddress as error:
            raise NeedsPerson(str(error)) from None
        target = Target.of(found)
        if len(self._targets) < TARGETS_KEPT:  # templates make a URL for each item
            self._targets[url] = target
        return target
