"""What a call that brought no answer, or half of one, comes to: sentences without anything that the caller sent."""

import errno
import socket
import ssl

from experiments.addresses import ForbiddenAddress
from runs.exchange import CallFailed, NeedsPerson

CONNECT_S = 10.0


def not_connected(error: OSError, host: str, port: int) -> CallFailed | NeedsPerson:
    """Return why no connection came about: nothing was sent."""
    if isinstance(error, ForbiddenAddress):
        return NeedsPerson(str(error))
    return CallFailed("provider_error", _step_failed(error, host, port), is_unreachable=True, was_sent=False)


def no_answer(error: Exception | None) -> CallFailed:
    """Return why the connection ended before an answer began."""
    sentence = "the connection was closed before an answer came"
    if isinstance(error, OSError) and error.errno not in (None, errno.ECONNRESET, errno.EPIPE):
        sentence = f"the connection failed: {error.strerror}"
    return CallFailed("provider_error", sentence, is_unreachable=True)


def not_http() -> CallFailed:
    """Return that something else than HTTP came back."""
    return CallFailed("invalid_output", "what answered does not speak HTTP")


def cut_short(reason: str, status: int) -> CallFailed:
    """Return that an answer began and did not end."""
    return CallFailed("invalid_output", f"the answer was cut short: {reason}", status=status)


def too_large(limit: int, status: int) -> CallFailed:
    """Return that an answer has more bytes than are taken."""
    return CallFailed("invalid_output", f"the answer is larger than {limit // 1024 // 1024} MiB", status=status)


def _step_failed(error: OSError, host: str, port: int) -> str:
    """Return a sentence that says which step on the way to a connection failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS: the certificate was not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: the handshake failed: {(error.reason or 'no reason given').replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return f"DNS: the name {host} was not found"
    if isinstance(error, TimeoutError):
        return f"no connection came about within {CONNECT_S:g} s"
    if error.errno == errno.ECONNREFUSED:
        return f"the connection to {host}:{port} was refused"
    return f"the connection to {host}:{port} failed: {error.strerror or error}"
