"""Where the site is to be reached: its socket, its address, the address kept beside the data."""

import errno
import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

ANSWER_S = 0.3
PATH_OF_LINK = "/sign-in/link/{token}/"
ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what people may have asked for
REASONS = {
    errno.EADDRINUSE: "is taken: stop what listens there, or choose another one, as in `PORT={next} make run`",
    errno.EACCES: "may not be opened by this user: choose one above 1023, as in `PORT=8000 make run`",
    errno.EADDRNOTAVAIL: "cannot be opened: this machine has no such address; HOST=127.0.0.1 is always there",
}


class AddressTaken(OSError):
    """The site cannot listen where it was told to; the text says why and what to do."""


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises AddressTaken with a sentence."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except socket.gaierror as error:
        raise AddressTaken(f"HOST {host!r} is unknown to this machine ({error.strerror}).") from error
    except OSError as error:
        reason = REASONS.get(error.errno or 0, f"cannot be opened: {error.strerror}")
        raise AddressTaken(f"Port {port} of {host} {reason.format(next=port + 1)}.") from error


def url_of(host: str, port: int) -> str:
    """Return the address that a person on this machine opens, without a slash at the end."""
    host = ANY_HOST.get(host, host)
    return settings.SITE_URL or f"http://{f'[{host}]' if ':' in host else host}:{port}"


def announce(url: str) -> None:
    """Keep the address beside the data, where commands find it."""
    partial = _file().with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps({"url": url}), encoding="utf-8")
    partial.replace(_file())


def withdraw() -> None:
    """Forget the address: the site ends."""
    _file().unlink(missing_ok=True)


def running_site() -> str | None:
    """Return the address of the site that serves this data; None: none answers there."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        url = str(json.loads(_file().read_text(encoding="utf-8"))["url"])
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=ANSWER_S):
            return url
    return None


def sign_in_address(token: str) -> str:
    """Return the whole address of a sign-in link."""
    site = running_site() or url_of("127.0.0.1", 8000)
    return site + PATH_OF_LINK.format(token=token)


def _file() -> Path:
    return Path(settings.DATA_DIR) / "site.json"
