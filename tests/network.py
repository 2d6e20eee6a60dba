"""No test reaches beyond this machine: sockets connect to loopback and unix addresses only."""

import ipaddress
import socket
from typing import Any

LOCAL_NAMES = ("localhost", "")


class NetworkBlocked(RuntimeError):
    """A test tried to reach another machine."""


def is_local(host: object) -> bool:
    """Return whether a host is this machine: a loopback address, its name, or none at all."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def block() -> None:
    """Make every later attempt to look up or to reach another machine raise NetworkBlocked.

    Names under `.invalid` answer as a name server would: no such host.
    """
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(self, address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if not is_local(host) and not _is_address(host):
            raise NetworkBlocked(f"A test looked up {host!r}; tests stay on this machine.")
        return look_up(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_look_up


def _check(sock: socket.socket, address: Any) -> None:
    if sock.family != socket.AF_UNIX and not is_local(address[0]):
        raise NetworkBlocked(f"A test connected to {address!r}; tests stay on this machine.")


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True
