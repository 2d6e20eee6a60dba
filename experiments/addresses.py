"""Addresses that no call may go to: link-local and metadata ones, and private ones where they are forbidden."""

import ipaddress
import socket

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")
METADATA = {ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")}
METADATA_NAMES = {"metadata", "metadata.google.internal"}


class ForbiddenAddress(OSError):
    """An address that no call may go to."""


def refuse_forbidden(host: str, *, allow_private: bool) -> None:
    """Raise ForbiddenAddress for link-local and metadata addresses, and for private ones unless they are allowed."""
    address = address_in(host)
    if host.lower().rstrip(".") in METADATA_NAMES or (address and (address.is_link_local or address in METADATA)):
        raise ForbiddenAddress(f"{host} is a link-local or metadata address: no provider may be there")
    if not allow_private and address and not address.is_global:
        raise ForbiddenAddress(f"{host} is a private address: EVALSITE_PRIVATE_PROVIDERS=0 forbids it")


def address_in(host: str) -> IPAddress | None:
    """Return the address that a host is written as, also as one number as resolvers take it; None: it is a name."""
    try:
        return _reached_by(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def _reached_by(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    embedded = ipaddress.IPv4Address(address.packed[-4:]) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or embedded or address
