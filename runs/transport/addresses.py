"""Which addresses calls may go to: names are resolved here, and what they lead to is looked at."""

import asyncio
import ipaddress
import socket
from typing import Any

from experiments.addresses import address_in, refuse_forbidden

AddressInfo = tuple[int, int, int, str, Any]
"""One entry of `getaddrinfo`."""


class Resolver:
    """Resolves names and refuses the addresses that no call may go to. Many who ask at once share one look-up."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._asked: dict[tuple[str, int], asyncio.Task[list[AddressInfo]]] = {}

    async def resolve(self, host: str, port: int) -> list[AddressInfo]:
        """Return the addresses of a name, or of an address as text. Raises socket.gaierror and ForbiddenAddress."""
        address = address_in(host)
        if address is not None and "%" not in host:  # it was looked at with its URL
            return [_info_of(address, port)]
        found = await self._found(host, port)
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


def _info_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> AddressInfo:
    """Return an address as `getaddrinfo` would, which asks a thread first."""
    if isinstance(address, ipaddress.IPv4Address):
        return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port))
    return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port, 0, 0))
