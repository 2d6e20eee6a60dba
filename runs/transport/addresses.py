"""Which addresses calls may go to: names are resolved here, and what they lead to is looked at."""

import asyncio
import ipaddress
import socket
from typing import Any

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressInfo = tuple[int, int, int, str, Any]
"""One entry of `getaddrinfo`."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")
METADATA = {ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")}


class ForbiddenAddress(OSError):
    """An address that no call may go to."""


class Resolver:
    """Resolves names and refuses the addresses that no call may go to. Many who ask at once share one look-up."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._asked: dict[tuple[str, int], asyncio.Task[list[AddressInfo]]] = {}

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return the addresses of a name, or of an address as text. Raises socket.gaierror and ForbiddenAddress."""
        found = await self._found(host, port)
        if _address_in(host) is None:  # one written as a number was looked at with its URL
            for info in found:
                refuse_forbidden(info[4][0], allow_private=self._allow_private)
        return found

    async def _found(self, host: str, port: int) -> list[AddressInfo]:
        asked = (host, port)
        if asked not in self._asked:
            task = asyncio.ensure_future(look_up(host, port))
            self._asked[asked] = task
            task.add_done_callback(lambda _: self._asked.pop(asked, None))
        return await asyncio.shield(self._asked[asked])


async def look_up(host: str, port: int) -> list[AddressInfo]:
    """Return what the system's resolver knows of a name. Raises socket.gaierror."""
    try:
        return list(await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except UnicodeError:  # a part of the name is too long
        raise socket.gaierror(socket.EAI_NONAME, "no name") from None


def refuse_forbidden(host: str, *, allow_private: bool) -> None:
    """Raise ForbiddenAddress for link-local and metadata addresses, and for private ones unless they are allowed."""
    address = _address_in(host)
    if address is None:
        return
    address = _reached_by(address)
    if address.is_link_local or address in METADATA:
        raise ForbiddenAddress(f"{host} is a link-local or metadata address: no provider may be there")
    if not allow_private and not address.is_global:
        raise ForbiddenAddress(f"{host} is a private address: EVALSITE_PRIVATE_PROVIDERS=0 forbids it")


def _address_in(host: str) -> IPAddress | None:
    """Return the address that is written as a number; None: it is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _reached_by(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    embedded = ipaddress.IPv4Address(address.packed[-4:]) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or embedded or address
