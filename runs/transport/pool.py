"""Connections to servers: made when none is free, kept for a while after use."""

import asyncio
import ssl
import time
from collections import defaultdict
from typing import NamedTuple

from aiohappyeyeballs import start_connection

from runs.transport.addresses import Resolver
from runs.transport.connection import Connection
from runs.transport.failures import CONNECT_S, not_connected

KEPT_S = 15.0
NEXT_ADDRESS_S = 0.25
CLOSING_S = 1.0


class Origin(NamedTuple):
    """A server as a URL names it."""

    is_tls: bool
    host: str
    port: int


class Pool:
    """The connections of one event loop. There is no limit: who calls has one already."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._tls: ssl.SSLContext | None = None
        self._all: set[Connection] = set()
        self._free: defaultdict[Origin, list[tuple[Connection, float]]] = defaultdict(list)

    async def take(self, origin: Origin) -> Connection:
        """Return a connection on which nothing is; the one used last, else a new one. Raises CallFailed."""
        free = self._free[origin]
        while free:
            connection, since_s = free.pop()
            if connection.is_open and time.monotonic() - since_s <= KEPT_S:
                return connection
            connection.hang_up()
        return await self._connected(origin)

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection whose exchange is over, without what came on it; hang up where it is not."""
        connection.forget()
        if connection.is_free:
            self._free[origin].append((connection, time.monotonic()))
        else:
            connection.hang_up()

    async def close(self) -> None:
        """End all connections."""
        for connection in self._all:
            connection.hang_up()
        if self._all:
            await asyncio.wait([connection.gone for connection in self._all], timeout=CLOSING_S)

    async def _connected(self, origin: Origin) -> Connection:
        """Return a new connection. Raises CallFailed, or NeedsPerson for an address that no call may go to."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                addresses = await self._resolver.resolve(origin.host, origin.port)
                socket = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_S, interleave=1, loop=loop)
                tls, name = (self._tls_context(), origin.host) if origin.is_tls else (None, None)
                _, connection = await loop.create_connection(
                    lambda: Connection(self._all.discard), sock=socket, ssl=tls, server_hostname=name
                )
        except OSError as error:
            raise not_connected(error, origin.host, origin.port) from None
        self._all.add(connection)
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        """Return what certificates are checked with; made at the first use, since reading the system's takes long."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls
