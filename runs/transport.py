"""The one module through which calls leave the site: aiohttp, since CPU per call decides (docs/performance.md)."""

import errno
import ipaddress
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from runs.exchange import CallFailed, NeedsPerson
from runs.runners.base import HttpResponse, StreamedResponse

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
TARGETS_KEPT = 1000
BODY_LIMIT = 16 * 1024 * 1024
CONNECT_S = 10.0
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NOT_SHOWN = re.compile(r"(?<=//)[^/@]*@|[?#].*")
METADATA = {ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")}


class ForbiddenAddress(OSError):
    """An address that no call may go to."""


class AiohttpTransport:
    """A Transport on one session of the running event loop: no redirects, no cookies, no proxies, no own timeouts."""

    def __init__(self, *, allow_private: bool) -> None:
        """With `allow_private` false, addresses of private networks are refused like link-local ones always are."""
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None
        self._targets: dict[str, URL] = {}
        """Parsed URLs whose host is not forbidden, so that each is looked at once."""

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=0, resolver=GuardedResolver(allow_private=self._allow_private))
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            auto_decompress=True,
            trust_env=False,
            raise_for_status=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def trust(self, url: str) -> None:
        """Let calls to this very URL through wherever it leads: the site's own simulator is on a private address."""
        self._targets[url] = URL(url)

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send `body` and return the answer, whatever its status. Raises CallFailed or NeedsPerson."""
        return await self._send("POST", url, headers, body)

    async def get(self, url: str, *, headers: Mapping[str, str]) -> HttpResponse:
        """Fetch `url` and return the answer, whatever its status. Raises CallFailed or NeedsPerson."""
        return await self._send("GET", url, headers, None)

    @asynccontextmanager
    async def stream(self, url: str, *, headers: Mapping[str, str], body: bytes) -> AsyncIterator[StreamedResponse]:
        """Send `body` and have the answer while it comes. Raises CallFailed or NeedsPerson."""
        response = await self._opened("POST", url, headers, body)
        try:
            yield StreamedResponse(response.status, response.headers, _pieces(response))
        finally:
            # Hangs up unless the body was read to its end: then the connection is back with the others already.
            response.close()

    async def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        async with await self._opened(method, url, headers, body) as response:
            return HttpResponse(response.status, response.headers, await _read(response))

    async def _opened(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> aiohttp.ClientResponse:
        """Return an answer whose body is still to be read."""
        if self._session is None:
            raise RuntimeError("the transport is used outside its `async with`")
        target = self._targets.get(url) or self._checked(url)
        try:
            return await self._session.request(method, target, headers=headers, data=body, allow_redirects=False)
        except (aiohttp.ClientError, OSError) as error:
            raise _classified(error, url) from None
        except ValueError as error:
            raise NeedsPerson(f"{_shown(url)} cannot be called: {error}") from None

    def _checked(self, url: str) -> URL:
        """Return a URL parsed; refuse forbidden addresses written as numbers, which never meet the resolver."""
        try:
            target = URL(url)
            if target.scheme not in ("http", "https") or not target.raw_host:
                raise ValueError("it begins with http:// or https:// and a name")
            refuse_forbidden(target.raw_host, allow_private=self._allow_private)
        except ForbiddenAddress as error:
            raise NeedsPerson(str(error)) from None
        except ValueError as error:
            raise NeedsPerson(f"{_shown(url)} is no address that can be called: {error}") from None
        if len(self._targets) < TARGETS_KEPT:  # templates make a URL for each item
            self._targets[url] = target
        return target


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses the addresses that no call may go to."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        """Return the addresses of a name. Raises ForbiddenAddress."""
        found = await self._resolver.resolve(host, port, family)
        for address in found:
            refuse_forbidden(address["host"], allow_private=self._allow_private)
        return found

    async def close(self) -> None:
        """Let go of the resolver."""
        await self._resolver.close()


def refuse_forbidden(host: str, *, allow_private: bool) -> None:
    """Raise ForbiddenAddress for link-local and metadata addresses, and for private ones unless they are allowed."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    address = _reached_by(address)
    if address.is_link_local or address in METADATA:
        raise ForbiddenAddress(f"{host} is a link-local or metadata address: no provider may be there")
    if not allow_private and not address.is_global:
        raise ForbiddenAddress(f"{host} is a private address: EVALSITE_PRIVATE_PROVIDERS=0 forbids it")


def _reached_by(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    embedded = ipaddress.IPv4Address(address.packed[-4:]) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or embedded or address


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body. Raises CallFailed when it is cut short or, unpacked, too large."""
    declared = response.content_length
    if declared is None or declared > BODY_LIMIT or "Content-Encoding" in response.headers:
        return b"".join([piece async for piece in _pieces(response)])
    try:
        return await response.read()
    except (aiohttp.ClientError, OSError) as error:
        raise _cut_short(error, response) from None


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the body as it comes. Raises CallFailed when it is cut short or, unpacked, too large."""
    size = 0
    try:
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > BODY_LIMIT:
                sentence = f"the answer is larger than {BODY_LIMIT // 1024 // 1024} MiB"
                raise CallFailed("invalid_output", sentence, status=response.status)
            yield piece
    except (aiohttp.ClientError, OSError) as error:
        raise _cut_short(error, response) from None


def _cut_short(error: aiohttp.ClientError | OSError, response: aiohttp.ClientResponse) -> CallFailed:
    return CallFailed("invalid_output", f"the answer was cut short: {error}", status=response.status)


def _classified(error: aiohttp.ClientError | OSError, url: str) -> CallFailed | NeedsPerson:
    """Return what an error before the body means."""
    if isinstance(error, aiohttp.InvalidURL):
        return NeedsPerson(f"{_shown(url)} is no address that can be called")
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ForbiddenAddress):
        return NeedsPerson(str(error.os_error))
    if isinstance(error, aiohttp.ClientResponseError):
        return CallFailed("invalid_output", "what answered does not speak HTTP")
    was_sent = not isinstance(error, aiohttp.ClientConnectorError | TimeoutError)
    return CallFailed("provider_error", _what_failed(error), is_unreachable=True, was_sent=was_sent)


def _shown(url: str) -> str:
    """Return a URL without the parts that may hold secrets."""
    return NOT_SHOWN.sub("", url)


def _what_failed(error: Exception) -> str:
    """Return a sentence that says which step failed, without what the caller sent."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"TLS: the certificate was not accepted: {_certificate_check(error)}"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        reason = getattr(getattr(error, "os_error", error), "reason", None) or "no reason given"
        return f"TLS: the handshake failed: {reason.replace('_', ' ').lower()}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"DNS: the name {error.host} was not found"
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = "was refused" if error.os_error.errno == errno.ECONNREFUSED else f"failed: {error.os_error.strerror}"
        return f"the connection to {error.host}:{error.port} {reason}"
    if isinstance(error, TimeoutError):
        return f"no connection came about within {CONNECT_S:g} s"
    if isinstance(error, OSError) and error.errno not in (None, errno.ECONNRESET, errno.EPIPE):
        return f"the connection failed: {error.strerror}"
    return "the connection was closed before an answer came"


def _certificate_check(error: aiohttp.ClientConnectorCertificateError) -> str:
    inner = error.certificate_error
    return str(getattr(inner, "verify_message", "") or type(inner).__name__)
