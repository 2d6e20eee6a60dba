"""Who may read the metrics: whoever has the token, and the networks that the operator named."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

SCHEME = "Bearer "
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def may_read_metrics(request: HttpRequest) -> bool:
    """Return whether this request carries the token, or comes from a network that needs none."""
    return _has_token(request.headers.get("Authorization", "")) or _is_from_a_named_network(request)


def _has_token(header: str) -> bool:
    token: str = settings.METRICS_TOKEN
    return bool(token) and header.startswith(SCHEME) and constant_time_compare(header.removeprefix(SCHEME), token)


def _is_from_a_named_network(request: HttpRequest) -> bool:
    """A proxy on this machine that nobody told us of must not make the whole world look like this machine."""
    if not settings.BEHIND_PROXY and any(name in request.headers for name in FORWARDING):
        return False
    address = _address(request.META.get("REMOTE_ADDR", ""))
    return address is not None and any(address in network for network in settings.METRICS_FROM)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:  # a socket of the file system has none
        return None
    return getattr(address, "ipv4_mapped", None) or address
