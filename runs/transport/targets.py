"""URLs as calls need them: looked at once, and the first lines of a request made of them."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL

from runs.exchange import NeedsPerson
from runs.transport.pool import Origin

NOT_SHOWN = re.compile(r"(?<=//)[^/@]*@|[?#].*")
DEFAULTS = {
    "accept": "Accept: */*\r\n",
    "accept-encoding": "Accept-Encoding: gzip\r\n",
    "user-agent": "User-Agent: Evalsite\r\n",
}
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
"""Headers that say how a request is framed, or where it goes; a provider's own are not sent."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes."""

    origin: Origin
    path: str
    """With its query."""
    host: str
    """As the header says it."""
    defaults: Mapping[str, str]
    """Lines that are sent unless the call has its own, by their names in lower case."""

    @classmethod
    def of(cls, url: URL) -> "Target":
        """Return what a URL with a scheme and a host says."""
        is_tls, host = url.scheme == "https", url.raw_host or ""
        defaults = dict(DEFAULTS)
        if url.user is not None:
            pair = f"{url.user}:{url.password or ''}".encode()
            defaults["authorization"] = f"Authorization: Basic {base64.b64encode(pair).decode()}\r\n"
        named = url.host_port_subcomponent or host
        return cls(Origin(is_tls, host, url.port or 0), url.raw_path_qs, named, defaults)

    def request(self, method: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """Return the bytes of a request. Raises ValueError for a header that cannot be sent."""
        given = {name.lower() for name in headers}
        own = [f"{name}: {value}\r\n" for name, value in headers.items() if name.lower() not in OURS]
        sent = [*own, *(line for name, line in self.defaults.items() if name not in given)]
        lines = "".join(sent)
        if lines.count("\r") != len(sent) or lines.count("\n") != len(sent) or "\0" in lines:
            raise ValueError("a header holds a line break or another character that cannot be sent")
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        head = f"{method} {self.path} HTTP/1.1\r\nHost: {self.host}\r\n{lines}{length}\r\n"
        return head.encode() + (body or b"")


def parsed(url: str) -> URL:
    """Return a URL that can be called. Raises NeedsPerson, telling no secrets."""
    try:
        found = URL(url)
        if found.scheme not in ("http", "https") or not found.raw_host:
            raise ValueError("it begins with http:// or https:// and a name")
    except ValueError as error:
        raise NeedsPerson(f"{shown(url)} is no address that can be called: {error}") from None
    return found


def shown(url: str) -> str:
    """Return a URL without the parts that may hold secrets."""
    return NOT_SHOWN.sub("", url)
