"""Where the simulator of this site is: kept beside the data by whoever serves it, unless settings name one."""

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

ANSWER_S = 0.3


@dataclass(frozen=True, slots=True)
class SimulatorAddress:
    """How to call a simulator."""

    url: str
    """Its base URL, with /v1."""
    key: str = field(repr=False)


def read_address() -> SimulatorAddress | None:
    """Return the address that settings name, else the announced one; None: there is none."""
    if settings.SIMULATOR_URL:
        return SimulatorAddress(settings.SIMULATOR_URL, settings.SIMULATOR_KEY)
    with suppress(OSError, ValueError, KeyError, TypeError):
        values = json.loads(_file().read_text(encoding="utf-8"))
        return SimulatorAddress(str(values["url"]), str(values["key"]))
    return None


def announce(address: SimulatorAddress) -> None:
    """Keep the address beside the data, readable by this user alone."""
    partial = _file().with_suffix(f".{os.getpid()}")
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(address), file)
    partial.replace(_file())


def withdraw(address: SimulatorAddress) -> None:
    """Forget the address, unless another simulator has announced its own since."""
    if read_address() == address:
        _file().unlink(missing_ok=True)


def answers(address: SimulatorAddress | None) -> bool:
    """Return whether somebody listens at the address."""
    if address is None:
        return False
    parts = urlsplit(address.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with suppress(OSError), socket.create_connection((parts.hostname or "", port), timeout=ANSWER_S):
        return True
    return False


def _file() -> Path:
    return Path(settings.DATA_DIR) / "simulator.json"
